import { spawn } from "node:child_process";
import { LabError } from "./errors";

/** How {@link run} treats a command. */
export interface RunOptions {
  /** Ends the command after this time. Default: 60 s. */
  readonly timeoutMs?: number;
  /** Standard input. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each line of output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are an answer, not a failure. Default: 0 only. */
  readonly okCodes?: readonly number[];
}

/** What a command said. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Failure and time-out are {@link LabError}s that name the command and the end of what it said. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { timeoutMs = 60_000, okCodes = [0] } = options;
  return new Promise((resolve, reject) => {
    // A group of its own, so that a time-out also ends what the command started.
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    let rest = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {
          // It ended in this very moment.
        }
      }
    }, timeoutMs);
    const lines = (chunk: string): void => {
      if (options.onLine === undefined) return;
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) options.onLine(line);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      lines(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      lines(chunk);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        new LabError(
          error.code === "ENOENT"
            ? `The command ${command} is missing.`
            : `The command ${command} could not be started.`,
          { hint: "Run `make up` as root: it installs what the lab needs.", cause: error },
        ),
      );
    });
    // A command that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (!timedOut && code !== null && okCodes.includes(code)) {
        resolve({ code, stdout, stderr });
        return;
      }
      const why = timedOut ? `did not end within ${timeoutMs / 1000} s` : `failed (${signal ?? `exit ${code}`})`;
      const said = (stderr.trim() || stdout.trim()).split("\n").slice(-5).join("\n");
      reject(new LabError(`\`${[command, ...args.slice(0, 6)].join(" ")}\` ${why}.`, { detail: said }));
    });
  });
}
