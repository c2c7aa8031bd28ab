import { createHash, randomUUID } from "node:crypto";
import {
  access,
  copyFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  truncate,
  writeFile,
} from "node:fs/promises";
import { basename, join } from "node:path";
import { sizedImage } from "../image/build";
import { adoptKernel } from "../image/kernel";
import { kernelCommand } from "../image/kernelProgram";
import type { Disks, ImageDeployment } from "./contract";
import { LabError } from "./errors";
import { run } from "./run";

/** What {@link createDisks} needs to know. */
export interface DisksOptions {
  /** The lab's folder for disks; each is a folder in it, which holds all there is of the disk. */
  readonly stateDir: string;
  /** The images that can be deployed, as the API names them, with the file of each (`buildImage`). */
  readonly images: Readonly<Record<string, string>>;
}

/** What a machine needs of a disk beside the contract. */
export interface LabDisks extends Disks {
  /** The disk as User-Mode Linux wants it named: a file, or a copy-on-write layer and the image below it. */
  backing(storage: string): Promise<DiskBacking>;
  /** What starts the kernel that a root disk has the modules of: a program and its first arguments. */
  kernel(storage: string): Promise<readonly string[]>;
  /** What the first boot of an image disk puts on it, until {@link deployed} was called. */
  deployment(storage: string): Promise<PendingDeployment | undefined>;
  /** Forgets the deployment's secrets once the guest has them. */
  deployed(storage: string): Promise<void>;
}

/** The files behind a disk. */
export interface DiskBacking {
  readonly file: string;
  /** Present where `file` is a copy-on-write layer. */
  readonly image?: string;
}

/** A deployment and the mark that the guest keeps, so that it happens once. */
export interface PendingDeployment extends ImageDeployment {
  readonly mark: string;
}

interface DiskRecord {
  readonly sizeMiB: number;
  /** The file name of the image below, in the folder of disks. */
  readonly base?: string;
  /** The folder of its kernel, in the folder of disks; missing: this machine's package, which all had once. */
  readonly kernel?: string;
}

const MIB = 2 ** 20;
const STORAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** The disks and volumes of a lab: sparse files, and thin layers above shared images. */
export function createDisks(options: DisksOptions): LabDisks {
  return new FileDisks(options.stateDir, options.images);
}

class FileDisks implements LabDisks {
  constructor(
    private readonly folder: string,
    private readonly available: Readonly<Record<string, string>>,
  ) {}

  images(): readonly string[] {
    return Object.keys(this.available).sort();
  }

  async createBlank(storage: string, sizeMiB: number): Promise<void> {
    await this.create(storage, { sizeMiB }, (file) => sparse(file, sizeMiB));
  }

  async createFilesystem(storage: string, sizeMiB: number, kind: "ext3" | "ext4" | "swap"): Promise<void> {
    await this.create(storage, { sizeMiB }, async (file) => {
      await sparse(file, sizeMiB);
      await (kind === "swap"
        ? run("mkswap", ["-q", file])
        : run(`mkfs.${kind}`, ["-q", "-F", file], { timeoutMs: 300_000 }));
    });
  }

  async createFromImage(storage: string, sizeMiB: number, deployment: ImageDeployment): Promise<void> {
    const source = this.available[deployment.image];
    if (source === undefined) {
      throw new LabError(`Unknown image: ${deployment.image}.`, { hint: `This lab has ${this.images().join(", ")}.` });
    }
    const base = await this.adoptImage(await sizedImage(source, sizeMiB));
    const kernel = await adoptKernel(source, this.folder);
    const pending: PendingDeployment = { ...deployment, mark: randomUUID() };
    await this.create(storage, { sizeMiB, base, kernel }, async (file) => {
      // User-Mode Linux makes the copy-on-write layer when it first opens a file that is not there.
      await writeFile(join(file, "..", "deployment.json"), JSON.stringify(pending), { mode: 0o600 });
    });
  }

  async clone(from: string, to: string): Promise<void> {
    const record = await this.record(from);
    await this.create(to, record, async (file) => {
      if (await exists(this.file(from))) await copySparse(this.file(from), file);
      const pending = join(this.path(from), "deployment.json");
      if (await exists(pending)) await copyFile(pending, join(file, "..", "deployment.json"));
    });
  }

