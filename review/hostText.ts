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

const HEAD = /^# linode-ha step (\S+): role (\S+)\n# node (.+?), machine (.*)\n/;
const OPENING = 'cat >"$new/';
const DOCUMENT = /^cat >"\$new\/(\S+)" <<'(end-[0-9a-f]{12})'$/;

/** Undefined where the text is not one of the product's steps. */
export function readHostText(text: unknown): HostText | undefined {
  if (typeof text !== "string") return undefined;
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [start, step = "", role = "", node = "", machine = ""] = head;
  const files: Record<string, string> = {};
  const programs: Record<string, string> = {};
  const frame: string[] = [];
  let variables = "";
  let manifest = "";
  // From document to document: a text has tens of kilobytes, and a preview hundreds of texts.
  let at = start.length;
  for (;;) {
    const opening = text.startsWith(OPENING, at) ? at : text.indexOf(`\n${OPENING}`, at) + 1;
    if (opening === 0) break;
    const endOfLine = text.indexOf("\n", opening);
    const [, name = "", mark = ""] = DOCUMENT.exec(text.slice(opening, endOfLine)) ?? [];
    const end = mark === "" ? -1 : text.indexOf(`\n${mark}\n`, endOfLine);
    if (end === -1) return undefined;
    const body = text.slice(endOfLine + 1, Math.max(endOfLine + 1, end));
    const between = text.slice(at, opening);
    const path = /(?:^|\n)# (\/\S+)\n$/.exec(between)?.[1];
    if (name.startsWith("files/") && path !== undefined) {
      files[path] = body;
      frame.push(between.slice(0, between.length - path.length - 3));
    } else {
      frame.push(between);
      if (name === "variables") variables = body;
      else if (name === "files.list") manifest = body;
      else programs[name] = body;
    }
    at = end + mark.length + 2;
  }
  frame.push(text.slice(at));
  return {
    step,
    role,
    node,
    machine,
    variables: readVariables(variables),
    files,
    manifest: readManifest(manifest),
    programs,
    frame: frame.join(""),
  };
}

/**
 * Copies of a text's parts that do not keep the whole of it in memory. The programs of a role are the same on every node: each is kept
 * once.
 */
export function compacted({ programs, frame, ...text }: HostText, known: Map<string, string>): HostText {
  const once = (part: string): string => {
    const found = known.get(part);
    if (found !== undefined) return found;
    const own = Buffer.from(part).toString();
    known.set(own, own);
    return own;
  };
  // Through JSON, which copies: a slice of a text holds on to all of it.
  const small = JSON.parse(JSON.stringify(text)) as typeof text;
  const own = Object.fromEntries(Object.entries(programs).map(([name, program]) => [once(name), once(program)]));
  return { ...small, programs: own, frame: once(frame) };
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
