import type { Filesystem } from "@linode/api-v4";

import type { ImageDeployment } from "../../machines/contract";
import { typeOf } from "../catalog/types";
import { instanceOf, now, type Context } from "../context";
import { invalid, notFound } from "../errors";
import { entityOf } from "../events";
import type { DiskRecord, InstanceRecord, JobRecord } from "../model";
import { hashPassword } from "./password";
import { queueOf } from "./power";
import { diskStorage } from "./wiring";

/** Where a new disk's content comes from. It is written down with the job, so it holds no clear password. */
export type DiskSource =
  | { readonly kind: "empty" }
  | { readonly kind: "filesystem"; readonly filesystem: "ext3" | "ext4" | "swap" }
  | { readonly kind: "image"; readonly deployment: ImageDeployment }
  | { readonly kind: "clone"; readonly from: number };

/** What a request says about an image to deploy. */
export interface ImageRequest {
  readonly image?: string | null;
  readonly root_pass?: string | null;
  readonly authorized_keys?: readonly string[] | null;
  readonly authorized_users?: readonly string[] | null;
}

/** Checks an image request and turns it into what the disk will carry. Only the password's hash is kept. */
export async function deploymentOf(ctx: Context, request: ImageRequest, hostname: string): Promise<ImageDeployment> {
  const image = request.image as string;
  if (!ctx.disks.images().includes(image)) {
    throw invalid(`image is not valid: this lab has ${ctx.disks.images().join(", ") || "none"}`, "image");
  }
  const users = request.authorized_users ?? [];
  const known = ctx.store.table("sshKeys").where((key) => users.includes(key.username));
  const authorizedKeys = [...(request.authorized_keys ?? []), ...known.map((key) => key.ssh_key)];
  if (!request.root_pass && authorizedKeys.length === 0) {
    throw invalid("Must provide valid root_pass, authorized_keys, or authorized_users");
  }
  return {
    image,
    authorizedKeys,
    hostname,
    ...(request.root_pass ? { rootPasswordHash: await hashPassword(request.root_pass) } : {}),
  };
}

export function disksOf(ctx: Context, linodeId: number): DiskRecord[] {
  return ctx.store.table("disks").where((disk) => disk.linodeId === linodeId);
}

/** The disk with this id on this Linode, or 404. */
export function diskOf(ctx: Context, linodeId: number, id: number): DiskRecord {
  instanceOf(ctx, linodeId);
  const disk = ctx.store.table("disks").get(id);
  if (disk?.linodeId !== linodeId) throw notFound();
  return disk;
}

/** Refuses what does not fit into the plan's storage. */
export function demandSpace(ctx: Context, linode: InstanceRecord, extraMiB: number): void {
  const total = typeOf(linode.type)?.disk ?? 0;
  const used = disksOf(ctx, linode.id).reduce((sum, disk) => sum + disk.size, 0);
  if (used + extraMiB > total) throw invalid("You do not have enough unallocated storage to create this Disk.", "size");
}

/** Books a disk that is still to be made. */
export function addDisk(
  ctx: Context,
  linode: { id: number; diskEncryption: DiskRecord["encryption"] },
  disk: { label: string; size: number; filesystem: Filesystem },
): DiskRecord {
  const time = now(ctx);
  return ctx.store.table("disks").put({
    id: ctx.store.nextId(),
    linodeId: linode.id,
    status: "not ready",
    encryption: linode.diskEncryption,
    created: time,
    updated: time,
    ...disk,
  });
}

/** Makes a disk's data. What an interrupted attempt left is thrown away first. */
export async function makeDisk(ctx: Context, diskId: number, source: DiskSource): Promise<void> {
  const disk = ctx.store.table("disks").get(diskId);
  if (disk === undefined) throw new Error("The disk is gone.");
  const storage = diskStorage(diskId);
  await ctx.disks.remove(storage);
  if (source.kind === "empty") await ctx.disks.createBlank(storage, disk.size);
  else if (source.kind === "filesystem") await ctx.disks.createFilesystem(storage, disk.size, source.filesystem);
  else if (source.kind === "image") await ctx.disks.createFromImage(storage, disk.size, source.deployment);
  else await ctx.disks.clone(diskStorage(source.from), storage);
  ctx.store.table("disks").update(diskId, { status: "ready", updated: now(ctx) });
}

/** Takes a disk and its data away, and its device out of every config. */
export async function removeDisk(ctx: Context, diskId: number): Promise<void> {
  await ctx.disks.remove(diskStorage(diskId));
  ctx.store.table("disks").delete(diskId);
  for (const config of ctx.store.table("configs").all()) {
    const devices = Object.fromEntries(Object.entries(config.devices).filter(([, each]) => each.disk_id !== diskId));
    if (Object.keys(devices).length !== Object.keys(config.devices).length) {
      ctx.store.table("configs").update(config.id, { devices });
    }
  }
}

/** Refuses what must not happen to a disk that the running Linode uses. */
export function demandUnused(ctx: Context, linode: InstanceRecord, diskId: number): void {
  const config = linode.bootedConfig === null ? undefined : ctx.store.table("configs").get(linode.bootedConfig);
  if (config && Object.values(config.devices).some((device) => device.disk_id === diskId)) {
    throw invalid("This disk is in use by the running Linode: shut the Linode down first.");
  }
}

/** Books one of the operations on a disk. */
export function requestDiskJob(
  ctx: Context,
  kind: "disk_create" | "disk_delete" | "disk_resize" | "disk_duplicate" | "password_reset",
  disk: DiskRecord,
  username: string,
  args: Record<string, unknown> = {},
): void {
  const linode = instanceOf(ctx, disk.linodeId);
  const event = ctx.events.schedule(kind, username, entityOf.linode(linode), entityOf.disk(disk));
  ctx.jobs.enqueue({
    kind,
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: { diskId: disk.id, ...args },
  });
}

/** How disk jobs are done. */
export function defineDiskJobs(ctx: Context): void {
  const disks = ctx.store.table("disks");
  const diskId = (job: JobRecord) => job.args["diskId"] as number;
  const make = (job: JobRecord) => makeDisk(ctx, diskId(job), job.args["source"] as DiskSource);
  const drop = (job: JobRecord) => disks.delete(diskId(job));
  const ready = (job: JobRecord): void => {
    if (disks.get(diskId(job))) disks.update(diskId(job), { status: "ready" });
  };
  ctx.jobs.define("disk_create", make, drop);
  ctx.jobs.define("disk_duplicate", make, drop);
  ctx.jobs.define("disk_delete", (job) => removeDisk(ctx, diskId(job)), ready);
  ctx.jobs.define(
    "disk_resize",
    async (job) => {
      const size = job.args["size"] as number;
      await ctx.disks.resize(diskStorage(diskId(job)), size);
      disks.update(diskId(job), { size, status: "ready", updated: now(ctx) });
    },
    ready,
  );
  ctx.jobs.define(
    "password_reset",
    async (job) => {
      await ctx.disks.setRootPassword?.(diskStorage(diskId(job)), job.args["hash"] as string);
      ready(job);
    },
    ready,
  );
}
