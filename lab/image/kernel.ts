import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { LabError } from "../machines/errors";
import { withLock } from "../machines/lock";
import { run } from "../machines/run";
import { requireRoot } from "./hostPackages";
import { hostMirrors } from "./mirrors";

/**
 * What guests of an image need of their kernel. `ocfs2`: a cluster file system. `quick`: processes that cost little; where they start at a
 * third of the cost, a take-over takes a third of the time.
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

/** Debian's package of it, in a suite that this machine need not be of. */
interface Packaged {
  readonly suite: string;
  /** As apt takes it; Debian rebuilds the same source under one number more. */
  readonly version: string;
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
/** Where its C library comes from, on a machine whose own is older. */
const LIBRARY_SUITE = "trixie";
const FETCH_MS = 10 * 60_000;

/** This machine's own package, which serves where it is bookworm's. */
const INSTALLED = { program: "/usr/bin/linux.uml", modules: "/usr/lib/uml/modules", release: "6.1." };

const kernelFolder = (cacheDir: string, { suite }: Packaged): string => join(cacheDir, "kernels", suite);

/** The kernel that new images are made for. @throws LabError where there is none yet */
export function guestKernel(cacheDir: string, kind: KernelKind): GuestKernel {
  const fetched = (wanted: KernelKind): GuestKernel[] =>
    PACKAGED[wanted]
      .map((packaged) => kernelFolder(cacheDir, packaged))
      .flatMap((folder) => kernelIn(join(folder, "modules"), folder));
  const own = kernelIn(INSTALLED.modules).filter(({ release }) => release.startsWith(INSTALLED.release));
  const [kernel] = [...(kind === "quick" ? fetched("quick") : []), ...own, ...fetched("ocfs2")];
  if (kernel !== undefined) return kernel;
  throw new LabError("There is no User-Mode Linux here.", { hint: "`linode-lab up` fetches it." });
}

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
  const own =
    kind === "ocfs2" && kernelIn(INSTALLED.modules).some(({ release }) => release.startsWith(INSTALLED.release));
  if (own || here()) return guestKernel(cacheDir, kind);
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

/** apt checks the suites' signatures and the packages' hashes; nothing is installed. */
async function fetchKernel({ suite, version }: Packaged, target: string): Promise<void> {
  const work = `${target}.new`;
  await rm(work, { recursive: true, force: true });
  await mkdir(join(work, "lists", "partial"), { recursive: true });
  try {
    const { debian, aptOptions } = await hostMirrors();
    const signed = "[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    const suites = [...new Set([suite, LIBRARY_SUITE])];
    await writeFile(
      join(work, "sources.list"),
      suites.map((each) => `deb ${signed} ${debian} ${each} main\n`).join(""),
    );
    await writeFile(
      join(work, "apt.conf"),
      [
        ...aptOptions,
        `Dir::Etc::SourceList "${join(work, "sources.list")}";`,
        'Dir::Etc::SourceParts "/dev/null";',
        `Dir::State::Lists "${join(work, "lists")}";`,
        `Dir::Cache "${work}";`,
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
      ].join("\n"),
    );
    const env = { ...process.env, APT_CONFIG: join(work, "apt.conf"), LC_ALL: "C" };
    const options = { env, cwd: work, timeoutMs: FETCH_MS };
    await run("apt-get", ["update", "-q=2"], options);
    await run("apt-get", ["download", "-q=2", `user-mode-linux=${version}`], options);
    await unpack(work, "user-mode-linux", "kernel");
    const made = join(work, "made");
    await mkdir(made);
    await rename(join(work, "kernel", "usr", "lib", "uml", "modules"), join(made, "modules"));
    await rename(join(work, "kernel", "usr", "bin", PROGRAM), join(made, PROGRAM));
    if (!(await starts(join(made, PROGRAM)))) {
      await run("apt-get", ["download", "-q=2", `libc6/${LIBRARY_SUITE}`], options);
      await unpack(work, "libc6", "library");
      await bringLibrary(join(work, "library", "usr", "lib", "x86_64-linux-gnu"), made);
    }
    await rename(made, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(work: string, name: string, to: string): Promise<void> {
  const file = (await readdir(work)).find((each) => each.startsWith(`${name}_`) && each.endsWith(".deb"));
  if (file === undefined) throw new LabError(`apt-get did not download ${name}.`);
  await run("dpkg-deb", ["--extract", join(work, file), join(work, to)], { timeoutMs: 120_000 });
}

const starts = (program: string): Promise<boolean> =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );

const PROGRAM = "linux.uml";
const LOADER = "ld-linux-x86-64.so.2";
const LOADER_PATH = `/lib64/${LOADER}`;

/**
 * A program names its loader by an absolute path, which may not become longer. (It cannot be started through a loader that is named on the
 * command line: User-Mode Linux takes its guest's memory from where its own program ends.) What lies there is known by its content.
 */
const loaderPlace = (loader: Buffer): string =>
  `/run/linode-lab/${createHash("sha256").update(loader).digest("hex").slice(0, 8)}`;

/** Puts a C library beside the program, and points the program to its loader. */
async function bringLibrary(from: string, folder: string): Promise<void> {
  await mkdir(join(folder, "lib"));
  for (const name of ["libc.so.6", LOADER])
    await cp(join(from, name), join(folder, "lib", name), { dereference: true });
  const program = join(folder, PROGRAM);
  const place = loaderPlace(await readFile(join(folder, "lib", LOADER)));
  await writeFile(program, withLoader(await readFile(program), place));
  await chmod(program, 0o755);
}

/** A program that names another loader. The new place must not be longer than the usual one. @throws LabError where it names none, or two */
export function withLoader(program: Buffer, place: string): Buffer {
  const old = Buffer.from(`${LOADER_PATH}\0`);
  const at = program.indexOf(old);
  if (at < 0 || program.indexOf(old, at + 1) >= 0) throw new LabError("User-Mode Linux names no loader, or two.");
  if (place.length > LOADER_PATH.length) throw new LabError(`${place} is longer than ${LOADER_PATH}.`);
  const changed = Buffer.from(program);
  changed.fill(0, at, at + old.length).write(place, at, "latin1");
  return changed;
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

/** What starts a kernel that lies in a folder, or this machine's package: a program and its first arguments. */
export function kernelCommand(folder: string | undefined): readonly string[] {
  if (folder === undefined) {
    if (existsSync(INSTALLED.program)) return [INSTALLED.program];
    throw new LabError("This Linode's disk is for the User-Mode Linux of this machine, which is not installed.", {
      hint: "Install the Debian package user-mode-linux.",
    });
  }
  const loader = join(folder, "lib", LOADER);
  const program = [join(folder, PROGRAM), "seccomp=auto"];
  if (!existsSync(loader)) return program;
  // Gone after each start of this machine.
  const bytes = readFileSync(loader);
  const place = loaderPlace(bytes);
  if (!existsSync(place)) {
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    writeFileSync(`${place}.${process.pid}`, bytes, { mode: 0o755 });
    renameSync(`${place}.${process.pid}`, place);
  }
  return ["env", `LD_LIBRARY_PATH=${join(folder, "lib")}`, ...program];
}
