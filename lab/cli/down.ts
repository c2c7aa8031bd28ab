import { existsSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { withLabLock } from "../daemon/lock";
import { stopAll, SHUTDOWN_SECONDS } from "../daemon/operations";
import { hostsOf } from "../daemon/hosts";
import { daemonLives, readRecord, writeRecord, type LabRecord } from "../daemon/record";
import { removeNamespace } from "../network/namespace";
import { cachePaths, labName, labPaths, type CachePaths, type LabPaths } from "../paths";
import { ask } from "./control";
import { LabError } from "../machines/errors";
import { endInhabitants, updatesIn } from "./inhabitants";
import { gone } from "./endDaemon";
import { becomeRoot } from "./privileges";
import { Progress } from "./progress";

interface DownOptions {
  readonly purge?: boolean;
  readonly cache?: boolean;
  readonly force?: boolean;
}

const DOWN_MS = (SHUTDOWN_SECONDS + 90) * 1000;

/** `linode-lab down` */
export function defineDown(program: Command): void {
  program
    .command("down")
    .description("shut the Linodes down and stop the lab; the next `up` boots those that were running")
    .option("--purge", "delete the lab: nothing of it remains")
    .option("--cache", "with --purge: delete the images and the engine too, which all labs share")
    .option("--force", "also under a Pulumi command that is at work in the lab")
    .action(async (options: DownOptions) => {
      becomeRoot();
      const paths = labPaths(labName(program.opts<{ lab?: string }>().lab));
      if (options.force !== true) await refuseUnderUpdate(paths);
      const progress = new Progress();
      try {
        await down(paths, options, progress);
        if (options.purge === true) purge(paths, options.cache === true ? cachePaths() : undefined);
        process.stdout.write(`The lab "${paths.name}" is ${options.purge === true ? "gone" : "down"}.\n`);
      } finally {
        progress.close();
      }
    });
}

/** The lab is its user's, not a checkout's: an update of another terminal may be at work. */
async function refuseUnderUpdate(paths: LabPaths): Promise<void> {
  const [update] = await updatesIn(paths.namespace);
  if (update === undefined) return;
  throw new LabError(`"${update.command}" (process ${update.pid}) is at work in the lab "${paths.name}".`, {
    hint: "Wait for its end, or stop it where it runs (^C). To stop the lab under it: add --force; `linode-ha resume` then puts the stack right.",
  });
}

async function down(paths: LabPaths, options: DownOptions, progress: Progress): Promise<void> {
  const stop = async (): Promise<void> => {
    const record = readRecord(paths);
    const say = progress.topic("lab");
    await endDaemon(paths, record, options, say);
    // Hosts outlive a daemon that died.
    if (existsSync(paths.machines)) {
      const machines = hostsOf(paths, record?.images ?? {});
      if (options.purge === true) for (const id of await machines.adopt()) await machines.kill(id);
      else await stopAll(machines, say);
      machines.close();
    }
    await endInhabitants(paths.namespace);
    await removeNamespace(paths.namespace);
    rmSync(paths.run, { recursive: true, force: true });
    rmSync(paths.controlSocket, { force: true });
    if (record !== undefined) writeRecord(paths, { ...record, process: undefined });
    progress.done("lab");
  };
  if (!existsSync(paths.state)) return stop();
  const waiting = (pid: number): void => progress.say("lab", `waiting for process ${pid}, which works on it`);
  await withLabLock(join(paths.state, "up.lock"), { timeoutMs: DOWN_MS, waiting }, stop);
}

async function endDaemon(
  paths: LabPaths,
  record: LabRecord | undefined,
  options: DownOptions,
  say: (line: string) => void,
): Promise<void> {
  const identity = record?.process;
  if (identity === undefined || !daemonLives(record)) return;
  // What is deleted anyway need not be shut down cleanly.
  if (options.purge === true) process.kill(identity.pid, "SIGKILL");
  else {
    say("stopping");
    const asked = ask(paths, "POST", "/down", { timeoutMs: DOWN_MS, progress: say });
    // A daemon that ends may not get its last word out; whether it ended is looked at below.
    await asked.catch((error: unknown) => (daemonLives(record) ? say(firstLine(error)) : undefined));
  }
  await gone(identity, 10_000, say);
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

function purge(paths: LabPaths, cache: CachePaths | undefined): void {
  rmSync(paths.state, { recursive: true, force: true });
  if (existsSync(paths.root) && readdirSync(paths.root).length === 0) rmdirSync(paths.root);
  if (cache !== undefined) rmSync(cache.root, { recursive: true, force: true });
}
