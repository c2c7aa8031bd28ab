import { z } from "zod";

/** A path on a host, from the root on. */
export type AbsolutePath = `/${string}`;

/** One file that a role puts on a host. */
export interface HostFile {
  /** The whole text; ends with a newline. */
  readonly content: string;
  /** Octal, for example `"0644"`. */
  readonly mode: string;
  /** `user` or `user:group`; default `root:root`. */
  readonly owner?: string;
  /** Name of a secret whose placeholder ({@link secretPlaceholder}) the host fills in. Such a file is never shown to others. */
  readonly secret?: string;
}

/** What every role's script says at its end; roles add fields of their own. */
export const baseResult = z.object({
  /** Whether this run changed anything on the host. */
  changed: z.boolean(),
  /** What it changed, in the order of doing; empty when nothing was. */
  changes: z.array(z.string()),
});

/** The fields that every role's result has. */
export type BaseResult = z.infer<typeof baseResult>;

/**
 * What a role turns typed values into, and what its script answers. Pure: the same values give the same text.
 * @typeParam P the values it needs
 * @typeParam R what the last line of its script's standard output says
 */
export interface HostRole<P, R> {
  /** Its folder under `hosts/`. */
  readonly name: string;
  /** Every Debian package that it may install, so that an image can carry them all. */
  readonly packages: readonly string[];
  /** The packages these values need; default all of {@link packages}. */
  packagesFor?(params: P): readonly string[];
  /** Path of its `role.sh` in this package. */
  readonly script: string;
  /** Shell libraries beside the common ones, by name in `hosts/lib`. */
  readonly libraries?: readonly string[];
  /** The files it puts on the host. */
  files(params: P): Readonly<Record<AbsolutePath, HostFile>>;
  /** What its script reads as shell variables. Never a secret. */
  variables(params: P): Readonly<Record<string, string>>;
  /** Names of the secrets that must come on the step's standard input. */
  readonly secrets: readonly string[];
  /** The shape of the result. */
  readonly result: z.ZodType<R>;
}

/** Which step on which machine a text is for. */
export interface StepIdentity {
  /** Unique on its host, for example `drbd-www`. Lower case letters, digits and dashes. */
  readonly step: string;
  /** The host's name. */
  readonly node: string;
  /** Changes when another machine takes that name, so that the step runs again there. */
  readonly machine: string;
}

/** The exit codes of every role, so that a caller can tell a refusal from an accident. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  drift: 3,
  refused: 10,
  unsafe: 11,
  timedOut: 12,
} as const;

/** The text in a file that the host replaces by the secret's value. */
export function secretPlaceholder(name: string): string {
  return `{{secret:${name}}}`;
}

/** The standard input of a step: one `NAME=base64` line a secret. The text is a secret itself. */
export function renderSecrets(
  role: { readonly secrets: readonly string[] },
  values: Readonly<Record<string, string>>,
): string {
  return role.secrets
    .map((name) => {
      const value = values[name];
      if (value === undefined || value === "") throw new Error(`secret "${name}" has no value`);
      return `${name}=${Buffer.from(value, "utf8").toString("base64")}\n`;
    })
    .join("");
}

/** The result in a step's standard output: its last line that is not empty, checked against the role's shape. */
export function parseResult<R>(role: { readonly name: string; readonly result: z.ZodType<R> }, stdout: string): R {
  const last = stdout.trimEnd().split("\n").pop() ?? "";
  let value: unknown;
  try {
    value = JSON.parse(last);
  } catch {
    throw new Error(`role "${role.name}" ended without a result: its last line is not JSON`);
  }
  return role.result.parse(value);
}
