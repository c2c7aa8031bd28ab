import type { Config, Disk, Interface, Linode, Volume } from "@linode/api-v4";

import { typeOf } from "../catalog/types";
import type { Context } from "../context";
import type { ConfigRecord, DiskRecord, InstanceRecord, InterfaceRecord, VolumeRecord } from "../model";
import { addressesOf, slaacOf } from "../services/addresses";

const SLOTS = "abcdefghijklmnop".split("").map((letter) => `sd${letter}`);
const VISIBLE_SLOTS = 8;

/** A Linode as the API shows it. */
export function instanceView(ctx: Context, linode: InstanceRecord) {
  const type = typeOf(linode.type);
  const group =
    linode.placementGroup === null ? undefined : ctx.store.table("placementGroups").get(linode.placementGroup);
  return {
    id: linode.id,
    label: linode.label,
    group: linode.group,
    status: linode.status as Linode["status"],
    created: linode.created,
    updated: linode.updated,
    type: linode.type,
    ipv4: addressesOf(ctx, linode.id).map((address) => address.id),
    ipv6: `${slaacOf(ctx, linode.id)}/128`,
    image: linode.image,
    region: linode.region,
    site_type: "core",
    specs: {
      disk: type?.disk ?? 0,
      memory: type?.memory ?? 0,
      vcpus: type?.vcpus ?? 0,
      gpus: 0,
      transfer: type?.transfer ?? 0,
      accelerated_devices: 0,
    },
    alerts: { ...linode.alerts, system_alerts: [], user_alerts: [] },
    backups: {
      enabled: linode.backups.enabled,
      // The API has it, the vendor's types don't.
      ...{ available: false },
      schedule: {
        // The API chooses the time of a schedule that nobody gave.
        day: (linode.backups.day ??
          (linode.backups.enabled ? "Scheduling" : null)) as Linode["backups"]["schedule"]["day"],
        window: (linode.backups.window ??
          (linode.backups.enabled ? "Scheduling" : null)) as Linode["backups"]["schedule"]["window"],
      },
      last_successful: null,
    },
    hypervisor: "kvm",
    watchdog_enabled: linode.watchdog,
    tags: [...linode.tags],
    host_uuid: linode.hostUuid,
    has_user_data: linode.userData !== null,
    placement_group: group
      ? {
          id: group.id,
          label: group.label,
          placement_group_type: group.type,
          placement_group_policy: group.policy,
          migrating_to: null,
        }
      : null,
    disk_encryption: linode.diskEncryption,
    lke_cluster_id: null,
    capabilities: ["Block Storage Encryption", "SMTP Enabled", "Maintenance Policy"],
    interface_generation: "legacy_config",
    maintenance_policy: linode.maintenancePolicy as Linode["maintenance_policy"],
    locks: [],
  } satisfies Linode & Record<string, unknown>;
}

export const INSTANCE_KEYS = [
  "id",
  "label",
  "group",
  "tags",
  "region",
  "status",
  "type",
  "image",
  "ipv4",
  "ipv6",
  "created",
  "updated",
  "host_uuid",
  "watchdog_enabled",
];

export function diskView(disk: DiskRecord) {
  return {
    id: disk.id,
    status: disk.status,
    label: disk.label,
    created: disk.created,
    updated: disk.updated,
    filesystem: disk.filesystem,
    size: disk.size,
    disk_encryption: disk.encryption,
  } satisfies Disk;
}

export const DISK_KEYS = ["id", "label", "status", "filesystem", "size", "created", "updated"];

export function configView(ctx: Context, config: ConfigRecord) {
  const linode = ctx.store.table("instances").get(config.linodeId);
  const shown = Math.max(VISIBLE_SLOTS, ...Object.keys(config.devices).map((slot) => SLOTS.indexOf(slot) + 1));
  const devices = Object.fromEntries(SLOTS.slice(0, shown).map((slot) => [slot, config.devices[slot] ?? null]));
  return {
    id: config.id,
    label: config.label,
    helpers: config.helpers,
    kernel: config.kernel,
    comments: config.comments,
    memory_limit: config.memory_limit,
    created: config.created,
    updated: config.updated,
    root_device: config.root_device,
    devices,
    initrd: config.initrd,
    run_level: config.run_level,
    virt_mode: config.virt_mode,
    interfaces: config.interfaces.map((each) => interfaceView(each, linode?.bootedConfig === config.id)),
  } satisfies Config;
}

export const CONFIG_KEYS = [
  "id",
  "label",
  "comments",
  "kernel",
  "root_device",
  "run_level",
  "interfaces",
  "created",
  "updated",
];

export function interfaceView(each: InterfaceRecord, active: boolean): Interface {
  return {
    id: each.id,
    purpose: each.purpose,
    primary: each.primary,
    active,
    ipam_address: each.ipam_address,
    label: each.label,
    vpc_id: null,
    subnet_id: null,
    // The vendor's types say "absent", its API says null.
    ipv4: null as unknown as undefined,
    ipv6: null as unknown as undefined,
    ip_ranges: null as unknown as undefined,
  };
}

export function volumeView(ctx: Context, volume: VolumeRecord) {
  const linode = volume.linodeId === null ? undefined : ctx.store.table("instances").get(volume.linodeId);
  return {
    id: volume.id,
    status: volume.status,
    label: volume.label,
    created: volume.created,
    updated: volume.updated,
    filesystem_path: `/dev/disk/by-id/scsi-0Linode_Volume_${volume.label}`,
    size: volume.size,
    linode_id: volume.linodeId,
    linode_label: linode?.label ?? null,
    io_ready: volume.status !== "creating" && volume.linodeId !== null && !isBeingAttached(ctx, volume),
    region: volume.region,
    tags: [...volume.tags],
    hardware_type: "nvme",
    encryption: volume.encryption,
    locks: [],
  } satisfies Volume & Record<string, unknown>;
}

function isBeingAttached(ctx: Context, volume: VolumeRecord): boolean {
  const jobs = ctx.store.table("jobs");
  return jobs.find(({ kind, args }) => kind === "volume_attach" && args["volumeId"] === volume.id) !== undefined;
}

export const VOLUME_KEYS = [
  "id",
  "label",
  "status",
  "region",
  "size",
  "tags",
  "linode_id",
  "created",
  "updated",
  "encryption",
];
