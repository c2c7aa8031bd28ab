import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { GuestlessStack, type Guestless } from "../guestless/guestless";
import { projectRoot } from "../lab";
import { BASE_SETTINGS, PROGRAMS, type Base, type Change } from "./changes";

const PREFIX = "linode-ha:";

/** The lab's configuration of a system, and what the changes need beside it; a program of the test's own has none. */
export function baseConfig(base: Base): Record<string, unknown> {
  if (PROGRAMS[base] !== undefined) return {};
  const file = base === "dual-primary" ? "Pulumi.lab.yaml" : `Pulumi.lab-${base}.yaml`;
  const { config } = parse(readFileSync(join(projectRoot, "stacks", file), "utf8")) as {
    config: Record<string, unknown>;
  };
  return withSettings(config, BASE_SETTINGS[base] ?? {});
}

/** A configuration with values set, or taken away, by path; `prefix` is that of its keys. */
export function withSettings(
  config: Readonly<Record<string, unknown>>,
  set: Readonly<Record<string, unknown>>,
  prefix = PREFIX,
): Record<string, unknown> {
  const changed = structuredClone(config) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) {
    const [top = "", ...rest] = path.split(".");
    const keys = [`${prefix}${top}`, ...rest];
    const last = keys.pop() ?? "";
    let at = changed;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    if (value === undefined) Reflect.deleteProperty(at, last);
    else at[last] = value;
  }
  return changed;
}

/** {@link baseConfig} as a project on lab hosts takes it: keys without the project's prefix. */
export const bareConfig = (base: Base): Record<string, unknown> =>
  Object.fromEntries(Object.entries(baseConfig(base)).map(([key, value]) => [key.replace(PREFIX, ""), value]));

/** A stack of each base, deployed once, from which changes are previewed. */
export class Previews {
  private readonly stacks = new Map<Base, Promise<GuestlessStack>>();

  constructor(private readonly account: () => Promise<Guestless>) {}

  /** The stack of a base, deployed. */
  stack(base: Base): Promise<GuestlessStack> {
    const found = this.stacks.get(base) ?? this.deploy(base);
    this.stacks.set(base, found);
    return found;
  }

  private async deploy(base: Base): Promise<GuestlessStack> {
    // An account each: names of Linodes are unique in one, and the bases' are the same.
    const stack = new GuestlessStack(
      await this.account(),
      base === "dual-primary" ? "lab" : `lab-${base}`,
      baseConfig(base),
    );
    const program = PROGRAMS[base];
    if (program !== undefined) stack.program(program);
    await stack.up();
    return stack;
  }

  /** What the engine says of a change; the stack is then configured as before. */
  async preview(change: Change, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const stack = await this.stack(change.base);
    const base = baseConfig(change.base);
    stack.configure(withSettings(base, change.set ?? {}));
    if (change.program !== undefined) stack.program(PROGRAMS[change.program]);
    try {
      const urns = await this.urnsOf(stack, change.replace ?? []);
      const { stdout } = await stack.pulumi(["preview", "--json", ...urns.flatMap((urn) => ["--replace", urn])], env);
      return stdout;
    } finally {
      stack.configure(base);
      stack.program(PROGRAMS[change.base]);
    }
  }

  private async urnsOf(stack: GuestlessStack, ends: readonly string[]): Promise<readonly string[]> {
    if (ends.length === 0) return [];
    const { deployment } = JSON.parse(await stack.pulumiOk(["stack", "export"])) as {
      deployment: { resources: { urn: string }[] };
    };
    return ends.map((end) => {
      const found = deployment.resources.filter(({ urn }) => urn.endsWith(end));
      if (found.length !== 1) throw new Error(`${found.length} resources end with "${end}"`);
      return found[0]?.urn ?? "";
    });
  }
}

/** What is of this machine or of this run, and means nothing to a review. */
const PRIVATE = new Set([
  "sourcePosition",
  "stackTrace",
  "created",
  "modified",
  "duration",
  "customTimeouts",
  "propertyDependencies",
  "dependencies",
]);

/** A preview as it is kept among the fixtures. */
export function kept(preview: string): string {
  const document = JSON.parse(preview) as { diagnostics?: { message?: string; severity?: string }[] };
  const cleaned = JSON.parse(
    JSON.stringify(document, (key, value: unknown) => (PRIVATE.has(key) ? undefined : value)),
  ) as typeof document;
  const diagnostics = cleaned.diagnostics?.filter(({ severity }) => severity !== "warning" && severity !== "info");
  return `${JSON.stringify({ ...cleaned, diagnostics }, undefined, 1)}\n`;
}
