import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../components/internal/errors";

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

/** The folder of a file backend, or undefined for any other: that one keeps its own house. */
function fileBackendFolder(backend: string): string | undefined {
  return backend.startsWith("file://")
    ? path.join(new URL(backend).pathname.replace(/^\/~/, os.homedir()), ".pulumi")
    : undefined;
}

/**
 * The locks that killed updates left behind.
 *
 * With Pulumi's file backend a lock names its process: one that still runs is never robbed. Another backend decides for
 * itself whether an update is under way.
 *
 * @throws UserError while an update is running
 */
export function deadLocks(backend: string, project: string, stack: string): string[] {
  const folder = fileBackendFolder(backend);
  const locks = folder === undefined ? [] : locksIn(path.join(folder, "locks", "organization", project, stack));
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
  return locks;
}

/**
 * Mends the files of a stack whose writer was killed between two of them: an empty companion file makes Pulumi refuse
 * the whole stack, and a state that breaks off is replaced by the one before it.
 *
 * @returns what was mended, for the user to read.
 */
export function mendStackFiles(backend: string, project: string, stack: string): string[] {
  const folder = fileBackendFolder(backend);
  const state = folder === undefined ? "" : path.join(folder, "stacks", project, `${stack}.json`);
  if (!fs.existsSync(state)) {
    return [];
  }
  const mended: string[] = [];
  for (const attributes of [`${state}.attrs`, `${state}.bak.attrs`]) {
    // They hold a checksum and a content type that nothing needs; Pulumi writes them anew.
    if (fs.existsSync(attributes) && fs.statSync(attributes).size === 0) {
      fs.rmSync(attributes);
      mended.push(`removed ${attributes}, whose writing was cut short`);
    }
  }
  if (!isJson(state) && isJson(`${state}.bak`)) {
    fs.copyFileSync(state, `${state}.broken`);
    fs.copyFileSync(`${state}.bak`, `${state}.mended`);
    fs.renameSync(`${state}.mended`, state);
    mended.push(`took ${state}.bak for the state, whose writing was cut short (kept as ${state}.broken)`);
  }
  return mended;
}

function isJson(file: string): boolean {
  try {
    JSON.parse(fs.readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
