import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { makeFolder } from "../daemon/record";
import { LabError } from "../machines/errors";
import type { CachePaths, LabPaths } from "../paths";

/** What is looked at before anything is made; replaced in tests. */
export interface Probes {
  readonly uid: number | undefined;
  readonly platform: string;
  readonly arch: string;
  /** Whether the path is a character device. */
  readonly isDevice: (path: string) => boolean;
  /** MiB. */
  readonly freeMemory: () => number;
  /** MiB that can be written below a folder. */
  readonly freeSpace: (folder: string) => number;
  /** Effective capabilities as a bit set. */
  readonly capabilities: () => bigint;
}

/** How much room a lab needs, in MiB. */
export const NEEDS = { memory: 1536, sharedMemory: 1024, state: 3072, cache: 6144 } as const;
const [NET_ADMIN, SYS_ADMIN] = [12n, 21n];

/** Checks that this machine can be a region. The first problem ends it: what, where, what to do. */
export function checkMachine(
  paths: LabPaths,
  cache: CachePaths,
  images: readonly string[],
  probes: Probes = realProbes,
): void {
  if (probes.platform !== "linux" || probes.arch !== "x64") {
    throw new LabError(`The local Linode runs on Linux on amd64; this is ${probes.platform} on ${probes.arch}.`, {
      hint: "Use a Debian 12 or 13 machine; a virtual one will do.",
    });
  }
  if (probes.uid !== 0) throw new LabError("The local Linode needs root.", { hint: "Run the same command with sudo." });
  const held = probes.capabilities();
  if (((held >> NET_ADMIN) & 1n) === 0n || ((held >> SYS_ADMIN) & 1n) === 0n) {
    throw new LabError(
      "This root may not make network namespaces (capabilities NET_ADMIN and SYS_ADMIN are missing).",
      {
        hint: "In a container, start it with --privileged; otherwise use a real or virtual machine.",
      },
    );
  }
  if (!probes.isDevice("/dev/net/tun")) {
    throw new LabError("/dev/net/tun is missing: the Linodes' network cards are made with it.", {
      hint: "Try `modprobe tun`; in a container, start it with --device /dev/net/tun.",
    });
  }
  need(
    "memory",
    probes.freeMemory(),
    NEEDS.memory,
    "this machine",
    "Each Linode takes up to 1024 MiB: end something, or use a larger machine.",
  );
  need(
    "memory",
    probes.freeSpace("/dev/shm"),
    NEEDS.sharedMemory,
    "/dev/shm",
    "The Linodes' memory lies there: `mount -o remount,size=8g /dev/shm`, or start the container with --shm-size.",
  );
  need(
    "space",
    probes.freeSpace(paths.root),
    NEEDS.state,
    paths.root,
    "Free some space, or set LINODE_LAB_STATE to a folder on a larger disk.",
  );
  if (images.length > 0) {
    need(
      "space",
      probes.freeSpace(cache.root),
      NEEDS.cache,
      cache.root,
      "Free some space, or set LINODE_LAB_CACHE to a folder on a larger disk.",
    );
  }
}

function need(what: string, free: number, needed: number, where: string, hint: string): void {
  if (free >= needed) return;
  throw new LabError(`Not enough ${what} (${where}): ${free} MiB are free, the lab needs ${needed} MiB.`, { hint });
}

const realProbes: Probes = {
  uid: process.getuid?.(),
  platform: process.platform,
  arch: process.arch,
  isDevice: (path) => existsSync(path) && statSync(path).isCharacterDevice(),
  freeMemory: () => {
    const kib = /^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    return Math.floor(Number(kib ?? 0) / 1024);
  },
  freeSpace: (folder) => {
    makeFolder(folder);
    const { bavail, bsize } = statfsSync(folder);
    return Math.floor((bavail * bsize) / 2 ** 20);
  },
  capabilities: () =>
    BigInt(`0x${/^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`),
};
