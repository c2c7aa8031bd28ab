import { appendFileSync, copyFileSync, renameSync, statSync, truncateSync } from "node:fs";

const LIMIT = 2 * 2 ** 20;

/** The daemon's own log: a line an event, two files of at most 2 MiB. Nothing secret goes in. */
export function createLog(file: string, limit = LIMIT): (line: string) => void {
  return (line) => {
    appendFileSync(file, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
    if (statSync(file).size <= limit) return;
    // Copied and emptied, not renamed: the process's own standard error goes on in the same file.
    copyFileSync(file, `${file}.1.new`);
    renameSync(`${file}.1.new`, `${file}.1`);
    truncateSync(file, 0);
  };
}
