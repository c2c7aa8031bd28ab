import { createHash } from "crypto";
import * as fs from "fs";
import { asset } from "./assets";
import type { HostFile, HostRole, StepIdentity } from "./contract";
import { secretPlaceholder } from "./contract";

/** Where steps, their secrets and their memory live on a host; root only. */
export const hostFolder = "/var/lib/linode-ha";

/** Linux takes no single argument of more than 128 KiB; the rest is room for the login shell's own. */
export const maxStepBytes = 120 * 1024;

const commonLibraries = ["core", "files", "packages", "units"] as const;

/** Quoted for a POSIX shell. */
export function shellQuote(value: string): string {
  return `'${value.replace(/'/g, `'\\''`)}'`;
}

/**
 * The one text that a remote command runs to apply a role: it puts the role on the host, so that an operator can run it again by
 * hand, takes the secrets from standard input and applies it. Written for any POSIX login shell, deterministic, and laid out so
 * that a changed value is a changed line in a preview.
 */
export function renderStep<P, R>(role: HostRole<P, R>, params: P, identity: StepIdentity): string {
  checkIdentity(identity);
  const files = Object.entries(role.files(params)).sort(([a], [b]) => (a < b ? -1 : 1));
  files.forEach(([path, file]) => checkFile(role, path, file));
  const { step } = identity;
  const text = [
    `# linode-ha step ${step}: role ${role.name}`,
    `# node ${identity.node}, machine ${identity.machine}`,
    "set -eu",
    "umask 077",
    ...opening(step),
    document(step, "variables", renderVariables(role, params, identity)),
    document(step, "files.list", files.map(([path, file], i) => manifestLine(path, file, i)).join("")),
    ...files.map(([path, file], i) => document(step, `files/${i}`, file.content, path)),
    document(step, "role.sh", fs.readFileSync(role.script, "utf8")),
    ...[...commonLibraries, ...(role.libraries ?? [])].map((name) =>
      document(step, `lib/${name}.sh`, asset(`lib/${name}.sh`)),
    ),
    document(step, "linode-ha-step", asset("lib/linode-ha-step.sh")),
    ...closing(step, role.secrets),
    "",
  ].join("\n");
  const bytes = Buffer.byteLength(text);
  if (bytes > maxStepBytes) {
    throw new Error(
      `step "${step}" on ${identity.node} is ${bytes} bytes long; a command can carry ${maxStepBytes}: split the role`,
    );
  }
  return text;
}

/** The text that undoes a step: the role's own `remove`, then the step's folder. Succeeds where nothing is left to remove. */
export function renderRemoval<P, R>(role: HostRole<P, R>, step: string): string {
  checkIdentity({ step, node: "any", machine: "any" });
  return [
    `# linode-ha step ${step}: remove role ${role.name}`,
    "set -eu",
    `step=${hostFolder}/steps/${step}`,
    `if [ ! -e "$step/role.sh" ]; then`,
    `  printf '%s\\n' '{"changed":false,"changes":[]}'`,
    "  exit 0",
    "fi",
    `bash "$step/linode-ha-step" ${step} remove </dev/null`,
    `rm -rf "$step" "${hostFolder}/secrets/${step}"`,
    "",
  ].join("\n");
}

function opening(step: string): string[] {
  return [
    `base=${hostFolder}`,
    `mkdir -p "$base/steps" "$base/secrets" "$base/state" "$base/locks"`,
    `chmod 0700 "$base"`,
    `exec 9>"$base/locks/${step}"`,
    "if ! flock -n 9; then",
    `  echo 'another run of step ${step} is still at work on this host: waiting up to 15 minutes for it' >&2`,
    "  flock -w 900 9 || {",
    `    echo 'error: another run of step ${step} did not end within 15 minutes: look at it with ps, then run this again' >&2`,
    "    exit 12",
    "  }",
    "fi",
    `new="$base/steps/.${step}.new"`,
    `rm -rf "$new"`,
    `mkdir -p "$new/lib" "$new/files"`,
  ];
}

function closing(step: string, secrets: readonly string[]): string[] {
  return [
    ...(secrets.length === 0 ? [] : readSecrets(step, secrets)),
    `rm -rf "$base/steps/${step}"`,
    `mv "$new" "$base/steps/${step}"`,
    `exec bash "$base/steps/${step}/role.sh" apply </dev/null`,
  ];
}

