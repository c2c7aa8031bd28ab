import { typeOf } from "../catalog/types";
import { now, type Context } from "../context";
import { entityOf } from "../events";
import type { InstanceRecord, JobRecord } from "../model";
import { releaseAddresses } from "./addresses";
import { disksOf, makeDisk, removeDisk } from "./disks";
import type { PlannedDisk } from "./instances";
import { boot, halt, queueOf, requestBoot } from "./power";
import { detach } from "./volumes";
import { diskStorage, rewire } from "./wiring";

interface Args {
  readonly linodeId: number;
  readonly planned: readonly PlannedDisk[];
  readonly bootConfig: number | null;
  readonly username: string;
}

/** How a Linode is made, rebuilt, resized, cloned and taken away. */
export function defineInstanceJobs(ctx: Context): void {
  const instances = ctx.store.table("instances");
  const args = (job: JobRecord) => job.args as unknown as Args;
  const settle = (linodeId: number): void => {
    const linode = instances.get(linodeId);
    if (linode) instances.update(linodeId, { status: ctx.machines.isRunning(linodeId) ? "running" : "offline" });
  };
  const failed = (job: JobRecord): void => settle(args(job).linodeId);

  const deploy = async (job: JobRecord): Promise<void> => {
    const { linodeId, planned, bootConfig, username } = args(job);
    for (const { diskId, source } of planned) await makeDisk(ctx, diskId, source);
    const linode = instances.update(linodeId, { status: "offline", updated: now(ctx) });
    const config = bootConfig === null ? undefined : ctx.store.table("configs").get(bootConfig);
    if (config) requestBoot(ctx, linode, "linode_boot", config, username);
  };

  ctx.jobs.define("linode_create", deploy, failed);
  ctx.jobs.define("linode_clone", deploy, failed);
  ctx.jobs.define(
    "linode_rebuild",
    async (job) => {
      const { linodeId, planned } = args(job);
      await halt(ctx, linodeId);
      const kept = new Set(planned.map((each) => each.diskId));
      for (const disk of disksOf(ctx, linodeId)) if (!kept.has(disk.id)) await removeDisk(ctx, disk.id);
      await deploy(job);
    },
    failed,
  );
  ctx.jobs.define(
    "linode_resize",
    async (job) => {
      const { linodeId, bootConfig } = args(job);
      const { type, resizeDisk } = job.args as unknown as {
        type: string;
        resizeDisk: { id: number; size: number } | null;
      };
      await halt(ctx, linodeId);
      if (resizeDisk) {
        await ctx.disks.resize(diskStorage(resizeDisk.id), resizeDisk.size);
        ctx.store.table("disks").update(resizeDisk.id, { size: resizeDisk.size, updated: now(ctx) });
      }
      const vcpus = typeOf(type)?.vcpus ?? 1;
      const alerts = instances.get(linodeId)?.alerts;
      instances.update(linodeId, {
        type,
        status: "offline",
        updated: now(ctx),
        ...(alerts ? { alerts: { ...alerts, cpu: 90 * vcpus } } : {}),
      });
      if (bootConfig !== null) await boot(ctx, linodeId, bootConfig);
    },
    failed,
  );
  ctx.jobs.define(
    "linode_delete",
    async (job) => {
      const linode = instances.get(args(job).linodeId);
      if (linode) await destroy(ctx, linode, args(job).username);
    },
    failed,
  );
}

/** Books a deletion. What waits for the Linode is dropped; what is under way comes to its end first. */
export function requestDelete(ctx: Context, linode: InstanceRecord, username: string): void {
  ctx.jobs.cancelQueue(queueOf(linode.id), "The Linode was deleted.");
  const event = ctx.events.schedule("linode_delete", username, entityOf.linode(linode));
  ctx.store.table("instances").update(linode.id, { status: "deleting" });
  ctx.jobs.enqueue({
    kind: "linode_delete",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: { linodeId: linode.id, username },
  });
}

/** A deletion cuts the power. Volumes are let go with their data; everything else goes with the Linode. */
async function destroy(ctx: Context, linode: InstanceRecord, username: string): Promise<void> {
  await ctx.machines.kill(linode.id);
  ctx.store.table("instances").update(linode.id, { bootedConfig: null });
  for (const volume of ctx.store.table("volumes").where((each) => each.linodeId === linode.id)) {
    await detach(ctx, volume.id);
    ctx.events.notify("volume_detach", username, entityOf.volume(volume), entityOf.linode(linode));
  }
  for (const disk of disksOf(ctx, linode.id)) await removeDisk(ctx, disk.id);
  await ctx.networks.remove(linode.id);
  for (const table of ["configs", "firewallDevices"] as const) {
    const records = ctx.store.table(table);
    for (const record of records.all()) if (record.linodeId === linode.id) records.delete(record.id);
  }
  const affected = releaseAddresses(ctx, linode);
  ctx.store.table("instances").delete(linode.id);
  for (const id of affected) await rewire(ctx, id);
}
