import type {
  BlockDevice,
  DeviceSlot,
  FirewallPolicy,
  FirewallRule,
  MachineSpec,
  MachineWiring,
  NetworkInterface,
} from "../../machines/contract";
import { bootsFromDisk } from "../catalog/images";
import { typeOf } from "../catalog/types";
import type { Context } from "../context";
import type { ConfigRecord, FirewallRecord, InstanceRecord, RuleRecord, VolumeRecord } from "../model";
import { addressesOf, floatingOf, macOf, sharedWith, slaacOf } from "./addresses";

const SLOTS: readonly DeviceSlot[] = "abcdefghijklmnop".split("").map((letter) => `sd${letter}` as DeviceSlot);

/** The name under which a disk's data is kept. */
export function diskStorage(id: number): string {
  return `disk-${id}`;
}

/** A volume as a guest sees it. */
export function volumeDevice(volume: VolumeRecord, slot: string): BlockDevice {
  return { slot: slot as DeviceSlot, storage: volumeStorage(volume.id), serial: `Linode_Volume_${volume.label}` };
}

export function volumeStorage(id: number): string {
  return `volume-${id}`;
}

/**
 * The next slot for one more device, or undefined when all are taken: by the config, or by volumes that the guest has
 * without the config saying where.
 */
export function freeSlot(ctx: Context, config: ConfigRecord): DeviceSlot | undefined {
  const taken = volumesElsewhere(ctx, config.linodeId).map((volume) => volume.guestSlot);
  return SLOTS.find((slot) => config.devices[slot] === undefined && !taken.includes(slot));
}

/** Forgets where the guest had volumes, for it is about to boot: {@link placeLooseVolumes} decides anew. */
export function forgetSlots(ctx: Context, linodeId: number): void {
  for (const { id } of volumesElsewhere(ctx, linodeId)) ctx.store.table("volumes").update(id, { guestSlot: null });
}

/**
 * Gives every volume that is attached to a Linode, but in no configuration profile of it, a slot in the guest that boots
 * or runs. The profile itself stays as its owner wrote it.
 */
export function placeLooseVolumes(ctx: Context, config: ConfigRecord): void {
  const volumes = ctx.store.table("volumes");
  for (const volume of looseVolumes(ctx, config.linodeId)) {
    if (volume.guestSlot != null) continue;
    const guestSlot = freeSlot(ctx, config);
    if (guestSlot === undefined) throw new Error(`No device slot is left for the volume ${volume.label}.`);
    volumes.update(volume.id, { guestSlot });
  }
}

/** Volumes that a guest has where no config says so. */
function volumesElsewhere(ctx: Context, linodeId: number): VolumeRecord[] {
  return ctx.store.table("volumes").where((volume) => volume.linodeId === linodeId && volume.guestSlot != null);
}

/** Attached volumes in no config at all. One that is still being made is attached when it is ready. */
function looseVolumes(ctx: Context, linodeId: number): VolumeRecord[] {
  const named = ctx.store
    .table("configs")
    .where((config) => config.linodeId === linodeId)
    .flatMap((config) => Object.values(config.devices).map((device) => device.volume_id));
  const loose = (volume: VolumeRecord) => volume.status !== "creating" && !named.includes(volume.id);
  return ctx.store.table("volumes").where((volume) => volume.linodeId === linodeId && loose(volume));
}

/** All that a machine needs to know to start this Linode with this config. */
export function specOf(ctx: Context, linode: InstanceRecord, config: ConfigRecord): MachineSpec {
  const vcpus = typeOf(linode.type)?.vcpus ?? 1;
  return {
    id: linode.id,
    label: linode.label,
    region: linode.region,
    memoryMiB:
      config.memory_limit > 0
        ? Math.min(config.memory_limit, ctx.settings.guestMemoryMiB)
        : ctx.settings.guestMemoryMiB,
    vcpus: Math.min(vcpus, ctx.settings.guestVcpus),
    devices: devicesOf(ctx, config),
    rootDevice: config.root_device,
    kernel: bootsFromDisk(config.kernel) ? "distribution" : "linode",
    interfaces: interfacesOf(ctx, linode, config),
    networkHelper: config.helpers["network"] ?? false,
    runLevel: config.run_level,
  };
}

