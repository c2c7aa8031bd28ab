import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lives, type ProcessIdentity } from "../machines/process";
import type { LabPaths } from "../paths";

/** Whether a Linode's process is stopped: asked of the kernel, so that it is true whoever stopped it. */
export function isFrozen(paths: LabPaths, id: number): boolean {
  try {
    const record = readFileSync(join(paths.machines, String(id), "machine.json"), "utf8");
    const { process: identity } = JSON.parse(record) as { process: ProcessIdentity };
    const stat = readFileSync(`/proc/${identity.pid}/stat`, "latin1");
    return lives(identity) && stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  } catch {
    return false;
  }
}
