/** Fetching the vendor's own build of the command line, where the internet is. */
import { createWriteStream, existsSync, mkdirSync } from "fs";
import { join } from "path";
import { Readable } from "stream";
import { pipeline } from "stream/promises";

import { run } from "./process";
import { CLI_VERSION } from "./versions";

const RELEASES = "https://get.pulumi.com/releases";
const REACH_MS = 5_000;
const TRANSFER_MS = 300_000;
const ARCHITECTURES: Record<string, { sdk: string; plugin: string }> = {
  x64: { sdk: "x64", plugin: "amd64" },
  arm64: { sdk: "arm64", plugin: "arm64" },
};

/** Whether the vendor's plugin of this name and version can be fetched from here, found out within seconds. */
export async function pluginReachable(name: string, version: string): Promise<boolean> {
  const architecture = ARCHITECTURES[process.arch]?.plugin;
  if (!architecture) return false;
  const url = `${RELEASES}/plugins/pulumi-resource-${name}-v${version}-linux-${architecture}.tar.gz`;
  try {
    return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(REACH_MS) })).ok;
  } catch {
    return false;
  }
}

/** Fetches the command line and its language hosts into `folder`. False when it cannot be had from here. */
export async function downloadCli(folder: string, progress: (line: string) => void): Promise<boolean> {
  const architecture = ARCHITECTURES[process.arch]?.sdk;
  if (!architecture || process.platform !== "linux") return false;
  const url = `${RELEASES}/sdk/pulumi-v${CLI_VERSION}-linux-${architecture}.tar.gz`;
  progress(`fetching Pulumi ${CLI_VERSION}`);
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), REACH_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || !response.body) throw new Error(`answer ${response.status}`);
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), TRANSFER_MS);
    mkdirSync(folder, { recursive: true });
    const archive = join(folder, "pulumi.tar.gz");
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(archive));
    const unpacked = await run("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"], { timeoutMs: 60_000 });
    await run("rm", ["-f", archive], { timeoutMs: 5_000 });
    if (unpacked.code !== 0) throw new Error(unpacked.stderr.trim());
    return existsSync(join(folder, "pulumi"));
  } catch (error) {
    const why = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    progress(`cannot be fetched here (${why.split("\n")[0]})`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}
