import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ApiToken } from "../api/options";
import { lives, type ProcessIdentity } from "../machines/process";
import type { LabPaths } from "../paths";

/** What is known of a lab beside its Linodes: written by `up`, read by every command. Holds the token: 0600. */
export interface LabRecord {
  readonly port: number;
  readonly token: string;
  /** What the nodes themselves may use to fence each other: `linodes:read_write`, nothing else. */
  readonly fencingToken: string;
  /** What the nodes themselves may use to answer for names: `domains:read_write`, nothing else. */
  readonly dnsToken: string;
  /** The images that can be deployed, by their name in the API, with the file of each. */
  readonly images: Readonly<Record<string, string>>;
  /** The packages that guests may install, when they were chosen with `--packages`. */
  readonly packages?: readonly string[];
  /** The daemon. Absent after `down`. */
  readonly process?: ProcessIdentity;
  /** Which build of the package the daemon runs; another one makes `up` start it anew. */
  readonly stamp?: string;
}

/** Where the API of this lab is. */
export const apiUrl = (record: Pick<LabRecord, "port">): string => `http://127.0.0.1:${record.port}`;

/** Who may use the API of this lab, and for what. */
export const tokensOf = ({
  token,
  fencingToken,
  dnsToken,
}: Pick<LabRecord, "token" | "fencingToken" | "dnsToken">): readonly ApiToken[] => [
  { token, scopes: "*", username: "operator" },
  { token: fencingToken, scopes: "linodes:read_write", username: "operator" },
  { token: dnsToken, scopes: "domains:read_write", username: "operator" },
];

/** The lab's record; undefined when there never was such a lab, or what is written there is of no use. */
export function readRecord(paths: LabPaths): LabRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(paths.daemonFile, "utf8")) as Partial<LabRecord>;
    const whole =
      typeof record.port === "number" && typeof record.token === "string" && typeof record.images === "object";
    return whole ? (record as LabRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the record whole or not at all. */
export function writeRecord(paths: LabPaths, record: LabRecord): void {
  makeFolder(paths.state);
  const draft = `${paths.daemonFile}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  giveToUser(draft);
  renameSync(draft, paths.daemonFile);
}

/** Whether this very daemon still runs: a number that another process has by now is not believed. */
export function daemonLives(record: LabRecord | undefined): boolean {
  return record?.process !== undefined && lives(record.process);
}

/** Makes a private folder that belongs to the user, as do those above it that had to be made, also when sudo is at work. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    giveToUser(folder);
    if (folder === first) return;
  }
}

/** The user behind sudo; undefined when there is none. */
export function userBehindSudo(
  env: NodeJS.ProcessEnv = process.env,
): { readonly uid: number; readonly gid: number } | undefined {
  const [uid, gid] = [Number(env.SUDO_UID), Number(env.SUDO_GID)];
  return process.getuid?.() === 0 && uid > 0 && Number.isInteger(gid) ? { uid, gid } : undefined;
}

/** Files that the user reads without sudo belong to the user. */
export function giveToUser(path: string): void {
  const user = userBehindSudo();
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}
