import type { Command } from "commander";
import { FAULTS, faultName } from "../daemon/faults";
import type { ActiveFault, LabStatus } from "../daemon/protocol";
import { ask } from "./control";
import { runningLab } from "./running";

const TIMEOUT_MS = 60_000;

/** `linode-lab fault …`: one subcommand a fault, as its file describes it. */
export function defineFault(program: Command): void {
  const group = program.command("fault").description("make something go wrong, or right again");
  const lab = (): string | undefined => program.opts<{ lab?: string }>().lab;
  for (const fault of FAULTS) {
    const command = group.command(fault.usage).description(fault.summary);
    for (const { flags, help } of fault.options ?? []) command.option(flags, help);
    command.action(async () => {
      const { paths } = runningLab(lab());
      const body = { args: command.args, options: command.opts() };
      const said = await ask<string>(paths, "POST", `/faults/${faultName(fault)}`, { body, timeoutMs: TIMEOUT_MS });
      process.stdout.write(`${said}\n`);
    });
  }
  group
    .command("list")
    .description("show the faults at work")
    .option("--json", "for programs")
    .action(async (options: { json?: boolean }) => {
      const { faults } = await ask<LabStatus>(runningLab(lab()).paths, "GET", "/status");
      process.stdout.write(options.json === true ? `${JSON.stringify(faults, undefined, 2)}\n` : listed(faults));
    });
}

const listed = (faults: readonly ActiveFault[]): string =>
  faults.length === 0 ? "no faults\n" : faults.map(({ text }) => `${text}\n`).join("");
