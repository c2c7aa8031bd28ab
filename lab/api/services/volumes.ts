import type { DeviceSlot } from "../../machines/contract";
import { instanceOf, now, type Context } from "../context";
import { invalid, notFound } from "../errors";
import { entityOf } from "../events";
import type { ConfigRecord, InstanceRecord, JobRecord, VolumeRecord } from "../model";
import { demandSlot } from "./configs";
import { queueOf } from "./power";
import { freeSlot, placeLooseVolumes, volumeDevice, volumeStorage } from "./wiring";

/** The jobs at whose end a volume is there. */
const MAKING: readonly JobRecord["kind"][] = ["volume_create", "volume_clone"];

export function volumeOf(ctx: Context, id: number): VolumeRecord {
  const volume = ctx.store.table("volumes").get(id);
  if (volume === undefined) throw notFound();
  return volume;
}

/**
 * Has a volume that is still being made attached when it is there, as the API does: it takes the request, and shows the
 * volume as the Linode's, before the volume is active.
 */
export function attachWhenMade(
  ctx: Context,
  volume: VolumeRecord,
  linode: InstanceRecord,
  config: ConfigRecord | undefined,
  username: string,
): VolumeRecord {
  demandAttachable(volume, linode);
  const wish = { linodeId: linode.id, configId: config?.id, username };
  if (!tellMaker(ctx, volume, wish)) throw invalid(`The volume is ${volume.status}: try again when it is active.`);
  return ctx.store.table("volumes").update(volume.id, { linodeId: linode.id, updated: now(ctx) });
}

/** Has the job that makes a volume know what is to be done with it then. False when nothing makes it. */
function tellMaker(ctx: Context, volume: VolumeRecord, wish: Readonly<Record<string, unknown>>): boolean {
  const jobs = ctx.store.table("jobs");
  const making = jobs.find(({ kind, args }) => MAKING.includes(kind) && args["volumeId"] === volume.id);
  if (making) jobs.update(making.id, { args: { ...making.args, ...wish } });
  return making !== undefined;
}

function demandAttachable(volume: VolumeRecord, linode: InstanceRecord): void {
  if (volume.linodeId !== null) throw invalid("Volume is already attached to a Linode", "linode_id");
  if (volume.region !== linode.region) throw invalid("Volume and Linode must be in the same region", "linode_id");
}

/** Refuses to delete what a Linode that is not off has. One that is off loses the device from its profiles. */
export function letGoForDeletion(ctx: Context, volume: VolumeRecord): void {
  if (volume.linodeId === null) return;
  const linode = instanceOf(ctx, volume.linodeId);
  if (linode.status !== "offline" || ctx.jobs.isBusy(linode.id)) {
    throw invalid("This volume is attached to a Linode: detach it first.");
  }
  forget(ctx, volume.id);
}

/** Refuses while something is still being done to a volume. */
export function demandActive(volume: VolumeRecord): void {
  if (volume.status !== "active") throw invalid(`The volume is ${volume.status}: try again when it is active.`);
}

/** Refuses a label that another volume of the account has. */
export function demandVolumeLabel(ctx: Context, label: string, except?: number): void {
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,30}[a-zA-Z0-9])?$/.test(label)) {
    throw invalid(
      "Label may only contain ASCII letters, numbers, underscores, and dashes, and be 32 characters long.",
      "label",
    );
  }
  if (ctx.store.table("volumes").find((each) => each.label === label && each.id !== except)) {
    throw invalid("Label must be unique among your volumes", "label");
  }
}

/**
 * The config that a volume becomes a device of, as the API chooses it when none is named. Undefined for a Linode without
 * any: the volume is attached all the same, and the guest gets it at its next boot.
 */
