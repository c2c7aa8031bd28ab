import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../engine/layout";
import { LabError } from "../machines/errors";

/** The compiled daemon of this installation. */
export function daemonProgram(): string {
  const file = join(packageRoot(), "dist", "lab", "daemon.js");
  if (existsSync(file)) return file;
  throw new LabError(`The lab is not compiled: ${file} is missing.`, { hint: "Run `npm run build` first." });
}

/** Tells one build of the lab from another: a daemon of an older one is started anew. */
export function codeStamp(): string {
  let newest = 0;
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(".js")) newest = Math.max(newest, statSync(path).mtimeMs);
    }
  };
  const lab = join(packageRoot(), "dist", "lab");
  for (const part of ["api", "daemon", "machines", "metadata", "network"]) {
    if (existsSync(join(lab, part))) walk(join(lab, part));
  }
  return `${packageRoot()} ${Math.round(Math.max(newest, statSync(daemonProgram()).mtimeMs))}`;
}
