import { access, cp, mkdir, rename, rm, stat, statfs, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../machines/errors";
import { withLock } from "../machines/lock";
import { run } from "../machines/run";
import { ensureHostPackages, requireRoot } from "./hostPackages";
import { ensureKernel, guestKernel, nameKernel, type GuestKernel } from "./kernel";
import { hostMirrors, sourceLines } from "./mirrors";
import { defaultPackages, DEFAULT_IMAGE, recipeFolder, recipeHash, RECIPES } from "./recipe";
import type { ImageRecipe } from "./recipe";

/** What {@link buildImage} needs to know. */
export interface ImageOptions {
  /** The lab's cache folder; images go into its `images/`. */
  readonly cacheDir: string;
  /** `linode/debian13` (default), `linode/debian12`, or one of the account's own, `private/13` to `private/15`. */
  readonly image?: string;
  /** What guests may install with apt-get. Default: what the roles of hosts declare, and a few more. */
  readonly packages?: readonly string[];
  /** Called with a line for each step. */
  readonly progress?: (line: string) => void;
}

/** Far more than a build takes: with two cores at other work as well, one with packages installed takes a quarter of an hour. */
const BUILD_TIMEOUT_MS = 40 * 60_000;
const SPACE_MIB = 4096;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function recipeOf(image: string): ImageRecipe {
  const recipe = RECIPES[image];
  if (recipe === undefined) {
    throw new LabError(`Unknown image: ${image}.`, { hint: `The lab has ${Object.keys(RECIPES).join(" and ")}.` });
  }
  return recipe;
}

/** Where the image of this recipe is, or will be: `<cache>/images/<name>-<hash>.ext4`. */
export function imagePath(options: ImageOptions): string {
  const recipe = recipeOf(options.image ?? DEFAULT_IMAGE);
  const hash = recipeHash(
    recipe,
    options.packages ?? defaultPackages(),
    guestKernel(options.cacheDir, recipe.kernel).release,
  );
  return join(options.cacheDir, "images", `${recipe.name.replace("linode/", "").replace("/", "-")}-${hash}.ext4`);
}

/** Builds an image unless it is in the cache, and returns its file. */
export async function buildImage(options: ImageOptions): Promise<string> {
  const progress = options.progress ?? (() => undefined);
  const recipe = recipeOf(options.image ?? DEFAULT_IMAGE);
  await ensureHostPackages(progress);
  const kernel = await ensureKernel(options.cacheDir, recipe.kernel, progress);
  const target = imagePath(options);
  if (await exists(target)) return target;
  requireRoot();
  const images = join(options.cacheDir, "images");
  await mkdir(images, { recursive: true });
  return withLock(`${target}.lock`, BUILD_TIMEOUT_MS, async () => {
    if (await exists(target)) return target;
    await requireSpace(images);
    const work = `${target}.build`;
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { mode: 0o755 });
    try {
      progress(`Building the image ${recipe.name} (about a minute, once)`);
      await installSystem(recipe, kernel, options.packages ?? defaultPackages(), work, progress);
      progress("Writing its file system");
      await writeFilesystem(join(work, "root"), join(work, "image"));
      await nameKernel(target, kernel);
      await rename(join(work, "image"), target);
      progress(`Image ${recipe.name} is ready`);
    } finally {
      // Programs that were just ended may hold it for a moment.
      await rm(work, { recursive: true, force: true, maxRetries: 10 });
    }
    return target;
  });
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free < SPACE_MIB) {
    throw new LabError(`Not enough space in ${folder}: ${free} MiB are free, an image needs ${SPACE_MIB} MiB.`, {
      hint: "Free some space, or set LINODE_LAB_CACHE to a folder on a larger disk.",
    });
  }
}