export function configForVolume(
  ctx: Context,
  linode: InstanceRecord,
  wanted: number | null | undefined,
): ConfigRecord | undefined {
  const configs = ctx.store.table("configs");
  if (wanted != null) {
    const config = configs.get(wanted);
    if (config?.linodeId !== linode.id) throw invalid("Configuration profile not found on this Linode", "config_id");
    return config;
  }
  const last = linode.bootedConfig ?? linode.lastConfig;
  const used = last === null ? undefined : configs.get(last);
  const own = configs.where((config) => config.linodeId === linode.id);
  const choice = used ?? (own.length === 1 ? own[0] : undefined);
  if (choice === undefined && own.length > 0) {
    throw invalid(
      "Couldn't choose a configuration profile to add this volume to. " +
        "Please add this volume to the configuration profile you want.",
      "config_id",
    );
  }
  return choice;
}

/** Books an attachment: the config, if there is one, gets its device at once, a running guest a little later. */
export function requestAttach(
  ctx: Context,
  volume: VolumeRecord,
  linode: InstanceRecord,
  config: ConfigRecord | undefined,
  username: string,
): VolumeRecord {
  demandAttachable(volume, linode);
  const place = config && addDevice(ctx, config, volume);
  const attached = ctx.store.table("volumes").update(volume.id, {
    linodeId: linode.id,
    guestSlot: null,
    updated: now(ctx),
  });
  const event = ctx.events.schedule("volume_attach", username, entityOf.volume(volume), entityOf.linode(linode));
  ctx.jobs.enqueue({
    kind: "volume_attach",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: null,
    args: { volumeId: volume.id, linodeId: linode.id, ...place },
  });
  return attached;
}

/** Makes a volume a device of a config, unless it is one already. */
function addDevice(ctx: Context, config: ConfigRecord, volume: VolumeRecord): { configId: number; slot: string } {
  const known = Object.entries(config.devices).find(([, device]) => device.volume_id === volume.id);
  const slot = known?.[0] ?? freeSlot(ctx, config);
  if (slot === undefined) throw invalid("All device slots of the configuration profile are in use.", "config_id");
  demandSlot(instanceOf(ctx, config.linodeId), slot, "config_id");
  ctx.store.table("configs").update(config.id, {
    devices: { ...config.devices, [slot]: { disk_id: null, volume_id: volume.id } },
    updated: now(ctx),
  });
  return { configId: config.id, slot };
}

/**
 * Books a detachment. One that is not attached stays so: the vendor's provider detaches a volume whose Linode has just
 * been deleted, and its users' replacements work.
 */
export function requestDetach(ctx: Context, volume: VolumeRecord, username: string | null): void {
  if (volume.linodeId === null) return;
  tellMaker(ctx, volume, { linodeId: undefined, configId: undefined });
  const linode = instanceOf(ctx, volume.linodeId);
  const event = ctx.events.schedule("volume_detach", username, entityOf.volume(volume), entityOf.linode(linode));
  ctx.jobs.enqueue({
    kind: "volume_detach",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: null,
    args: { volumeId: volume.id, linodeId: linode.id },
  });
}

/** Books an operation on a volume's data. */
export function requestVolumeJob(
  ctx: Context,
  kind: "volume_create" | "volume_resize" | "volume_clone" | "volume_delete",
  volume: VolumeRecord,
  username: string,
  args: Record<string, unknown> = {},
): void {
  const event = ctx.events.schedule(kind, username, entityOf.volume(volume));
  // A volume that a Linode has waits for what is being done to that Linode.
  const queue = volume.linodeId === null ? `volume:${volume.id}` : queueOf(volume.linodeId);
  ctx.jobs.enqueue({ kind, eventId: event.id, queue, busy: null, args: { volumeId: volume.id, ...args } });
}

/** Takes a volume out of the Linode and out of its configs; the data stays. */
export async function detach(ctx: Context, volumeId: number): Promise<void> {
  const volume = ctx.store.table("volumes").get(volumeId);
  if (volume === undefined || volume.linodeId === null) return;
  const linode = ctx.store.table("instances").get(volume.linodeId);
  const booted = linode?.bootedConfig == null ? undefined : ctx.store.table("configs").get(linode.bootedConfig);
  if (linode && booted && ctx.machines.isRunning(linode.id)) {
    const named = Object.entries(booted.devices).find(([, device]) => device.volume_id === volumeId)?.[0];
    // Where the guest got it counts, even if the config has come to say something else since.
    const slot = volume.guestSlot ?? named;
    if (slot !== undefined) await ctx.machines.detach(linode.id, slot as DeviceSlot);
  }
  forget(ctx, volumeId);
}

