/** One builder at a time, also across processes. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "fs";
import { dirname } from "path";

import { EngineError } from "./errors";

const POLL_MS = 500;

/** Runs `work` while this process alone holds the file `path`. A lock whose owner is dead is taken over. */
export async function withLock<T>(
  path: string,
  options: { timeoutMs: number; progress: (line: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + options.timeoutMs;
  for (let said = 0; !take(path);) {
    const owner = ownerOf(path);
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new EngineError(
        `another process (${owner ?? "unknown"}) has held ${path} for too long`,
        `Wait for it to end, or end it, and try again.`,
      );
    }
    if (Date.now() - said > 5000) {
      options.progress(`waiting for process ${owner ?? "?"}, which is installing the engine`);
      said = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
