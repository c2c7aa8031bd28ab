import type { Command } from "commander";
import { labEnvironment } from "./environment";
import { EXIT } from "./exit";
import { failWith } from "./failWith";
import { asUser, becomeRoot } from "./privileges";
import { afterDashes, inLab, passThrough } from "./passThrough";
import { runningLab } from "./running";

/** `linode-lab exec -- CMD…` */
export function defineExec(program: Command): void {
  program
    .command("exec")
    .description("run a command inside the lab's network, with the environment of `env`; its exit code is passed on")
    .argument("<command...>", "after `--`")
    .passThroughOptions()
    .action((command: string[]) =>
      failWith(EXIT.exec, async () => {
        const { paths, cache, record } = runningLab(program.opts<{ lab?: string }>().lab);
        becomeRoot();
        const env = { ...process.env, ...labEnvironment(paths, cache, record) };
        process.exitCode = await passThrough(
          inLab(paths.namespace, asUser(afterDashes(command), process.env, process.getuid?.())),
          env,
        );
      }),
    );
}
