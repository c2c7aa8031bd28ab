import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { POWER_ON } from "../machines/process";
import type { LabPaths } from "../paths";
import { giveToUser } from "./record";

/** The line that a guest writes on its console when its SSH server starts, for each of its keys. */
const REPORT = /linode-lab: host key ((?:ssh-|ecdsa-)\S+ [A-Za-z0-9+/=]+)/g;
/** Where a guest starts, by our hand or by its own: what stands before is of an earlier start. */
const STARTS = [POWER_ON, "Linux version "];

/**
 * The keys that a guest reported on its console since it started, the newest report of each kind; undefined when the console does not
 * go back that far. Pure.
 */
export function reportedKeys(consoleText: string): readonly string[] | undefined {
  const since = Math.max(...STARTS.map((start) => consoleText.lastIndexOf(start)));
  const keys = new Map<string, string>();
  for (const [, key = ""] of consoleText.slice(Math.max(since, 0)).matchAll(REPORT)) {
    keys.set(key.split(" ")[0] ?? "", key);
  }
  return since < 0 && keys.size === 0 ? undefined : [...keys.values()].sort();
}

/** A known_hosts file, from keys by Linode. Pure. */
export const renderKnownHosts = (keys: ReadonlyMap<number, readonly string[]>): string =>
  [...keys].flatMap(([id, own]) => own.map((key) => `${alias(id)} ${key}\n`)).join("");

const alias = (id: number): string => `linode-${id}`;

/**
 * Knows the host keys of the lab's guests. They come over the console, which nothing but the guest itself can write on: a way beside
 * the network, as an operator of the platform has it.
 */
export class HostKeys {
  constructor(private readonly paths: LabPaths) {}

  /**
   * The name of a Linode's keys in the known_hosts file, which is brought up to date; undefined while the guest's SSH server has not
   * started since the guest did.
   */
  alias(id: number, consoleLog: string, others: readonly number[]): string | undefined {
    const keys = reportedKeys(read(`${consoleLog}.1`) + read(consoleLog));
    if (keys?.length === 0) return undefined;
    // Kept, since a console log is bounded and a guest that runs for long may have written over its report.
    if (keys !== undefined) this.write(this.file(id), `${keys.join("\n")}\n`);
    const known = new Map(others.map((each) => [each, read(this.file(each)).split("\n").filter(Boolean)]));
    if ((known.get(id) ?? []).length === 0) return undefined;
    this.write(this.paths.knownHosts, renderKnownHosts(known));
    return alias(id);
  }

  private file(id: number): string {
    mkdirSync(this.paths.hostKeys, { recursive: true, mode: 0o700 });
    return join(this.paths.hostKeys, String(id));
  }

  private write(file: string, text: string): void {
    if (existsSync(file) && readFileSync(file, "utf8") === text) return;
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    giveToUser(`${file}.new`);
    renameSync(`${file}.new`, file);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
