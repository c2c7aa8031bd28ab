import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What the kernel has room for in a Unix socket's address. */
const LIMIT = 107;

/** A name for a socket that the kernel accepts however deep its folder is, and how to let go of it. */
export function socketPath(path: string): { readonly path: string; readonly release: () => void } {
  if (Buffer.byteLength(path) <= LIMIT) return { path, release: () => undefined };
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: join("/proc/self/fd", String(folder), basename(path)), release: () => closeSync(folder) };
}
