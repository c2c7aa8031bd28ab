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
import { addressesOf, macOf, sharedWith, slaacOf } from "./addresses";

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
  return {
    interfaces: interfacesOf(ctx, linode, config),
    shared: sharedWith(ctx, linode.id),
    ...(policy === undefined ? {} : { firewall: policy }),
  };
}

/** The firewall that a Linode is a device of. */
export function firewallOf(ctx: Context, linodeId: number): FirewallRecord | undefined {
  const device = ctx.store.table("firewallDevices").find((each) => each.linodeId === linodeId);
  return device && ctx.store.table("firewalls").get(device.firewallId);
}

function devicesOf(ctx: Context, config: ConfigRecord): BlockDevice[] {
  return Object.entries(config.devices).flatMap(([slot, device]): BlockDevice[] => {
    if (device.disk_id !== null) return [{ slot: slot as DeviceSlot, storage: diskStorage(device.disk_id) }];
    const volume = ctx.store.table("volumes").get(device.volume_id);
    return volume ? [volumeDevice(volume, slot)] : [];
  });
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
