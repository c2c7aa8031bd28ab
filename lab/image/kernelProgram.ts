import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError } from "../machines/errors";
import { run } from "../machines/run";
import { hostMirrors } from "./mirrors";

/** Debian's package of User-Mode Linux, in a suite that this machine need not be of. */
export interface Packaged {
  readonly suite: string;
  /** As apt takes it; Debian rebuilds the same source under one number more. */
  readonly version: string;
}

/** Where its C library comes from, on a machine whose own is older. */
const LIBRARY_SUITE = "trixie";
const DOWNLOAD_MS = 5 * 60_000;
/** This machine's own package. */
const INSTALLED_PROGRAM = "/usr/bin/linux.uml";
/** The program's name in the folder of a kernel. */
export const PROGRAM = "linux.uml";

/** apt checks the suites' signatures and the packages' hashes; nothing is installed. */
export async function fetchKernel({ suite, version }: Packaged, target: string): Promise<void> {
  const work = `${target}.new`;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const kernel = await download(work, suite, `user-mode-linux=${version}`);
    const made = join(work, "made");
    await mkdir(made);
    await rename(join(kernel, "usr", "lib", "uml", "modules"), join(made, "modules"));
    await rename(join(kernel, "usr", "bin", PROGRAM), join(made, PROGRAM));
    if (!(await starts(join(made, PROGRAM)))) {
      const library = await download(work, LIBRARY_SUITE, "libc6");
      await bringLibrary(join(library, "usr", "lib", "x86_64-linux-gnu"), made);
    }
    await rename(made, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The folder that a package of a suite was unpacked into. */
async function download(work: string, suite: string, wanted: string): Promise<string> {
  const folder = join(work, wanted.replace(/=.*/, ""));
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  const { debian, aptOptions } = await hostMirrors();
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const settings = [
    ...aptOptions,
    `Dir::Etc::SourceList "${join(folder, "sources.list")}";`,
    'Dir::Etc::SourceParts "/dev/null";',
    `Dir::State::Lists "${join(folder, "lists")}";`,
    `Dir::Cache "${folder}";`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
  ];
  await writeFile(join(folder, "sources.list"), `deb [arch=amd64 signed-by=${keyring}] ${debian} ${suite} main\n`);
  await writeFile(join(folder, "apt.conf"), settings.join("\n"));
  const env = { ...process.env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" };
  const options = { env, cwd: folder, timeoutMs: DOWNLOAD_MS };
  await run("apt-get", ["update", "-q=2"], options);
  await run("apt-get", ["download", "-q=2", wanted], options);
  const file = (await readdir(folder)).find((each) => each.endsWith(".deb"));
  if (file === undefined) throw new LabError(`apt-get did not download ${wanted}.`);
  await run("dpkg-deb", ["--extract", join(folder, file), join(folder, "root")], { timeoutMs: 120_000 });
  return join(folder, "root");
}

const starts = (program: string): Promise<boolean> =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );

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

/** What starts a kernel that lies in a folder, or this machine's package: a program and its first arguments. */
export function kernelCommand(folder: string | undefined): readonly string[] {
  if (folder === undefined) {
    if (existsSync(INSTALLED_PROGRAM)) return [INSTALLED_PROGRAM];
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