  async resize(storage: string, sizeMiB: number): Promise<void> {
    const record = await this.record(storage);
    if (sizeMiB === record.sizeMiB) return;
    const file = this.file(storage);
    if (record.base !== undefined) await this.flatten(storage, record);
    const { size } = await stat(file);
    const ext = record.base !== undefined || (await isExt(file));
    if (sizeMiB * MIB < size && !ext) {
      throw new LabError(
        `The disk ${storage} cannot shrink from ${size / MIB} to ${sizeMiB} MiB: what it holds is unknown.`,
        {
          hint: "Only disks with an ext3 or ext4 file system can shrink.",
        },
      );
    }
    if (ext && record.base !== undefined) {
      await run("e2fsck", ["-p", "-f", file], { timeoutMs: 600_000, okCodes: [0, 1] });
    }
    if (sizeMiB * MIB < size) {
      await run("e2fsck", ["-p", "-f", file], { timeoutMs: 600_000, okCodes: [0, 1] });
      try {
        await run("resize2fs", [file, `${sizeMiB}M`], { timeoutMs: 600_000 });
      } catch (error) {
        throw new LabError(`The disk ${storage} cannot shrink to ${sizeMiB} MiB.`, {
          detail: error instanceof Error ? error.message : String(error),
          hint: "Remove data from it first.",
          cause: error,
        });
      }
    }
    await truncate(file, sizeMiB * MIB);
    // Linode grows the file system of an image disk with the disk; volumes stay as they are, the guest grows them.
    if (record.base !== undefined && sizeMiB * MIB > size) await run("resize2fs", [file], { timeoutMs: 600_000 });
    await writeJson(join(this.path(storage), "disk.json"), { sizeMiB, kernel: record.kernel });
  }

  async remove(storage: string): Promise<void> {
    await rm(this.path(storage), { recursive: true, force: true });
  }

  async backing(storage: string): Promise<DiskBacking> {
    const { base } = await this.record(storage);
    return { file: this.file(storage), image: base === undefined ? undefined : join(this.folder, base) };
  }

  async kernel(storage: string): Promise<readonly string[]> {
    const { kernel } = await this.record(storage);
    return kernelCommand(kernel === undefined ? undefined : join(this.folder, kernel));
  }

  async deployment(storage: string): Promise<PendingDeployment | undefined> {
    const text = await readFile(join(this.path(storage), "deployment.json"), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as PendingDeployment);
  }

  async deployed(storage: string): Promise<void> {
    await rm(join(this.path(storage), "deployment.json"), { force: true });
  }

  private path(storage: string): string {
    if (!STORAGE_NAME.test(storage)) throw new LabError(`Not a name of a disk: ${JSON.stringify(storage)}.`);
    return join(this.folder, storage);
  }

  private file(storage: string): string {
    return join(this.path(storage), "data");
  }

  private async record(storage: string): Promise<DiskRecord> {
    const text = await readFile(join(this.path(storage), "disk.json"), "utf8").catch(() => undefined);
    if (text === undefined) throw new LabError(`There is no disk ${storage} in ${this.folder}.`);
    return JSON.parse(text) as DiskRecord;
  }

  /** Makes a disk whole or not at all; a disk that is there already is left as it is. */
  private async create(storage: string, record: DiskRecord, fill: (file: string) => Promise<unknown>): Promise<void> {
    const target = this.path(storage);
    if (await exists(target)) return;
    const work = `${target}.new`;
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true, mode: 0o700 });
    try {
      await fill(join(work, "data"));
      await writeJson(join(work, "disk.json"), record);
      await rename(work, target);
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      throw await explainFullDisk(error, this.folder);
    }
  }

  /** A second name for the image in the lab's own folder: emptying the cache must not take a disk's ground away. */
  private async adoptImage(image: string): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const { mtimeMs, size } = await stat(image);
    const key = createHash("sha256")
      .update(`${basename(image)} ${mtimeMs} ${size}`)
      .digest("hex")
      .slice(0, 8);
    const name = `.base-${basename(image, ".ext4")}-${key}`;
    const target = join(this.folder, name);
    if (await exists(target)) return name;
    try {
      await link(image, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return name;
      await copySparse(image, `${target}.new`);
      await rename(`${target}.new`, target);
    }
    return name;
  }

  /** Turns a copy-on-write layer into a plain file. */
  private async flatten(storage: string, record: DiskRecord): Promise<void> {
    const file = this.file(storage);
    const base = join(this.folder, record.base ?? "");
    const work = `${file}.flat`;
    if (await exists(file)) {
      await run("uml_moo", ["-b", base, file, work], { timeoutMs: 600_000 });
      await run("fallocate", ["--dig-holes", work], { timeoutMs: 600_000 });
    } else {
      await copySparse(base, work);
    }
    await rename(work, file);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function sparse(file: string, sizeMiB: number): Promise<void> {
  await writeFile(file, "", { mode: 0o600 });
  await truncate(file, sizeMiB * MIB);
}

const copySparse = (from: string, to: string): Promise<unknown> =>
  run("cp", ["--sparse=always", "--reflink=auto", from, to], { timeoutMs: 600_000 });

async function isExt(file: string): Promise<boolean> {
  const { stdout } = await run("blkid", ["-p", "-o", "value", "-s", "TYPE", file], { okCodes: [0, 2] });
  return /^ext[34]$/m.test(stdout);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function explainFullDisk(error: unknown, folder: string): Promise<unknown> {
  const { bavail, bsize } = await statfs(folder);
  const full = (error as NodeJS.ErrnoException).code === "ENOSPC" || bavail * bsize < 16 * MIB;
  if (!full) return error;
  return new LabError(`No space is left in ${folder}.`, {
    hint: "Free some space, or set LINODE_LAB_STATE to a folder on a larger disk.",
    cause: error,
  });
}
