/**
 * The text that sets a role up on a host, taken apart again: which step on which node, its variables, and the files it puts there. The
 * layout is that of the product's own steps; any other text is not one.
 */
export interface HostText {
  readonly step: string;
  readonly role: string;
  readonly node: string;
  /** Changes when another machine takes the node's name. */
  readonly machine: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What comes to stand on the host, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Mode, owner and secret of each. */
  readonly manifest: Readonly<Record<string, string>>;
  /** The role's own program and the libraries it uses, by name. */
  readonly programs: Readonly<Record<string, string>>;
  /** Everything else: how the step brings itself to the host. */
  readonly frame: string;
}

const HEAD = /^# linode-ha step (\S+): role (\S+)$/;
const PLACE = /^# node (.+?), machine (.*)$/;
const DOCUMENT = /^cat >"\$new\/(\S+)" <<'(end-[0-9a-f]{12})'$/;

/** Undefined where the text is not one of the product's steps. */
export function readHostText(text: unknown): HostText | undefined {
  if (typeof text !== "string") return undefined;
  const lines = text.split("\n");
  const head = HEAD.exec(lines[0] ?? "");
  const place = PLACE.exec(lines[1] ?? "");
  if (head === null || place === null) return undefined;
  const files: Record<string, string> = {};
  const programs: Record<string, string> = {};
  const frame: string[] = [];
  let variables = "";
  let manifest = "";
  for (let at = 2; at < lines.length; at += 1) {
    const opening = DOCUMENT.exec(lines[at] ?? "");
    if (opening === null) {
      frame.push(lines[at] ?? "");
      continue;
    }
    const [, name = "", mark = ""] = opening;
    const end = lines.indexOf(mark, at + 1);
    if (end === -1) return undefined;
    const body = lines.slice(at + 1, end).join("\n");
    const path = /^# (\/\S+)$/.exec(frame.at(-1) ?? "")?.[1];
    if (name === "variables") variables = body;
    else if (name === "files.list") manifest = body;
    else if (name.startsWith("files/") && path !== undefined) {
      files[path] = body;
      frame.pop();
    } else programs[name] = body;
    at = end;
  }
  return {
    step: head[1] ?? "",
    role: head[2] ?? "",
    node: place[1] ?? "",
    machine: place[2] ?? "",
    variables: readVariables(variables),
    files,
    manifest: readManifest(manifest),
    programs,
    frame: frame.join("\n"),
  };
}

/** `NAME='value'`, where a value may go over several lines. */
function readVariables(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/^([A-Z][A-Z0-9_]*)=((?:'[^']*'|\\')*)$/gm);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, unquoted(value)]));
}

const unquoted = (value: string): string =>
  value.replace(/'([^']*)'|\\(')/g, (_, plain?: string, quote?: string) => plain ?? quote ?? "");

/** `MODE OWNER SECRET INDEX PATH`: the index is no matter of the host's. */
function readManifest(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(/^(\S+) (\S+) (\S+) \d+ (\S+)$/gm);
  return Object.fromEntries(
    [...found].map(([, mode, owner, secret, path = ""]) => [path, `${mode} ${owner} ${secret}`]),
  );
}

/** Something of a step's text that differs. */
export interface HostChange {
  readonly kind: "file" | "variable" | "program" | "machine" | "frame";
  /** A file's path, a variable's or a program's name. */
  readonly name: string;
  readonly old?: string;
  readonly new?: string;
}

/** What differs between two texts of one step, in a stable order. */
export function hostChanges(old: HostText, now: HostText): readonly HostChange[] {
  const each = (
    kind: HostChange["kind"],
    one: Readonly<Record<string, string>>,
    other: Readonly<Record<string, string>>,
  ) =>
    [...new Set([...Object.keys(one), ...Object.keys(other)])]
      .filter((name) => one[name] !== other[name])
      .sort()
      .map((name): HostChange => ({ kind, name, old: one[name], new: other[name] }));
  const files = each("file", old.files, now.files);
  const modes = each("file", old.manifest, now.manifest).filter(
    ({ name }) => !files.some((file) => file.name === name),
  );
  return [
    ...(old.machine === now.machine
      ? []
      : [{ kind: "machine" as const, name: "machine", old: old.machine, new: now.machine }]),
    ...files,
    ...modes,
    ...each("variable", old.variables, now.variables),
    ...each("program", old.programs, now.programs),
    ...(old.frame === now.frame ? [] : [{ kind: "frame" as const, name: "the step's own frame" }]),
  ];
}
