import type { Command } from "commander";
import { exportLines, labEnvironment } from "./environment";
import { runningLab } from "./running";

/** `linode-lab env` */
export function defineEnv(program: Command): void {
  program
    .command("env")
    .description('print what programs need to use the lab: eval "$(linode-lab env)"')
    .option("--json", "as one JSON object")
    .action((options: { json?: boolean }) => {
      const { paths, cache, record } = runningLab(program.opts<{ lab?: string }>().lab);
      const values = labEnvironment(paths, cache, record);
      process.stdout.write(options.json === true ? `${JSON.stringify(values, undefined, 2)}\n` : exportLines(values));
    });
}
