/** Building the command line from its Go module, pinned in this package. */
import { mkdirSync, statfsSync, writeFileSync } from "fs";
import { homedir } from "os";
import { join } from "path";

import { EngineError } from "./errors";
import { packageRoot } from "./layout";
import { Ended, run } from "./process";
import { CLI_VERSION } from "./versions";

const BUILD_MS = 25 * 60_000;
const TELL_MS = 4_000;
const NEEDED_BYTES = 4e9;
const OLDEST_GO = [1, 21] as const;

/** One Go program that the lab builds. */
export interface Target {
  readonly program: string;
  /** The folder with its go.mod, beside this file in the sources. */
  readonly module: string;
  readonly package: string;
  /** For the linker, where the program's version is its business. */
  readonly flags?: string;
}

const VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const TARGETS: readonly Target[] = [
  {
    program: "pulumi",
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    flags: `-X ${VERSION_SYMBOL}=v${CLI_VERSION}`,
  },
];

/** Builds everything into `folder`, with a line of progress every few seconds. Logs go to `logs`. */
export async function buildCli(folder: string, logs: string, progress: (line: string) => void): Promise<void> {
  await requireGo(
    "Pulumi can neither be fetched nor built here",
    `Install Go ${OLDEST_GO.join(".")} or newer (https://go.dev/dl), or put Pulumi's release into the lab's Pulumi home.`,
  );
  mkdirSync(folder, { recursive: true });
  mkdirSync(logs, { recursive: true });
  requireSpace([folder, process.env.GOCACHE ?? join(homedir(), ".cache"), process.env.GOPATH ?? homedir()]);
  progress("building Pulumi from its Go modules; the first time takes some minutes");
  const started = Date.now();
  const counts = new Map<string, number>(TARGETS.map((target) => [target.program, 0]));
  const tick = setInterval(() => {
    const parts = [...counts].map(([program, count]) => `${program} ${count < 0 ? "ready" : `${count} packages`}`);
    progress(`building: ${parts.join(", ")}, ${Math.round((Date.now() - started) / 1000)} s`);
  }, TELL_MS);
  try {
    await Promise.all(
      TARGETS.map(async (target) => {
        await buildOne(target, folder, logs, () => counts.set(target.program, (counts.get(target.program) ?? 0) + 1));
        counts.set(target.program, -1);
      }),
    );
  } finally {
    clearInterval(tick);
  }
  progress(`built in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** Builds one program into `folder`; `onPackage` is called for each package of it. */
export async function buildOne(target: Target, folder: string, logs: string, onPackage: () => void): Promise<void> {
  const flags = ["-s", "-w", ...(target.flags === undefined ? [] : [target.flags])].join(" ");
  const args = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", flags];
  const ended = await run("go", [...args, "-o", join(folder, target.program), target.package], {
    cwd: join(packageRoot(), "lab", "engine", target.module),
    // Without cgo no C compiler is needed; a go.work or flags of the user's own would change what is built.
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" },
    timeoutMs: BUILD_MS,
    onLine: onPackage,
  });
  if (ended.code !== 0) throw buildError(target, ended, logs);
}

function buildError(target: Target, ended: Ended, logs: string): EngineError {
  const log = join(logs, `build-${target.program}.log`);
  writeFileSync(log, ended.stderr);
  const said = ended.stderr;
  if (ended.timedOut) {
    return new EngineError(`${target.program} was not built within ${BUILD_MS / 60_000} minutes`, `Its output: ${log}`);
  }
  if (/no space left on device/i.test(said)) {
    return new EngineError(
      `the disk is full: ${target.program} could not be built`,
      `Free about ${NEEDED_BYTES / 1e9} GB where Go keeps its caches (go env GOCACHE GOMODCACHE) and try again.`,
    );
  }
  if (/dial tcp|no such host|proxyconnect|i\/o timeout|Forbidden|connection refused/i.test(said)) {
    return new EngineError(
      `the Go modules of ${target.program} cannot be fetched`,
      `Check the network and 'go env GOPROXY'. What Go said: ${log}`,
    );
  }
  const last = said.trim().split("\n").slice(-3).join("\n  ");
  return new EngineError(`${target.program} could not be built:\n  ${last}`, `The whole output: ${log}`);
}

/** That a Go is here which can build. @throws EngineError that begins with `what` and advises `hint` */
export async function requireGo(what: string, hint: string): Promise<void> {
  let ended: Ended;
  try {
    ended = await run("go", ["env", "GOVERSION"], { timeoutMs: 20_000 });
  } catch {
    throw new EngineError(`${what}: Go is not installed`, hint);
  }
  const found = /go(\d+)\.(\d+)/.exec(ended.stdout);
  const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  if (major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1])) return;
  throw new EngineError(`${what}: Go is too old: ${ended.stdout.trim() || "unknown version"}`, hint);
}

function requireSpace(folders: readonly string[]): void {
  for (const folder of folders) {
    let free: number;
    try {
      const { bavail, bsize } = statfsSync(folder);
      free = bavail * bsize;
    } catch {
      continue; // Not made yet: its parent was looked at.
    }
    if (free < NEEDED_BYTES) {
      throw new EngineError(
        `only ${(free / 1e9).toFixed(1)} GB free at ${folder}: building Pulumi needs ${NEEDED_BYTES / 1e9} GB`,
        "Free some space, or point GOCACHE, GOMODCACHE and LINODE_LAB_CACHE to a larger disk.",
      );
    }
  }
}