/** `printf` and `read` are built in, so that no value is ever an argument or in the environment of a process. */
function readSecrets(step: string, secrets: readonly string[]): string[] {
  return [
    `secrets="$base/secrets/${step}"`,
    `mkdir -p "$secrets"`,
    "while IFS= read -r line; do",
    `  case "$line" in`,
    ...secrets.map((name) => `    ${name}=?*) name=${name} ;;`),
    "    *) continue ;;",
    "  esac",
    `  printf '%s' "\${line#*=}" | base64 -d >"$secrets/.$name.new"`,
    `  mv "$secrets/.$name.new" "$secrets/$name"`,
    "done",
    "unset line",
    `for name in ${secrets.join(" ")}; do`,
    `  if [ ! -s "$secrets/$name" ]; then`,
    `    echo "error: secret $name is missing: give it on standard input as NAME=base64" >&2`,
    "    exit 2",
    "  fi",
    "done",
  ];
}

function renderVariables<P, R>(role: HostRole<P, R>, params: P, identity: StepIdentity): string {
  const own = role.variables(params);
  const packages = (role.packagesFor?.(params) ?? role.packages).join(" ");
  const all: Record<string, string> = { STEP: identity.step, NODE: identity.node, PACKAGES: packages, ...own };
  return Object.keys(all)
    .sort()
    .map((name) => {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name))
        throw new Error(`role "${role.name}": "${name}" is no variable name in capitals`);
      const value = all[name] ?? "";
      if (value.includes("\0")) throw new Error(`role "${role.name}": variable ${name} has a NUL byte`);
      return `${name}=${shellQuote(value)}\n`;
    })
    .join("");
}

function manifestLine(path: string, file: HostFile, index: number): string {
  return `${file.mode} ${file.owner ?? "root:root"} ${file.secret ?? "-"} ${index} ${path}\n`;
}

/** A here-document whose end mark depends on its place, not its content, so that a changed line is the only changed line. */
function document(step: string, name: string, content: string, shownAs?: string): string {
  let mark: string;
  let round = 0;
  const lines = content.split("\n");
  do {
    const hash = createHash("sha256")
      .update(`${step}\n${name}\n${shownAs ?? ""}\n${round++}`)
      .digest("hex");
    mark = `end-${hash.slice(0, 12)}`;
  } while (lines.includes(mark));
  const heading = shownAs === undefined ? [] : [`# ${shownAs}`];
  const body = content === "" ? [] : [content.replace(/\n$/, "")];
  return [...heading, `cat >"$new/${name}" <<'${mark}'`, ...body, mark].join("\n");
}

function checkIdentity({ step, node, machine }: StepIdentity): void {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(step)) {
    throw new Error(`step "${step}": a step's name has lower case letters, digits and dashes, for example "drbd-www"`);
  }
  if (/[\n\r\0]/.test(node + machine)) throw new Error(`step "${step}": node and machine are one line each`);
}

function checkFile<P, R>(role: HostRole<P, R>, path: string, file: HostFile): void {
  const where = `role "${role.name}", file ${path}`;
  if (!/^(\/[A-Za-z0-9._@+:\\-]+)+$/.test(path)) throw new Error(`${where}: not an absolute path without spaces`);
  if (!/^0[0-7]{3,4}$/.test(file.mode))
    throw new Error(`${where}: mode "${file.mode}" is not octal, for example "0644"`);
  if (file.owner !== undefined && !/^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$/.test(file.owner)) {
    throw new Error(`${where}: owner "${file.owner}" is not user or user:group`);
  }
  if (!file.content.endsWith("\n")) throw new Error(`${where}: the text must end with a newline`);
  if (file.content.includes("\0")) throw new Error(`${where}: the text has a NUL byte`);
  if (file.secret === undefined) return;
  if (!role.secrets.includes(file.secret)) throw new Error(`${where}: secret "${file.secret}" is not among the role's`);
  if (!file.content.includes(secretPlaceholder(file.secret)))
    throw new Error(`${where}: no place for secret "${file.secret}"`);
  if (/[0-7]$/.exec(file.mode)?.[0] !== "0") throw new Error(`${where}: it holds a secret, so nobody else may read it`);
}