async function installSystem(
  recipe: ImageRecipe,
  kernel: GuestKernel,
  packages: readonly string[],
  work: string,
  progress: (line: string) => void,
): Promise<void> {
  const folder = recipeFolder();
  const inputs = join(work, "recipe");
  await mkdir(join(inputs, "modules"), { recursive: true });
  await symlink(kernel.modules, join(inputs, "modules", kernel.release));
  await cp(join(folder, "rootfs"), join(inputs, "rootfs"), { recursive: true, verbatimSymlinks: true });
  await writeFile(
    join(inputs, "packages"),
    [...new Set(packages)]
      .sort()
      .map((name) => `${name}\n`)
      .join(""),
  );
  await writeFile(join(inputs, "installed"), (recipe.installed ?? []).map((name) => `${name}\n`).join(""));
  const mirrors = await hostMirrors();
  const total = new Set(packages).size;
  let fetched = 0;
  const onLine = (line: string): void => {
    if (/^I: (installing|extracting|downloading|running --cust)/.test(line)) progress(line.replace(/^I: /, "  "));
    const name = /^package (\S+)$/.exec(line)?.[1];
    if (name !== undefined) progress(`  packages for the hosts: ${++fetched}/${total} (${name})`);
  };
  try {
    await run(
      // In a mount namespace of its own: what it mounts goes with it, however it ends, and nothing is busy for whoever clears up.
      "unshare",
      [
        "--mount",
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        `--include=${recipe.include.join(",")}`,
        ...mirrors.aptOptions.map((option) => `--aptopt=${option}`),
        '--customize-hook="$LINODE_LAB_RECIPE/customize.sh" "$1" "$LINODE_LAB_RECIPE"',
        ...(recipe.switchedOff ?? []).map(switchOff),
        recipe.suite,
        join(work, "root"),
        ...sourceLines(mirrors, recipe.suite),
      ],
      {
        timeoutMs: BUILD_TIMEOUT_MS,
        onLine,
        env: { ...process.env, LINODE_LAB_RECIPE: await withScript(folder, inputs), TMPDIR: work, LC_ALL: "C" },
      },
    );
  } catch (error) {
    throw new LabError(`The image ${recipe.name} could not be built.`, {
      detail: error instanceof Error ? error.message : String(error),
      hint: "Check that `apt-get update` works on this machine, then try again.",
      cause: error,
    });
  }
}

/** Only a unit that is there: releases differ in what a package brings. */
const switchOff = (unit: string): string =>
  `--customize-hook=[ ! -e "$1/usr/lib/systemd/system/${unit}" ] || chroot "$1" systemctl disable --quiet ${unit}`;

async function withScript(folder: string, inputs: string): Promise<string> {
  await cp(join(folder, "customize.sh"), join(inputs, "customize.sh"));
  return inputs;
}

/** Makes an ext4 image of a folder, a little larger than its content; disks made from it are grown to their size. */
async function writeFilesystem(root: string, image: string): Promise<void> {
  const { stdout } = await run("du", ["-sm", "--apparent-size", root]);
  const used = (await run("du", ["-sm", root])).stdout;
  const sizeMiB = Math.ceil(Math.max(parseInt(stdout, 10), parseInt(used, 10)) * 1.15) + 256;
  await writeFile(image, "");
  await truncate(image, sizeMiB * 2 ** 20);
  await mkfs(image, ["-d", root]);
}

const mkfs = (image: string, extra: readonly string[]): Promise<unknown> =>
  // Everything is initialised at once, so that no guest spends its first minutes on it.
  run(
    "mkfs.ext4",
    ["-q", "-F", "-L", "root", "-J", "size=64", "-E", "lazy_itable_init=0,lazy_journal_init=0", ...extra, image],
    {
      timeoutMs: 300_000,
    },
  );

/** The image grown to the size of a disk, in the cache beside it. Made once a size; disks are copy-on-write layers above it. */
export async function sizedImage(image: string, sizeMiB: number): Promise<string> {
  const target = image.replace(/\.ext4$/, `-${sizeMiB}.ext4`);
  if (await exists(target)) return target;
  return withLock(`${target}.lock`, 300_000, async () => {
    if (await exists(target)) return target;
    const work = `${target}.new`;
    await run("cp", ["--sparse=always", "--reflink=auto", image, work], { timeoutMs: 300_000 });
    try {
      const { size } = await stat(image);
      if (size > sizeMiB * 2 ** 20) {
        throw new LabError(
          `A disk of ${sizeMiB} MiB is too small for this image: it needs ${Math.ceil(size / 2 ** 20)} MiB.`,
        );
      }
      await truncate(work, sizeMiB * 2 ** 20);
      await run("resize2fs", [work], { timeoutMs: 300_000 });
      await rename(work, target);
    } finally {
      await rm(work, { force: true });
    }
    return target;
  });
}
