import * as readline from "node:readline/promises";
import { InvalidArgumentError, type Command } from "commander";
import { UserError } from "../components/internal/errors";
import type { Node } from "./reach/nodes";

interface Shared {
  readonly stack?: string;
  readonly timeout: number;
}

type Say = (line: string) => void;

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 604_800) {
    throw new InvalidArgumentError("Whole seconds, 1 to 604800.");
  }
  return value;
}

/** Asks at the terminal; where there is none, nobody can say yes. */
function confirmer(wanted: string | undefined, yes: boolean): (question: string) => Promise<boolean> {
  return async (question) => {
    if (yes) return true;
    if (!process.stdin.isTTY) {
      throw new UserError("Nothing was changed", [
        {
          path: "confirmation",
          what: "there is no terminal to ask at",
          todo: "add --yes once the words above have been read",
        },
      ]);
    }
    const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
    try {
      const asked = wanted ?? "yes";
      return (await terminal.question(`${question}\nType "${asked}" to go on: `)).trim() === asked;
    } finally {
      terminal.close();
    }
  };
}

/**
 * The commands that change something on the nodes. `nodesOf` finds them in the stack's outputs. Each is loaded when it is called: a
 * command that reaches no node does not wait for SSH.
 */
export function addOperations(program: Command, nodesOf: (options: Shared) => Promise<Node[]>, say: Say): void {
  const operation = (command: Command, timeout: number): Command =>
    command
      .option("--stack <name>", "default: the stack that is selected")
      .option("--timeout <seconds>", "how long it may take", seconds, timeout);

  operation(program.command("switchover <group>"), 180)
    .description("move a group to the other node, as planned; refused where it could not serve there")
    .option("--to <node>", "default: the node where it does not run")
    .option("--together", "Heartbeat: also the groups that it cannot leave behind")
    .option("--probe <host:port>", "where a client looks; default: a listening port of the group's address")
    .action(async (group: string, options: Shared & { to?: string; together?: boolean; probe?: string }) => {
      const { to, together, probe, timeout } = options;
      const { switchover } = await import("./switchover");
      await switchover(await nodesOf(options), { group, to, together, probe, timeoutSeconds: timeout }, say);
    });

  operation(program.command("verify [volume]"), 86_400)
    .description("compare both sides of a volume block by block, in use; exit code 2 when they differ")
    .action(async (volume: string | undefined, options: Shared) => {
      const { verify } = await import("./verify");
      process.exitCode = await verify(await nodesOf(options), { volume, timeoutSeconds: options.timeout }, say);
    });

  const recovery = program.command("recover").description("what a person must decide");
  operation(recovery.command("split-brain <volume>"), 86_400)
    .description("end a split brain: keep one node's data, discard what the other wrote since the sides parted")
    .requiredOption("--keep <node>", "the node whose data stay")
    .option("--copy <file>", "keep an image of the discarded side in this file, here")
    .option("--yes", "do not ask")
    .action(async (volume: string, options: Shared & { keep: string; copy?: string; yes?: boolean }) => {
      const nodes = await nodesOf(options);
      const loser = nodes.find(({ name }) => name !== options.keep)?.name;
      const { keep, copy, timeout } = options;
      const confirm = confirmer(loser, options.yes === true);
      const { recover } = await import("./recover");
      await recover(nodes, { volume, keep, copy, confirm, timeoutSeconds: timeout }, say);
    });

  operation(program.command("standby <node>"), 300)
    .description("take all groups off a node, before work on it")
    .option("--off", "let it carry groups again")
    .action(async (node: string, options: Shared & { off?: boolean }) => {
      const { standby } = await import("./standby");
      await standby(await nodesOf(options), { node, off: options.off, timeoutSeconds: options.timeout }, say);
    });

  operation(program.command("maintenance"), 60)
    .description("tell the manager to watch, restart and move nothing")
    .option("--off", "let it look after everything again")
    .action(async (options: Shared & { off?: boolean }) => {
      const { maintenance } = await import("./maintenance");
      await maintenance(await nodesOf(options), { off: options.off, timeoutSeconds: options.timeout }, say);
    });
}
