import {
  CreateLinodeDiskSchema,
  ResizeLinodeDiskSchema,
  UpdateLinodeDiskSchema,
  UpdateLinodePasswordSchema,
} from "@linode/validation";
import type { Filesystem } from "@linode/api-v4";

import { instanceOf, now } from "../context";
import { invalid, notInLab } from "../errors";
import type { DiskRecord, InstanceRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import {
  addDisk,
  demandSpace,
  demandUnused,
  deploymentOf,
  diskOf,
  disksOf,
  requestDiskJob,
  type DiskSource,
  type ImageRequest,
} from "../services/disks";
import { hashPassword } from "../services/password";
import { demandIdle } from "../services/power";
import { nonEmpty } from "../text";
import { DISK_KEYS, diskView } from "../views/instance";

const { get, post, put, del } = area("linodes");
const DISKS = "/linode/instances/:linodeId/disks";
const DISK = `${DISKS}/:diskId`;

interface Target {
  readonly linode: InstanceRecord;
  readonly disk: DiskRecord;
}

/** A Linode's disks. */
export const diskRoutes: readonly Route[] = [
  get(DISKS, (call) => {
    const linode = instanceOf(call.ctx, idOf(call.params["linodeId"]));
    return listOf(call, disksOf(call.ctx, linode.id).map(diskView), DISK_KEYS);
  }),
  post(DISKS, create, { schema: CreateLinodeDiskSchema, adapt: keysInsteadOfPassword }),
  get(DISK, (call) => diskView(target(call).disk)),
  put(
    DISK,
    (call) => {
      const { disk } = target(call);
      const { label } = bodyOf<{ label?: string | null }>(call);
      const changed = call.ctx.store.table("disks").update(disk.id, {
        label: label ?? disk.label,
        updated: now(call.ctx),
      });
      return diskView(changed);
    },
    { schema: UpdateLinodeDiskSchema },
  ),
  del(DISK, (call) => {
    const { linode, disk } = idle(call);
    demandUnused(call.ctx, linode, disk.id);
    call.ctx.store.table("disks").update(disk.id, { status: "deleting" });
    requestDiskJob(call.ctx, "disk_delete", disk, call.username);
    return {};
  }),
  post(
    `${DISK}/resize`,
    (call) => {
      const { linode, disk } = idle(call);
      const { size } = bodyOf<{ size: number }>(call);
      demandUnused(call.ctx, linode, disk.id);
      demandSpace(call.ctx, linode, size - disk.size);
      call.ctx.store.table("disks").update(disk.id, { status: "not ready" });
      requestDiskJob(call.ctx, "disk_resize", disk, call.username, { size });
      return {};
    },
    { schema: ResizeLinodeDiskSchema },
  ),
  post(`${DISK}/clone`, (call) => {
    const { linode, disk } = idle(call);
    demandSpace(call.ctx, linode, disk.size);
    const { filesystem, size } = disk;
    const copy = addDisk(call.ctx, linode, { label: `Copy of ${disk.label}`.slice(0, 48), filesystem, size });
    const source: DiskSource = { kind: "clone", from: disk.id };
    requestDiskJob(call.ctx, "disk_duplicate", copy, call.username, { source });
    return diskView(copy);
  }),
  post(
    `${DISK}/password`,
    async (call) => {
      const { linode, disk } = idle(call);
      demandUnused(call.ctx, linode, disk.id);
      if (!call.ctx.disks.setRootPassword) throw notInLab("resetting a root password");
      const hash = await hashPassword(bodyOf<{ password: string }>(call).password);
      idle(call);
      requestDiskJob(call.ctx, "password_reset", disk, call.username, { hash });
      return {};
    },
    { schema: UpdateLinodePasswordSchema },
  ),
];

function target(call: Call): Target {
  const linode = instanceOf(call.ctx, idOf(call.params["linodeId"]));
  return { linode, disk: diskOf(call.ctx, linode.id, idOf(call.params["diskId"])) };
}

function idle(call: Call): Target {
  const found = target(call);
  demandIdle(call.ctx, found.linode.id);
  return found;
}

async function create(call: Call): Promise<unknown> {
  const { ctx } = call;
  const id = idOf(call.params["linodeId"]);
  const body = bodyOf<ImageRequest & { label: string; size: number; filesystem?: Filesystem; stackscript_id?: number }>(
    call,
  );
  const linode = instanceOf(ctx, id);
  demandIdle(ctx, id);
  if (body.stackscript_id) throw notInLab("StackScripts");
  if (!Number.isInteger(body.size) || body.size < 1) throw invalid("Disk size must be a whole number of MB.", "size");
  demandSpace(ctx, linode, body.size);
  const deployment = body.image ? await deploymentOf(ctx, body, linode.label) : undefined;
  // Hashing the password took a moment: somebody else may have been faster.
  demandIdle(ctx, id);
  const filesystem = body.filesystem ?? "ext4";
  const disk = addDisk(ctx, instanceOf(ctx, id), { label: body.label, size: body.size, filesystem });
  requestDiskJob(ctx, "disk_create", disk, call.username, { source: sourceOf(filesystem, deployment) });
  return diskView(disk);
}

function sourceOf(
  filesystem: Filesystem,
  deployment: Awaited<ReturnType<typeof deploymentOf>> | undefined,
): DiskSource {
  if (deployment) return { kind: "image", deployment };
  if (filesystem === "ext3" || filesystem === "ext4" || filesystem === "swap")
    return { kind: "filesystem", filesystem };
  return { kind: "empty" };
}

/** The API takes SSH keys instead of a password, and says so itself; the vendor's schema is older than that. */
function keysInsteadOfPassword(body: Record<string, unknown>): Record<string, unknown> {
  return { ...body, root_pass: nonEmpty(body["root_pass"] as string | null | undefined) ?? "by key" };
}