/** Takes a volume out of the records of the Linode it was attached to. */
function forget(ctx: Context, volumeId: number): void {
  const configs = ctx.store.table("configs");
  for (const config of configs.all()) {
    const devices = Object.fromEntries(
      Object.entries(config.devices).filter(([, each]) => each.volume_id !== volumeId),
    );
    if (Object.keys(devices).length < Object.keys(config.devices).length) configs.update(config.id, { devices });
  }
  if (ctx.store.table("volumes").get(volumeId)) {
    ctx.store.table("volumes").update(volumeId, { linodeId: null, guestSlot: null, updated: now(ctx) });
  }
}

/** How volume jobs are done. */
export function defineVolumeJobs(ctx: Context): void {
  const volumes = ctx.store.table("volumes");
  const volumeId = (job: JobRecord) => job.args["volumeId"] as number;
  const drop = (job: JobRecord): void => volumes.delete(volumeId(job));
  const active = (job: JobRecord): void => {
    if (volumes.get(volumeId(job))) volumes.update(volumeId(job), { status: "active", updated: now(ctx) });
  };
  // Asked for with the volume, or while it was being made: the record says what came last.
  const attachAsAsked = (job: JobRecord): void => {
    const { args } = ctx.store.table("jobs").get(job.id) ?? job;
    const { linodeId, configId, username } = args as { linodeId?: number; configId?: number; username: string };
    const linode = linodeId === undefined ? undefined : ctx.store.table("instances").get(linodeId);
    const config = configId === undefined ? undefined : ctx.store.table("configs").get(configId);
    const volume = volumes.update(volumeId(job), { linodeId: null });
    if (linode) requestAttach(ctx, volume, linode, config, username);
  };
  ctx.jobs.define(
    "volume_create",
    async (job) => {
      const volume = volumeOf(ctx, volumeId(job));
      await ctx.disks.remove(volumeStorage(volume.id));
      await ctx.disks.createBlank(volumeStorage(volume.id), volume.size * 1024);
      active(job);
      attachAsAsked(job);
    },
    drop,
  );
  ctx.jobs.define(
    "volume_clone",
    async (job) => {
      const from = job.args["from"] as number;
      await ctx.disks.remove(volumeStorage(volumeId(job)));
      await ctx.disks.clone(volumeStorage(from), volumeStorage(volumeId(job)));
      active(job);
      attachAsAsked(job);
    },
    drop,
  );
  ctx.jobs.define(
    "volume_resize",
    async (job) => {
      const size = job.args["size"] as number;
      await ctx.disks.resize(volumeStorage(volumeId(job)), size * 1024);
      active(job);
    },
    active,
  );
  // The record is gone as soon as the deletion is asked for; only the data is left to remove.
  ctx.jobs.define("volume_delete", (job) => ctx.disks.remove(volumeStorage(volumeId(job))));
  ctx.jobs.define(
    "volume_attach",
    async (job) => {
      const { linodeId, configId, slot } = job.args as { linodeId: number; configId?: number; slot?: string };
      const linode = ctx.store.table("instances").get(linodeId);
      const booted = linode?.bootedConfig == null ? undefined : ctx.store.table("configs").get(linode.bootedConfig);
      if (booted === undefined || !ctx.machines.isRunning(linodeId)) return;
      // Asked for when the Linode had no config; one that it booted meanwhile says where, or leaves it to us.
      if (configId === undefined) placeLooseVolumes(ctx, booted);
      const volume = volumeOf(ctx, volumeId(job));
      // A Linode that runs another config sees the volume when it boots this one.
      const place = configId === undefined ? volume.guestSlot : booted.id === configId ? slot : undefined;
      if (place != null) await ctx.machines.attach(linodeId, volumeDevice(volume, place));
    },
    (job) => forget(ctx, volumeId(job)),
  );
  ctx.jobs.define("volume_detach", (job) => detach(ctx, volumeId(job)));
}
