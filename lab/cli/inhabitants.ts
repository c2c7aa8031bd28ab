import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "../machines/errors";
import { run } from "../machines/run";

const GRACE_MS = 3_000;
const KILLED_MS = 5_000;

/** A Pulumi command that is at work inside a lab's network. */
export interface RunningUpdate {
  readonly pid: number;
  /** For example `pulumi up`: not the rest, which may hold a value that is nobody else's to see. */
  readonly command: string;
}

/** The Pulumi commands that run inside a lab's network: whoever stops the lab under them leaves half an update. */
export async function updatesIn(namespace: string): Promise<RunningUpdate[]> {
  return (await pidsIn(namespace)).flatMap((pid) => {
    try {
      const [program = "", verb = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
      return basename(program) === "pulumi" ? [{ pid, command: `pulumi ${verb.split("=")[0] ?? ""}`.trim() }] : [];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

async function pidsIn(namespace: string): Promise<number[]> {
  // 1: there is no such namespace.
  const { stdout } = await run("ip", ["netns", "pids", namespace], { okCodes: [0, 1] });
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** Ends the programs that still run inside a lab's network (`linode-lab exec`), but not those that run us. */
export async function endInhabitants(namespace: string): Promise<void> {
  const ours = ancestors();
  const inside = async (): Promise<number[]> => (await pidsIn(namespace)).filter((pid) => !ours.has(pid));
  await signalUntilGone(inside, "SIGTERM", GRACE_MS);
  const left = await signalUntilGone(inside, "SIGKILL", KILLED_MS);
  if (left.length > 0) {
    throw new LabError(`The processes ${left.join(", ")} in the lab's network do not end.`, {
      hint: "They hang in the kernel of this machine: look at `dmesg`.",
    });
  }
}

async function signalUntilGone(
  inside: () => Promise<number[]>,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<number[]> {
  const deadline = Date.now() + timeoutMs;
  let left = await inside();
  for (const pid of left) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
  while (left.length > 0 && Date.now() < deadline) {
    await delay(50);
    left = await inside();
  }
  return left;
}

function ancestors(): ReadonlySet<number> {
  const pids = new Set<number>();
  for (let pid = process.pid; pid > 1 && !pids.has(pid);) {
    pids.add(pid);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    pid = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return pids;
}
