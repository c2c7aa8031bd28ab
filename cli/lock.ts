import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../components/internal/errors";
import { runPulumi, stackFlags, type PulumiTarget } from "./pulumiCli";

/** A lock as Pulumi's file backend writes it. */
interface LockFile {
  readonly pid: number;
  readonly hostname: string;
  readonly timestamp: string;
}

function isAlive(pid: number): boolean {
  try {
    // A killed process that its parent has not collected yet answers signals but runs no more.
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function locksIn(folder: string): string[] {
  return fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".json"))
        .map((name) => path.join(folder, name))
    : [];
}

/**
 * Releases the lock that a killed update left behind.
 *
 * With Pulumi's file backend the lock names its process: one that still runs is never robbed. Another backend decides
 * for itself whether an update is under way.
 *
 * @returns whether there was a lock to release.
 */
export async function releaseDeadLock(target: PulumiTarget, backend: string, project: string): Promise<boolean> {
  if (!backend.startsWith("file://")) {
    return false;
  }
  const folder = path.join(backend.slice("file://".length), ".pulumi", "locks", "organization", project, target.stack ?? "");
  const locks = locksIn(folder);
  for (const file of locks) {
    const lock = JSON.parse(fs.readFileSync(file, "utf8")) as LockFile;
    if (lock.hostname !== os.hostname() || isAlive(lock.pid)) {
      throw new UserError("An update of this stack is still running", [
        {
          path: file,
          what: `process ${lock.pid} on ${lock.hostname} has held it since ${lock.timestamp}`,
          todo: "let it end, or stop it yourself and run this again",
        },
      ]);
    }
  }
  if (locks.length > 0) {
    await runPulumi(["cancel", "--yes", ...stackFlags(target)]);
  }
  return locks.length > 0;
}
