/** Puts a working Pulumi engine into the lab's own Pulumi home. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "fs";
import { dirname, join } from "path";

import { buildCli } from "./build";
import { downloadCli } from "./download";
import { EngineError } from "./errors";
import { launcherText } from "./launcher";
import { homeBin, versionBin } from "./layout";
import { withLock } from "./lock";
import { run } from "./process";
import { CLI_VERSION } from "./versions";

export { EngineError } from "./errors";
export { ensurePlugins } from "./plugins";
export type { EnsurePluginsOptions, PluginInfo, PluginMode } from "./plugins";

const LOCK_MS = 30 * 60_000;
const LANGUAGE_HOST = "pulumi-language-nodejs";

/** What {@link ensureEngine} needs. */
export interface EnsureEngineOptions {
  /** Folder for the lock and build logs. */
  readonly cacheDir: string;
  /** The lab's Pulumi home (`PULUMI_HOME`). */
  readonly pulumiHome: string;
  /** Called with one line at a time, at least every few seconds while something long happens. */
  readonly progress: (line: string) => void;
  /** `auto` fetches where it can and builds otherwise; the default is `LINODE_LAB_ENGINE` or `auto`. */
  readonly source?: "auto" | "build";
}

/** The engine that is ready to use. */
export interface EngineInfo {
  readonly version: string;
  /** The program to run. */
  readonly pulumi: string;
  /** The folder to put first in PATH. */
  readonly bin: string;
  /** How it came to be there in this call. */
  readonly source: "present" | "downloaded" | "built";
  readonly seconds: number;
}

/** Makes the command line and its Node.js language host exist, or says what to do. A second call only looks. */
export async function ensureEngine(options: EnsureEngineOptions): Promise<EngineInfo> {
  const started = Date.now();
  const bin = homeBin(options.pulumiHome);
  const done = (source: EngineInfo["source"]): EngineInfo => ({
    version: CLI_VERSION,
    pulumi: join(bin, "pulumi"),
    bin,
    source,
    seconds: Math.round((Date.now() - started) / 100) / 10,
  });
  if (await isReady(options.pulumiHome)) {
    refreshLanguageHost(options.pulumiHome);
    return done("present");
  }
  const lock = { timeoutMs: LOCK_MS, progress: options.progress };
  return withLock(join(options.cacheDir, "engine", "install.lock"), lock, async () => {
    // Whoever held the lock may have done it.
    if (await isReady(options.pulumiHome)) return done("present");
    return done(await install(options));
  });
}

async function install(options: EnsureEngineOptions): Promise<"downloaded" | "built"> {
  const target = versionBin(options.pulumiHome);
  mkdirSync(dirname(target), { recursive: true });
  // Beside the target: the rename that makes it visible then never crosses a file system.
  const temporary = mkdtempSync(`${target}.`);
  try {
    const wanted = options.source ?? (process.env.LINODE_LAB_ENGINE === "build" ? "build" : "auto");
    const downloaded = wanted === "auto" && (await downloadCli(temporary, options.progress));
    if (!downloaded) {
      await buildCli(temporary, join(options.cacheDir, "engine"), options.progress);
      writeLanguageHost(temporary);
    }
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
    link(target, homeBin(options.pulumiHome));
    const problem = await problemWith(options.pulumiHome);
    if (problem) throw new EngineError(`the new engine does not work: ${problem}`, `Remove ${target} and try again.`);
    return downloaded ? "downloaded" : "built";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOSPC" && code !== "EACCES" && code !== "EROFS") throw error;
    const what = code === "ENOSPC" ? "the disk is full" : "no permission to write";
    throw new EngineError(
      `${what}: ${options.pulumiHome}`,
      "Free some space or set LINODE_LAB_CACHE to another folder.",
    );
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The vendor's language host comes with a download only; beside a command line built here stands the lab's own. */
function writeLanguageHost(folder: string): void {
  const program = join(folder, LANGUAGE_HOST);
  writeFileSync(`${program}.new`, launcherText("languageHost/main.js"), { mode: 0o755 });
  renameSync(`${program}.new`, program);
}

/** The lab's own host is run from this package, which may have moved since. */
function refreshLanguageHost(pulumiHome: string): void {
  const program = join(versionBin(pulumiHome), LANGUAGE_HOST);
  const start = readFileSync(program).subarray(0, 2).toString();
  if (start === "#!" && readFileSync(program, "utf8") !== launcherText("languageHost/main.js")) {
    writeLanguageHost(versionBin(pulumiHome));
  }
}

/** `bin/` holds links: one copy of the programs serves both places that are looked in. */
function link(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const program of readdirSync(from)) {
    const temporary = join(to, `.${program}.${process.pid}`);
    rmSync(temporary, { force: true });
    symlinkSync(join(from, program), temporary);
    renameSync(temporary, join(to, program));
  }
}

const isReady = async (pulumiHome: string): Promise<boolean> => (await problemWith(pulumiHome)) === undefined;

async function problemWith(pulumiHome: string): Promise<string | undefined> {
  for (const folder of [homeBin(pulumiHome), versionBin(pulumiHome)]) {
    for (const program of ["pulumi", LANGUAGE_HOST]) {
      if (!existsSync(join(folder, program))) return `${join(folder, program)} is missing`;
    }
  }
  const env = { ...process.env, PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    const ended = await run(join(homeBin(pulumiHome), "pulumi"), ["version"], { env, timeoutMs: 30_000 });
    const said = ended.stdout.trim();
    return said === `v${CLI_VERSION}` ? undefined : `it answered '${said || ended.stderr.trim()}'`;
  } catch (error) {
    return (error as Error).message;
  }
}
