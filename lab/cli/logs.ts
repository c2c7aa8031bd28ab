import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { LinodeAccess } from "../daemon/protocol";
import { LabError } from "../machines/errors";
import { ask } from "./control";
import { passThrough } from "./passThrough";
import { becomeRoot } from "./privileges";
import { runningLab } from "./running";

/** `linode-lab logs NODE` */
export function defineLogs(program: Command): void {
  program
    .command("logs")
    .description("show what a Linode wrote on its console")
    .argument("<node>", "its label")
    .option("-f, --follow", "go on as more is written")
    .option("-n, --lines <number>", "the last so many lines", "200")
    .action(async (node: string, options: { follow?: boolean; lines: string }) => {
      if (!/^\d+$/.test(options.lines)) throw new LabError(`--lines ${options.lines} is not a number.`);
      const { paths } = runningLab(program.opts<{ lab?: string }>().lab);
      becomeRoot();
      const access = await ask<LinodeAccess>(paths, "GET", `/linodes/${encodeURIComponent(node)}`);
      if (!existsSync(access.console)) {
        throw new LabError(`${access.label} has not written anything: it was never booted.`, {
          hint: "Boot it through the API.",
        });
      }
      // -F: the file is emptied when it is full, and begun again when the Linode is.
      const follow = options.follow === true ? ["-F"] : [];
      process.exitCode = await passThrough(["tail", "-n", options.lines, ...follow, access.console], process.env);
    });
}
