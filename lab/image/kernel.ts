import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { LabError } from "../machines/errors";
import { withLock } from "../machines/lock";
import { requireRoot } from "./hostPackages";
import { fetchKernel, type Packaged, PROGRAM } from "./kernelProgram";

/**
 * What guests of an image need of their kernel. `ocfs2`: a cluster file system. `quick`: processes that cost little, of which a
 * take-over starts hundreds.
 */
export type KernelKind = "ocfs2" | "quick";

/** A User-Mode Linux that guests can run on. */
export interface GuestKernel {
  /** As `uname -r` says it in a guest. */
  readonly release: string;
  /** The folder with its program, its modules and, where this machine's is too old, its C library; undefined: Debian's package here. */
  readonly folder?: string;
  /** What becomes `/lib/modules/<release>` in an image. */
  readonly modules: string;
}

/**
 * The best first. In 6.12 and 7.2 the first node of an OCFS2 cluster crashes when the second one connects: `o2net` keeps a function's address
 * with a flag in its lowest bit, and these builds have that function at an odd one. 7.2 runs a guest's processes in seccomp mode.
 */
const PACKAGED: Readonly<Record<KernelKind, readonly Packaged[]>> = {
  ocfs2: [{ suite: "bookworm", version: "6.1um4*" }],
  quick: [
    { suite: "forky", version: "7.2um1" },
    { suite: "trixie", version: "6.12um1*" },
  ],
};
const FETCH_MS = 10 * 60_000;

/** This machine's own package, which serves where it is bookworm's. */
const INSTALLED = { modules: "/usr/lib/uml/modules", release: "6.1." };

const kernelFolder = (cacheDir: string, { suite }: Packaged): string => join(cacheDir, "kernels", suite);

/** The kernel that new images are made for. @throws LabError where there is none yet */
export function guestKernel(cacheDir: string, kind: KernelKind): GuestKernel {
  const fetched = (wanted: KernelKind): GuestKernel[] =>
    PACKAGED[wanted]
      .map((packaged) => kernelFolder(cacheDir, packaged))
      .flatMap((folder) => kernelIn(join(folder, "modules"), folder));
  const [kernel] = [...(kind === "quick" ? fetched("quick") : []), ...installed(), ...fetched("ocfs2")];
  if (kernel !== undefined) return kernel;
  throw new LabError("There is no User-Mode Linux here.", { hint: "`linode-lab up` fetches it." });
}

/** This machine's package, where it is one that OCFS2 works with. */
const installed = (): GuestKernel[] =>
  kernelIn(INSTALLED.modules).filter(({ release }) => release.startsWith(INSTALLED.release));

function kernelIn(modules: string, folder?: string): GuestKernel[] {
  const release = existsSync(modules) ? readdirSync(modules).sort().at(-1) : undefined;
  return release === undefined ? [] : [{ release, folder, modules: join(modules, release) }];
}

/** Fetches the kernel unless it is here. Where no quick one can be had, the other one serves, and that is said. */
export async function ensureKernel(
  cacheDir: string,
  kind: KernelKind,
  progress: (line: string) => void,
): Promise<GuestKernel> {
  const here = (): boolean => PACKAGED[kind].some((packaged) => existsSync(kernelFolder(cacheDir, packaged)));
  if (here() || (kind === "ocfs2" && installed().length > 0)) return guestKernel(cacheDir, kind);
  requireRoot();
  await mkdir(join(cacheDir, "kernels"), { recursive: true });
  const reason = await withLock(join(cacheDir, "kernels", `${kind}.lock`), FETCH_MS, async () => {
    let failure: unknown;
    for (const packaged of here() ? [] : PACKAGED[kind]) {
      progress(`Fetching User-Mode Linux ${packaged.version} from Debian ${packaged.suite}`);
      try {
        await fetchKernel(packaged, kernelFolder(cacheDir, packaged));
        return undefined;
      } catch (error) {
        failure = error;
      }
    }
    return failure;
  });
  if (reason === undefined) return guestKernel(cacheDir, kind);
  const words = reason instanceof Error ? reason.message : JSON.stringify(reason);
  if (kind === "quick") {
    progress(`No quick kernel can be had, its hosts will be slow: ${words.split("\n")[0] ?? ""}`);
    return ensureKernel(cacheDir, "ocfs2", progress);
  }
  throw new LabError("User-Mode Linux could not be fetched.", {
    detail: words,
    hint: "Check that `apt-get update` works on this machine, then try again.",
    cause: reason,
  });
}

/** Names the kernel that an image is made for, beside it. */
export async function nameKernel(image: string, { folder }: GuestKernel): Promise<void> {
  if (folder === undefined) return;
  await rm(kernelLink(image), { force: true });
  await symlink(relative(dirname(image), folder), kernelLink(image));
}

const kernelLink = (image: string): string => image.replace(/\.ext4$/, ".kernel");

/**
 * Gives a lab a kernel of its own, that of an image: emptying the cache must not take it away. Returns the name of its folder in `into`;
 * undefined where the image's is this machine's package.
 */
export async function adoptKernel(image: string, into: string): Promise<string | undefined> {
  const from = await realpath(kernelLink(image)).catch(() => undefined);
  if (from === undefined) return undefined;
  const { mtimeMs, size } = await stat(join(from, PROGRAM));
  const name = `.kernel-${createHash("sha256").update(`${mtimeMs} ${size}`).digest("hex").slice(0, 8)}`;
  const target = join(into, name);
  if (existsSync(target)) return name;
  // Two disks may be made at once.
  const work = await mkdtemp(`${target}.`);
  for (const part of [PROGRAM, "lib"]) {
    if (existsSync(join(from, part)))
      await cp(join(from, part), join(work, part), { recursive: true, preserveTimestamps: true });
  }
  await rename(work, target).catch(async (error: unknown) => {
    await rm(work, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  });
  return name;
}
