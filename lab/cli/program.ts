import { Command } from "commander";
import { defineDown } from "./down";
import { defineEnv } from "./env";
import { defineExec } from "./exec";
import { defineFault } from "./fault";
import { defineForward } from "./forward";
import { defineLogs } from "./logs";
import { defineMail } from "./mail";
import { defineSsh } from "./ssh";
import { defineStatus } from "./status";
import { defineUp } from "./up";

/** The `linode-lab` command. One file a subcommand. */
export function program(): Command {
  const command = new Command("linode-lab")
    .description("A Linode region on this machine: the API, real hosts behind it, and faults on demand.")
    .option("--lab <name>", "which lab (default: LINODE_LAB, else `default`)")
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(linode-lab --help lists what there is)");
  for (const define of [
    defineUp,
    defineDown,
    defineStatus,
    defineSsh,
    defineExec,
    defineEnv,
    defineLogs,
    defineMail,
    defineForward,
    defineFault,
  ]) {
    define(command);
  }
  inheritExit(command);
  return command;
}

/** Subcommands report wrong usage as the command itself does. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    inheritExit(child);
  }
}
