import { existsSync } from "fs";
import { join } from "path";

import { EngineError } from "./errors";
import { packageRoot } from "./layout";

/** A program that runs a compiled file of this package, for the engine to start. */
export function launcherText(compiled: string, ...args: readonly string[]): string {
  const main = join(packageRoot(), "dist", "lab", "engine", ...compiled.split("/"));
  if (!existsSync(main)) {
    throw new EngineError(`the lab's plugins are not compiled: ${main} is missing`, "Run 'npm run build' first.");
  }
  const quote = (text: string) => `'${text.replace(/'/g, `'\\''`)}'`;
  return [
    "#!/bin/sh",
    `node=${quote(process.execPath)}`,
    `[ -x "$node" ] || node=node`,
    `exec "$node" ${[main, ...args].map(quote).join(" ")} "$@"`,
    "",
  ].join("\n");
}