/** Tells the network what a Linode may use now, if it runs. */
export async function rewire(ctx: Context, linodeId: number): Promise<void> {
  const linode = ctx.store.table("instances").get(linodeId);
  if (linode?.bootedConfig == null) return;
  const config = ctx.store.table("configs").get(linode.bootedConfig);
  if (config === undefined) return;
  await ctx.networks.apply(linodeId, wiringOf(ctx, linode, config));
}

export function wiringOf(ctx: Context, linode: InstanceRecord, config: ConfigRecord): MachineWiring {
  const policy = policyOf(ctx, linode.id);
  const floating = floatingOf(ctx, linode.id);
  return {
    region: linode.region,
    interfaces: interfacesOf(ctx, linode, config),
    shared: sharedWith(ctx, linode.id).map((id) => withLength(ctx, id)),
    ...(floating.length === 0 ? {} : { floating: floating.map((id) => withLength(ctx, id)) }),
    ...(policy === undefined ? {} : { firewall: policy }),
  };
}

/** An IPv4 address as it is, an IPv6 range with its length. */
function withLength(ctx: Context, id: string): string {
  const range = ctx.store.table("ranges").get(id);
  return range === undefined ? id : `${id}/${range.prefix}`;
}

/** The firewall that a Linode is a device of. */
export function firewallOf(ctx: Context, linodeId: number): FirewallRecord | undefined {
  const device = ctx.store.table("firewallDevices").find((each) => each.linodeId === linodeId);
  return device && ctx.store.table("firewalls").get(device.firewallId);
}

function devicesOf(ctx: Context, config: ConfigRecord): BlockDevice[] {
  const named = Object.entries(config.devices).flatMap(([slot, device]): BlockDevice[] => {
    if (device.disk_id !== null) return [{ slot: slot as DeviceSlot, storage: diskStorage(device.disk_id) }];
    const volume = ctx.store.table("volumes").get(device.volume_id);
    return volume ? [volumeDevice(volume, slot)] : [];
  });
  const loose = volumesElsewhere(ctx, config.linodeId);
  return [...named, ...loose.map((volume) => volumeDevice(volume, volume.guestSlot ?? ""))];
}

function interfacesOf(ctx: Context, linode: InstanceRecord, config: ConfigRecord): NetworkInterface[] {
  if (config.interfaces.length === 0) return [publicInterface(ctx, linode, 0)];
  return config.interfaces.map((each, position): NetworkInterface => {
    if (each.purpose === "public") return publicInterface(ctx, linode, position);
    return {
      kind: "vlan",
      name: `eth${position}`,
      mac: macOf(linode.id, position, "vlan"),
      vlan: each.label ?? "",
      ...(each.ipam_address ? { ipam: each.ipam_address } : {}),
    };
  });
}

function publicInterface(ctx: Context, linode: InstanceRecord, position: number): NetworkInterface {
  const plan = ctx.settings.addresses;
  const own = addressesOf(ctx, linode.id);
  return {
    kind: "public",
    name: `eth${position}`,
    mac: macOf(linode.id, position, "public"),
    ipv4: [...own.filter((each) => each.public), ...own.filter((each) => !each.public)].map(
      (each) => `${each.id}/${each.public ? 24 : 17}`,
    ),
    ipv4Gateway: `${plan.publicPrefix}.1`,
    ipv6: `${slaacOf(ctx, linode.id)}/64`,
    ipv6Gateway: plan.ipv6Gateway,
    ipv6Ranges: ctx.store
      .table("ranges")
      .where((range) => range.linodeId === linode.id)
      .map((range) => `${range.id}/${range.prefix}`),
  };
}

function policyOf(ctx: Context, linodeId: number): FirewallPolicy | undefined {
  const firewall = firewallOf(ctx, linodeId);
  if (firewall?.status !== "enabled") return undefined;
  return {
    inbound: firewall.inbound.flatMap(rulesOf),
    inboundPolicy: firewall.inboundPolicy,
    outbound: firewall.outbound.flatMap(rulesOf),
    outboundPolicy: firewall.outboundPolicy,
  };
}

function rulesOf(rule: RuleRecord): FirewallRule[] {
  const protocols = rule.protocol === "ALL" ? (["TCP", "UDP", "ICMP", "IPENCAP"] as const) : ([rule.protocol] as const);
  return protocols.map((protocol) => ({
    protocol,
    ports: protocol === "TCP" || protocol === "UDP" ? (rule.ports ?? "").replaceAll(" ", "") : "",
    ipv4: rule.addresses?.ipv4 ?? [],
    ipv6: rule.addresses?.ipv6 ?? [],
    action: rule.action,
  }));
}
