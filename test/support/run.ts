import { spawn } from "node:child_process";

/** What a command did. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Seconds after which the command and its children are killed and the call fails. Default 600. */
  readonly seconds?: number;
  /** Gets the process group's id, for tests that kill it. */
  readonly onStart?: (processGroup: number) => void;
  /** Gets each piece of output when it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command to its end, whatever its exit code is. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const seconds = options.seconds ?? 600;
  return new Promise((resolve, reject) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own, so that a timeout or a test can end the children too.
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => {
      killGroup(child.pid);
      reject(
        new Error(`not done within ${seconds} s: ${command.join(" ")}\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`),
      );
    }, seconds * 1000);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("utf8");
      options.onOutput?.(chunk.toString("utf8"));
    });
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? (signal === null ? 1 : 128), stdout, stderr });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    if (child.pid !== undefined) {
      options.onStart?.(child.pid);
    }
  });
}

/** Runs a command that must succeed, and returns its standard output. */
export async function runOk(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.code !== 0) {
    throw new Error(
      `exit code ${result.code}: ${command.join(" ")}\n${result.stdout.slice(-6000)}\n${result.stderr.slice(-6000)}`,
    );
  }
  return result.stdout;
}

/** SIGKILL for a whole process group, as a power cut of the machine that runs Pulumi would. */
export function killGroup(processGroup: number | undefined): void {
  if (processGroup === undefined) {
    return;
  }
  try {
    process.kill(-processGroup, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/** Waits until a condition holds; says what it waited for when it does not. */
export async function until(
  what: string,
  seconds: number,
  condition: () => Promise<boolean>,
  everyMs = 1000,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await condition()) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
