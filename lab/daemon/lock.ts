import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "../machines/errors";
import { lives, startTimeOf, type ProcessIdentity } from "../machines/process";

/**
 * Does one thing at a time for a lab, across processes. The file holds who is at work; one that is gone, or whose number belongs to
 * another process by now, is not waited for.
 */
export async function withLabLock<T>(
  file: string,
  options: { readonly timeoutMs: number; readonly waiting: (pid: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let told = false;
  for (;;) {
    const holder = take(file);
    if (holder === undefined) break;
    if (holder !== "stale") {
      if (!told) options.waiting(holder.pid);
      told = true;
      if (Date.now() > deadline) {
        throw new LabError(`Process ${holder.pid} has been at work on this lab for too long (${file}).`, {
          hint: `Wait for it, or end it with \`kill ${holder.pid}\`, and try again.`,
        });
      }
      await delay(100);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): ProcessIdentity | "stale" | undefined {
  const self: ProcessIdentity = { pid: process.pid, startTime: startTimeOf(process.pid) ?? "" };
  try {
    writeFileSync(file, JSON.stringify(self), { flag: "wx", mode: 0o600 });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = holderOf(file);
  if (holder !== undefined && lives(holder)) return holder;
  rmSync(file, { force: true });
  return "stale";
}

function holderOf(file: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<ProcessIdentity> | null;
    return typeof holder?.pid === "number" ? (holder as ProcessIdentity) : undefined;
  } catch {
    return undefined;
  }
}
