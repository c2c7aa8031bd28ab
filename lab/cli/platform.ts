import { readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { withLabLock } from "../daemon/lock";
import type { LabStatus } from "../daemon/protocol";
import { apiUrl, daemonLives, giveToUser, makeFolder, readRecord, writeRecord, type LabRecord } from "../daemon/record";
import { buildImage, imagePath } from "../image/build";
import { ensureHostPackages } from "../image/hostPackages";
import { DEFAULT_IMAGE, RECIPES } from "../image/recipe";
import { LabError } from "../machines/errors";
import { run } from "../machines/run";
import { existsSync } from "node:fs";
import { ensureNamespace } from "../network/namespace";
import type { CachePaths, LabPaths } from "../paths";
import { ask } from "./control";
import { codeStamp } from "./installation";
import { openDoor } from "./port";
import { checkMachine } from "./preflight";
import type { Progress } from "./progress";
import { endDaemon } from "./endDaemon";
import { startDaemon } from "./startDaemon";

/** What `up` may be asked for. */
export interface PlatformOptions {
  /** Images beside the default one and those that the lab has. */
  readonly images: readonly string[];
  /** A file with names of packages. */
  readonly packages?: string;
  readonly port?: number;
}

const LOCK_MS = 20 * 60_000;
const API_MS = 15_000;

/** Makes the lab run as asked, whatever state it is in, and says how it is. Needs root. */
export async function platformUp(
  paths: LabPaths,
  cache: CachePaths,
  options: PlatformOptions,
  progress: Progress,
): Promise<string> {
  checkImages(options.images);
  makeFolder(paths.state);
  makeFolder(cache.root);
  const waiting = (pid: number): void => progress.say("lab", `waiting for process ${pid}, which works on it`);
  return withLabLock(join(paths.state, "up.lock"), { timeoutMs: LOCK_MS, waiting }, async () => {
    const before = readRecord(paths);
    const packages = options.packages === undefined ? before?.packages : readPackages(options.packages);
    const names = [...new Set([DEFAULT_IMAGE, ...Object.keys(before?.images ?? {}), ...options.images])];
    if (await isAsWanted(paths, cache, before, names, packages, options.port)) {
      return `The lab "${paths.name}" is running: ${apiUrl(before as LabRecord)}`;
    }
    const missing = names.filter((image) => !existsImage(cache, image, packages));
    checkMachine(paths, cache, missing);
    await ensureHostPackages(progress.topic("packages"));
    const images = await buildImages(cache, names, packages, progress);
    if (daemonLives(before)) await endDaemon(paths, before as LabRecord, progress.topic("lab"));
    await ensureNamespace(paths.namespace);
    await ensureOperatorKey(paths);
    makeFolder(paths.pulumi);
    const { server, port } = await openDoor({ asked: options.port, before: before?.port }, progress.topic("port"));
    const token = before?.token ?? randomBytes(32).toString("hex");
    const fencingToken = before?.fencingToken ?? randomBytes(32).toString("hex");
    const dnsToken = before?.dnsToken ?? randomBytes(32).toString("hex");
    const record: LabRecord = { port, token, fencingToken, dnsToken, images, packages, stamp: codeStamp() };
    writeRecord(paths, record);
    progress.say("lab", "starting the daemon");
    try {
      await startDaemon(paths, server);
    } finally {
      server.close();
    }
    progress.say("lab", `waiting for the API at ${apiUrl(record)}`);
    await apiAnswers(paths, record);
    progress.done("lab");
    return `The lab "${paths.name}" is up: ${apiUrl(record)}`;
  });
}

function checkImages(images: readonly string[]): void {
  for (const image of images) {
    if (RECIPES[image] !== undefined) continue;
    throw new LabError(`--image ${image}: the lab has no such image.`, {
      hint: `It may be ${Object.keys(RECIPES).join(" or ")}.`,
    });
  }
}

/** Reads a JSON list, or one name a line with `#` comments. */
export function readPackages(file: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new LabError(`--packages ${file} cannot be read: ${(error as Error).message}.`);
  }
  const names = /^\s*\[/.test(text)
    ? (JSON.parse(text) as unknown[]).map(String)
    : text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const kept = [...new Set(names.filter((name) => name !== ""))].sort();
  const wrong = kept.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name));
  if (wrong === undefined) return kept;
  throw new LabError(`--packages ${file}: ${JSON.stringify(wrong)} is not a name of a Debian package.`, {
    hint: "Write one name a line, or a JSON list of names.",
  });
}

const existsImage = (cache: CachePaths, image: string, packages: readonly string[] | undefined): boolean => {
  try {
    return existsSync(imagePath({ cacheDir: cache.root, image, packages }));
  } catch {
    // Its name depends on packages of the host that are not there yet.
    return false;
  }
};

async function isAsWanted(
  paths: LabPaths,
  cache: CachePaths,
  record: LabRecord | undefined,
  names: readonly string[],
  packages: readonly string[] | undefined,
  port: number | undefined,
): Promise<boolean> {
  if (record === undefined || !daemonLives(record) || record.stamp !== codeStamp()) return false;
  if (port !== undefined && port !== record.port) return false;
  const same = names.every((image) => {
    const file = record.images[image];
    return (
      file !== undefined &&
      existsImage(cache, image, packages) &&
      file === imagePath({ cacheDir: cache.root, image, packages })
    );
  });
  if (!same) return false;
  return ask<LabStatus>(paths, "GET", "/status", { timeoutMs: 5_000 }).then(
    () => true,
    () => false,
  );
}

async function buildImages(
  cache: CachePaths,
  names: readonly string[],
  packages: readonly string[] | undefined,
  progress: Progress,
): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  for (const image of names) {
    const topic = `image ${image.replace("linode/", "")}`;
    images[image] = await buildImage({ cacheDir: cache.root, image, packages, progress: progress.topic(topic) });
    progress.done(topic);
  }
  return images;
}

/** The key that `linode-lab ssh` uses, made once. */
async function ensureOperatorKey(paths: LabPaths): Promise<void> {
  if (existsSync(paths.operatorKey) && existsSync(`${paths.operatorKey}.pub`)) return;
  const comment = `operator of the lab ${paths.name}`;
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", paths.operatorKey], { input: "y\n" });
  giveToUser(paths.operatorKey);
  giveToUser(`${paths.operatorKey}.pub`);
}

/** The last word has a client: the API answers at the address that clients get. */
async function apiAnswers(paths: LabPaths, record: LabRecord): Promise<void> {
  const deadline = Date.now() + API_MS;
  for (;;) {
    const signal = AbortSignal.timeout(API_MS);
    const answer = await fetch(`${apiUrl(record)}/v4/regions`, { signal }).catch(() => undefined);
    if (answer !== undefined) {
      await answer.body?.cancel();
      if (answer.status < 500) return;
    }
    if (Date.now() > deadline) {
      throw new LabError(`The API at ${apiUrl(record)} did not answer within ${API_MS / 1000} s.`, {
        hint: `Look at ${paths.log}.`,
      });
    }
    await delay(100);
  }
}
