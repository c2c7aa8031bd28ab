import type { Command } from "commander";
import { ensureAuthority } from "../engine/authority";
import { EngineError, ensureEngine, ensurePlugins } from "../engine/install";
import { authorityProgram, cachePaths, labName, labPaths, type CachePaths } from "../paths";
import { option } from "./control";
import { endChildrenWithUs } from "./children";
import { platformUp, type PlatformOptions } from "./platform";
import { sudoUp } from "./privileges";
import { parsePort } from "./port";
import { Progress } from "./progress";

interface UpOptions {
  readonly image: readonly string[];
  readonly packages?: string;
  readonly port?: string;
  readonly only?: string;
}

/** `linode-lab up` */
export function defineUp(program: Command): void {
  program
    .command("up")
    .description("start the lab, and build before what it needs: the Pulumi engine and the images")
    .option(
      "--image <name>",
      "make this image available too: linode/debian12, or private/13 to private/15 of the account's own (repeatable)",
      collect,
      [],
    )
    .option("--packages <file>", "what guests may install with apt-get: a JSON list of Debian packages, or one a line")
    .option(
      "--port <number>",
      "the API's port on 127.0.0.1 (default: the one it had, or the first free one from 14320)",
    )
    .option("--only <part>", "`engine`, or `platform` (all but the engine)")
    .action((options: UpOptions) => up(program.opts<{ lab?: string }>().lab, options));
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

async function up(lab: string | undefined, options: UpOptions): Promise<void> {
  const paths = labPaths(labName(lab));
  const cache = cachePaths();
  const wanted: PlatformOptions = {
    images: options.image,
    packages: options.packages,
    port: options.port === undefined ? undefined : parsePort(options.port),
  };
  const progress = new Progress();
  endChildrenWithUs();
  try {
    const isRoot = process.getuid?.() === 0;
    const parts: Promise<string | undefined>[] = [];
    if (options.only !== "engine") {
      // The engine is the user's own: only the platform needs root.
      parts.push(isRoot ? platformUp(paths, cache, wanted, progress) : sudoUp(paths.name));
    }
    if (options.only !== "platform") parts.push(engineUp(cache, progress));
    const [said] = await allOrFirstError(parts, progress);
    if (said !== undefined) process.stdout.write(`${said}\n`);
    if (options.only === undefined) process.stdout.write(nextSteps(paths.name));
  } finally {
    progress.close();
  }
}

async function engineUp(cache: CachePaths, progress: Progress): Promise<undefined> {
  const say = progress.topic("engine");
  const engine = await ensureEngine({ cacheDir: cache.root, pulumiHome: cache.pulumiHome, progress: say });
  await ensurePlugins({ pulumiHome: cache.pulumiHome, progress: say });
  await authorityUp(cache, progress);
  progress.done(
    "engine",
    engine.source === "present" ? undefined : `Pulumi ${engine.version} ${engine.source} in ${engine.seconds} s`,
  );
}

/** A lab without it is a lab all the same: only certificates have to wait. */
async function authorityUp(cache: CachePaths, progress: Progress): Promise<void> {
  try {
    const say = progress.topic("certificates");
    await ensureAuthority({ cacheDir: cache.root, program: authorityProgram(cache), progress: say });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    progress.done("certificates", `none will be issued: ${error.message}`);
  }
}

/** Lets what goes on beside a failure come to its end: builds that are cut off leave work for the next time. */
async function allOrFirstError<T>(parts: readonly Promise<T>[], progress: Progress): Promise<T[]> {
  for (const part of parts) {
    part.catch((error: unknown) => progress.done("failed", String(error).split("\n")[0]));
  }
  const settled = await Promise.allSettled(parts);
  const failure = settled.find((each) => each.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return settled.map((each) => (each as PromiseFulfilledResult<T>).value);
}

const nextSteps = (name: string): string =>
  [
    "Next:",
    `  linode-lab${option(name)} exec -- CMD     run a program against it`,
    `  eval "$(linode-lab${option(name)} env)"   the same for this shell's API clients`,
    `  linode-lab${option(name)} status`,
    "",
  ].join("\n");
