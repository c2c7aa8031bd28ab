import type { Devices, InterfacePayload } from "@linode/api-v4";

import { KERNELS } from "../catalog/images";
import { typeOf } from "../catalog/types";
import { now, type Context } from "../context";
import { invalid, notInLab } from "../errors";
import type { ConfigRecord, Device, InstanceRecord, InterfaceRecord } from "../model";
import { nonEmpty } from "../text";
import { accountSettings } from "./account";
import { volumeOf } from "./volumes";

const SLOTS = "abcdefghijklmnop".split("").map((letter) => `sd${letter}`);
const SMALL_PLAN_SLOTS = 8;
export const HELPERS = {
  updatedb_disabled: true,
  distro: true,
  modules_dep: true,
  network: true,
  devtmpfs_automount: true,
};

/** What a request may say of a config. Fields left out, or null, keep what they were. */
export interface ConfigRequest {
  readonly label?: string | null;
  readonly comments?: string | null;
  readonly kernel?: string | null;
  readonly memory_limit?: number | null;
  readonly root_device?: string | null;
  readonly run_level?: ConfigRecord["run_level"] | null;
  readonly virt_mode?: ConfigRecord["virt_mode"] | null;
  readonly initrd?: string | number | null;
  readonly helpers?: Partial<Record<keyof typeof HELPERS, boolean>> | null;
  readonly devices?: Devices | null;
  readonly interfaces?: readonly InterfacePayload[] | null;
}

/** A new config with what the request says and the API's defaults. Nothing is written yet. */
export function draftConfig(ctx: Context, linode: InstanceRecord, request: ConfigRequest): ConfigRecord {
  const time = now(ctx);
  const blank: ConfigRecord = {
    id: ctx.store.nextId(),
    linodeId: linode.id,
    label: "",
    comments: "",
    kernel: "linode/latest-64bit",
    memory_limit: 0,
    root_device: "/dev/sda",
    run_level: "default",
    virt_mode: "paravirt",
    initrd: null,
    helpers: { ...HELPERS, network: accountSettings(ctx).network_helper },
    devices: {},
    interfaces: [],
    created: time,
    updated: time,
  };
  return changed(ctx, linode, blank, request);
}

/** Refuses a kernel that the catalogue has not. */
export function demandKernel(kernel: string): void {
  if (!KERNELS.some((each) => each.id === kernel)) throw invalid("kernel is not valid", "kernel");
}

/** The config as the request wants it. Nothing is written yet. */
export function changed(
  ctx: Context,
  linode: InstanceRecord,
  config: ConfigRecord,
  request: ConfigRequest,
): ConfigRecord {
  const kernel = request.kernel ?? config.kernel;
  demandKernel(kernel);
  return {
    ...config,
    label: request.label ?? config.label,
    comments: request.comments ?? config.comments,
    kernel,
    memory_limit: request.memory_limit ?? config.memory_limit,
    root_device: request.root_device ?? config.root_device,
    run_level: request.run_level ?? config.run_level,
    virt_mode: request.virt_mode ?? config.virt_mode,
    initrd: request.initrd == null ? config.initrd : String(request.initrd),
    helpers: { ...config.helpers, ...withoutNull(request.helpers ?? {}) },
    devices: request.devices == null ? config.devices : devicesFrom(ctx, linode, request.devices),
    interfaces:
      request.interfaces == null ? config.interfaces : interfacesFrom(ctx, request.interfaces, config.interfaces),
    updated: now(ctx),
  };
}

/** Writes a config; volumes that it names become attached to the Linode, those it no longer names in any config let go. */
export function saveConfig(ctx: Context, linode: InstanceRecord, config: ConfigRecord): ConfigRecord {
  const before = ctx.store.table("configs").get(config.id);
  ctx.store.table("configs").put(config);
  const volumes = ctx.store.table("volumes");
  const named = (each: ConfigRecord | undefined): number[] =>
    Object.values(each?.devices ?? {}).flatMap((device) => (device.volume_id === null ? [] : [device.volume_id]));
  for (const id of named(config)) volumes.update(id, { linodeId: linode.id, updated: now(ctx) });
  const still = ctx.store
    .table("configs")
    .where((each) => each.linodeId === linode.id)
    .flatMap(named);
  for (const id of named(before)) {
    const used = still.includes(id) || ctx.machines.isRunning(linode.id);
    if (!used && volumes.get(id)) volumes.update(id, { linodeId: null, guestSlot: null, updated: now(ctx) });
  }
  if (before && linode.bootedConfig === config.id) rememberSlots(ctx, before, config);
  return config;
}

