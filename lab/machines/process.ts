import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "./errors";
import { run } from "./run";

/** A process that can be told from any later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The process's start, in clock ticks since the machine's boot. */
  readonly startTime: string;
}

/** Reads when a process started; undefined when it is gone or dead and only waits to be collected. */
export function startTimeOf(pid: number): string | undefined {
  try {
    // The command name may hold spaces and parentheses: fields count from the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether this very process still runs. */
export const lives = ({ pid, startTime }: ProcessIdentity): boolean => startTimeOf(pid) === startTime;

/** Whether it is the guest that we think it is: `umid=` on its command line. */
export function isGuest({ pid }: ProcessIdentity, umid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(`umid=${umid}`);
  } catch {
    return false;
  }
}

/** The first line of a boot on the console log. */
export const POWER_ON = "linode-lab: power on";

/** Starts a guest that outlives us, in a session and a process group of its own, inside a network namespace. */
export function launch(
  namespace: string,
  command: readonly string[],
  log: string,
  memoryFolder: string,
): ProcessIdentity {
  const output = openSync(log, "a", 0o600);
  try {
    // Where one boot ends and the next begins, before the new kernel says its first word.
    writeSync(output, `${POWER_ON}\n`);
    const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, ...command], {
      detached: true,
      stdio: ["ignore", output, output],
      // Nothing of our environment is the guest's business; its memory is an unlinked file in this folder.
      env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/nonexistent", TMPDIR: memoryFolder },
    });
    child.on("error", () => undefined);
    child.unref();
    const { pid } = child;
    const startTime = pid === undefined ? undefined : startTimeOf(pid);
    if (pid === undefined || startTime === undefined) {
      throw new LabError("User-Mode Linux could not be started.", {
        hint: "`linode-lab up` brings what it needs; or install the packages util-linux and user-mode-linux.",
      });
    }
    return { pid, startTime };
  } finally {
    closeSync(output);
  }
}

/** The processes of a group that are not dead: a guest's kernel, its I/O threads and one for each of its own processes. */
export function groupMembers(group: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(fields[2]) === group && fields[0] !== "Z" && fields[0] !== "X";
      } catch {
        return false;
      }
    });
}

/** Ends a guest and all its processes at once, and waits until its files are closed. */
export async function killGroup(identity: ProcessIdentity, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const ours = lives(identity);
  for (;;) {
    const members = groupMembers(identity.pid);
    if (members.length === 0) return;
    // A group whose leader is another process by now is not ours; children of a dead leader keep the group's number taken.
    if (!ours && startTimeOf(identity.pid) !== undefined) return;
    try {
      process.kill(-identity.pid, "SIGKILL");
    } catch {
      // It ended between the look and the signal.
    }
    if (Date.now() > deadline) {
      throw new LabError(`The processes ${members.join(", ")} of a local Linode do not end.`, {
        hint: "They hang in the kernel of this machine: look at `dmesg`.",
      });
    }
    await delay(20);
  }
}

/** Asks a guest's kernel something through its management console. The answer, or an error with what it said. */
export async function mconsole(
  namespace: string,
  socket: string,
  command: string,
  timeoutMs = 10_000,
): Promise<string> {
  // The socket's client must be in the guest's namespace: its answers find no way out of it.
  const args = [`--net=/run/netns/${namespace}`, "uml_mconsole", socket, ...command.split(" ")];
  const { code, stdout } = await run("nsenter", args, {
    timeoutMs,
    okCodes: Array.from({ length: 256 }, (_, code) => code),
  });
  const answer = stdout.trim();
  if (code === 0 && answer.startsWith("OK")) return answer.slice(2).trim();
  throw new LabError(`The guest's kernel refused \`${command}\`.`, { detail: answer.replace(/^ERR\s*/, "") });
}
