import { execFile } from "node:child_process";
import { tmpdir } from "node:os";

/** A resource as it is now, before the update. */
export interface OldResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly retainOnDelete?: boolean;
}

const MOST_BYTES = 400 * 2 ** 20;

/** A stack's full name, which the CLI understands in any folder. A backend that knows no organizations calls its own `organization`. */
export function stackOf(urn: string, environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const [, stack = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(urn) ?? [];
  const organization = environment["PULUMI_NODEJS_ORGANIZATION"];
  return [organization === undefined || organization === "" ? "organization" : organization, project, stack].join("/");
}

/**
 * The stack as the engine last recorded it, by URN. A policy is told what will be and not what was, so the pack asks. Secrets stay
 * encrypted.
 *
 * @throws Error where the state cannot be read: nothing could be said of the update then.
 */
export async function readOldState(stack: string): Promise<ReadonlyMap<string, OldResource>> {
  const text = await new Promise<string>((resolve, reject) => {
    const args = ["stack", "export", "--stack", stack, "--non-interactive"];
    // Where no project is, so that none is taken for the stack's.
    execFile("pulumi", args, { maxBuffer: MOST_BYTES, cwd: tmpdir() }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`the state of stack ${stack} cannot be read: ${stderr.trim().split("\n").at(-1) ?? error.message}`),
        );
    });
  });
  const { deployment } = JSON.parse(text) as {
    deployment?: {
      resources?: (Partial<OldResource> & Pick<OldResource, "urn" | "type" | "custom"> & { delete?: boolean })[];
    } | null;
  };
  const resources = (deployment?.resources ?? []).filter((each) => each.delete !== true);
  return new Map(
    resources.map((each) => [each.urn, { ...each, inputs: each.inputs ?? {}, outputs: each.outputs ?? {} }]),
  );
}