/** A running guest keeps its volumes where they were at its boot: a later detachment must find them there. */
function rememberSlots(ctx: Context, before: ConfigRecord, after: ConfigRecord): void {
  const volumes = ctx.store.table("volumes");
  for (const [slot, { volume_id: id }] of Object.entries(before.devices)) {
    if (id === null || after.devices[slot]?.volume_id === id) continue;
    const volume = volumes.get(id);
    if (volume?.linodeId === after.linodeId) volumes.update(id, { guestSlot: volume.guestSlot ?? slot });
  }
}

/** Interfaces of a config from a request; one that is like an old one keeps its id. */
export function interfacesFrom(
  ctx: Context,
  wanted: readonly InterfacePayload[],
  old: readonly InterfaceRecord[],
): InterfaceRecord[] {
  if (wanted.length > 3) throw invalid("A configuration profile has at most 3 interfaces.", "interfaces");
  if (wanted.filter((each) => each.purpose === "public").length > 1) {
    throw invalid("Only one public interface per config is allowed.", "interfaces");
  }
  return wanted.map((each, index) => {
    if (each.purpose === "vpc") throw notInLab("VPC interfaces");
    const same = old.find((was) => was.purpose === each.purpose && (was.label ?? "") === (each.label ?? ""));
    if (each.purpose === "vlan") demandVlan(wanted, each, index);
    return {
      id: same?.id ?? ctx.store.nextId(),
      purpose: each.purpose,
      label: each.purpose === "vlan" ? (each.label as string) : null,
      ipam_address: each.purpose === "vlan" ? (nonEmpty(each.ipam_address) ?? null) : null,
      primary: each.purpose === "public" && (each.primary ?? false),
    };
  });
}

function demandVlan(all: readonly InterfacePayload[], vlan: InterfacePayload, index: number): void {
  const label = vlan.label ?? "";
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?$/.test(label) || label.includes("--")) {
    throw invalid("Must include only ASCII letters, numbers, and dashes", `interfaces[${index}].label`);
  }
  if (all.filter((each) => each.purpose === "vlan" && each.label === label).length > 1) {
    throw invalid("A VLAN can be used once in a configuration profile.", `interfaces[${index}].label`);
  }
}

/**
 * Refuses a device slot that the plan does not have: eight, and one for each gigabyte of memory of larger plans. The lab's
 * guests have sixteen at most.
 */
export function demandSlot(linode: InstanceRecord, slot: string, field: string): void {
  const gigabytes = Math.floor((typeOf(linode.type)?.memory ?? 0) / 1024);
  const slots = SLOTS.slice(0, Math.max(SMALL_PLAN_SLOTS, gigabytes));
  if (!slots.includes(slot)) {
    throw invalid(`A Linode of type ${linode.type} has the device slots sda to ${slots.at(-1)} here.`, field);
  }
}

function devicesFrom(ctx: Context, linode: InstanceRecord, wanted: Devices): Record<string, Device> {
  const devices: Record<string, Device> = {};
  for (const [slot, device] of Object.entries(wanted as Record<string, Partial<Device> | null>)) {
    if (device == null || (device.disk_id == null && device.volume_id == null)) continue;
    const field = `devices.${slot}`;
    demandSlot(linode, slot, field);
    if (device.disk_id != null && device.volume_id != null) {
      throw invalid("A device is either a disk or a volume.", field);
    }
    if (device.disk_id != null) {
      const disk = ctx.store.table("disks").get(device.disk_id);
      if (disk?.linodeId !== linode.id) throw invalid("disk_id is not valid", `${field}.disk_id`);
      devices[slot] = { disk_id: disk.id, volume_id: null };
      continue;
    }
    const volume = ctx.store.table("volumes").get(device.volume_id as number);
    if (volume === undefined) throw invalid("volume_id is not valid", `${field}.volume_id`);
    if (volume.linodeId !== null && volume.linodeId !== linode.id) {
      throw invalid("Volume is already attached to a Linode", `${field}.volume_id`);
    }
    if (volumeOf(ctx, volume.id).region !== linode.region) {
      throw invalid("Volume and Linode must be in the same region", `${field}.volume_id`);
    }
    devices[slot] = { disk_id: null, volume_id: volume.id };
  }
  return devices;
}

function withoutNull(given: Record<string, boolean | null | undefined>): Record<string, boolean> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => typeof value === "boolean")) as Record<
    string,
    boolean
  >;
}
