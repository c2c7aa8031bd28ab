import { setTimeout as delay } from "node:timers/promises";
import type { LabRecord } from "../daemon/record";
import { lives, type ProcessIdentity } from "../machines/process";
import type { LabPaths } from "../paths";
import { ask } from "./control";

const ASKED_MS = 20_000;

/** Ends a lab's daemon; its hosts run on. One that does not answer is killed: what it knows is on the disk. */
export async function endDaemon(paths: LabPaths, record: LabRecord, say: (line: string) => void): Promise<void> {
  const { process: identity } = record;
  if (identity === undefined || !lives(identity)) return;
  say("ending the daemon, to start it anew");
  await ask(paths, "POST", "/restart", { timeoutMs: ASKED_MS }).catch(() => undefined);
  await gone(identity, ASKED_MS, say);
}

/** Waits for a process's end, and kills it when it takes too long. */
export async function gone(identity: ProcessIdentity, timeoutMs: number, say: (line: string) => void): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (lives(identity)) {
    if (Date.now() > deadline) {
      say(`process ${identity.pid} does not end by itself: killing it`);
      process.kill(identity.pid, "SIGKILL");
      return;
    }
    await delay(25);
  }
}
