import { spawn } from "node:child_process";
import { UserError } from "../components/internal/errors";

/** A resource as `pulumi stack export` shows it; only what these commands read. */
export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** An operation that had begun and whose end was never recorded. */
export interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: ExportedResource;
}

/** The state of a stack as the engine writes it; what is not named here is carried along. */
export interface Deployment {
  readonly resources?: readonly ExportedResource[];
  readonly pending_operations?: readonly PendingOperation[];
}

/** What `pulumi stack export` prints. */
export interface ExportedStack {
  readonly deployment: Deployment;
}

/** How the Pulumi CLI is called for one stack. */
export interface PulumiTarget {
  /** Default: the stack that is selected. */
  readonly stack?: string;
  /** Passed through to commands that read configuration. */
  readonly configFile?: string;
}

interface RunOptions {
  /** What the command reads. */
  readonly input?: string;
  /** Show the output while it comes, instead of collecting it. */
  readonly show?: boolean;
}

/** The Pulumi CLI is not installed. */
export const notThere = (todo: string): UserError =>
  new UserError("The Pulumi CLI cannot be started", [{ path: "PATH", what: '"pulumi" is not there', todo }]);

/** Runs `pulumi` with the current environment and returns its standard output. */
export function runPulumi(args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive"], {
      stdio: [
        options.input === undefined ? "ignore" : "pipe",
        options.show ? "inherit" : "pipe",
        options.show ? "inherit" : "pipe",
      ],
    });
    child.stdin?.end(options.input);
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", () => {
      reject(notThere("install it, or run this through `linode-lab exec --`"));
    });
    child.on("close", (code) => {
      if (code === 0) {
        resolve(stdout);
        return;
      }
      const said = stderr.trim().split("\n").slice(-5).join("\n    ");
      reject(
        new UserError(`pulumi ${args[0] ?? ""} failed`, [
          {
            path: `pulumi ${args.join(" ")}`,
            what: said || `exit code ${code ?? "none"}`,
            todo: "mend it, then run this again",
          },
        ]),
      );
    });
  });
}

/** The flags that choose a stack. */
export function stackFlags(target: PulumiTarget): string[] {
  return target.stack === undefined ? [] : ["--stack", target.stack];
}

/** The stack's state. Secrets stay encrypted. */
export async function exportStack(target: PulumiTarget): Promise<ExportedStack> {
  const stack = JSON.parse(await runPulumi(["stack", "export", ...stackFlags(target)])) as Partial<ExportedStack>;
  return { ...stack, deployment: stack.deployment ?? {} };
}

/** Writes the stack's state back. The engine checks it before it takes it. */
export async function importStack(target: PulumiTarget, stack: ExportedStack): Promise<void> {
  await runPulumi(["stack", "import", ...stackFlags(target)], { input: JSON.stringify(stack) });
}

/** The stack's outputs, secrets in the clear. */
export async function stackOutputs(target: PulumiTarget): Promise<Record<string, unknown>> {
  const text = await runPulumi(["stack", "output", "--json", "--show-secrets", ...stackFlags(target)]);
  return JSON.parse(text) as Record<string, unknown>;
}
