import * as net from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import type { HaPairArgs, InterconnectSettings, PairAlerts } from "../haPair";
import { UserError } from "./errors";
import { Findings, hostInNetwork4, isCidr, isDomain, isHostLabel, isPort, overlaps4 } from "./rules";

/** Slots of a configuration profile that data may use: `sda` is the boot disk, `sdb` swap. */
const DATA_SLOTS = ["sdc", "sdd", "sde", "sdf", "sdg", "sdh"] as const;
/** Linodes in one placement group. */
const MOST_APART = 5;
const MIN_VOLUME_GIB = 10;
const MIN_RAW_MIB = 64;
const MIN_BOOT_MIB = 4096;
/** The vendor's private network, the same in every region. */
const PRIVATE_NETWORK = "192.168.128.0/17";
const NAME = /^[a-z][a-z0-9-]{0,22}$/;

const DEFAULTS = {
  image: "linode/debian13",
  bootMiB: 20480,
  swapMiB: 512,
  vlanCidr: "10.20.0.0/24",
  placement: "strict",
  configLabel: "ha",
  timezone: "Etc/UTC",
  // The vendor's own defaults. Spelled out, because its provider sends 0 (off) for every threshold left out.
  alerts: { cpu: 180, io: 10000, networkIn: 10, networkOut: 10, transferQuota: 80 },
} as const;

/** A data device of both nodes. */
export type DevicePlan =
  | { readonly kind: "disk"; readonly name: string; readonly slot: string; readonly sizeMiB: number }
  | { readonly kind: "volume"; readonly name: string; readonly slot: string; readonly sizeGiB: number };

export type InterconnectPlan =
  | { readonly kind: "vlan"; readonly label: string; readonly cidr: string; readonly first: number }
  | { readonly kind: "private" }
  | { readonly kind: "public6" };

export interface NodePlan {
  readonly name: string;
  readonly fqdn: string;
  readonly image: string;
  /** With prefix length; only on a VLAN. */
  readonly vlanAddress?: string;
}

/** The arguments of any number of hosts that are built alike. */
export interface HostsArgs extends Omit<HaPairArgs, "nodes"> {
  readonly nodes: readonly string[];
}

/** A pair's arguments, or a group's, with every default filled in. */
export interface PairPlan {
  readonly region: string;
  readonly type: string;
  readonly domain: string;
  readonly nodes: readonly NodePlan[];
  readonly bootMiB: number;
  readonly swapMiB: number;
  readonly devices: readonly DevicePlan[];
  readonly interconnect: InterconnectPlan;
  readonly adminCidrs: readonly string[];
  readonly sshFrom: readonly pulumi.Input<string>[];
  readonly publicTcpPorts: readonly number[];
  readonly peerUdpPorts: readonly number[];
  readonly peerTcp6Ports: readonly number[];
  readonly placement: "strict" | "flexible";
  readonly configLabel: string;
  readonly alerts: Required<PairAlerts>;
  readonly timezone: string;
}

/**
 * Checks a pair's arguments, or a group's, and fills in the defaults.
 *
 * @param what as errors name the component
 * @throws UserError with every problem at once.
 */
export function planPair(name: string, stack: string, args: HostsArgs, what = "HaPair"): PairPlan {
  const found = new Findings();
  checkNames(args, found);
  checkImages(args, found);
  checkAccess(args, found);
  const interconnect = planInterconnect(args, `${stack}-${name}`, found);
  const devices = planDevices(args, found);
  if (found.problems.length > 0) {
    throw new UserError(`${what} "${name}" cannot be built:`, found.problems);
  }
  const nodeAt = (node: string, index: number): NodePlan => ({
    name: node,
    fqdn: `${node}.${args.domain}`,
    image: imageOf(args, node),
    ...(interconnect.kind === "vlan"
      ? { vlanAddress: hostInNetwork4(interconnect.cidr, interconnect.first + index) }
      : {}),
  });
  return {
    region: args.region,
    type: args.type,
    domain: args.domain,
    nodes: args.nodes.map(nodeAt),
    bootMiB: args.disks?.bootMiB ?? DEFAULTS.bootMiB,
    swapMiB: args.disks?.swapMiB ?? DEFAULTS.swapMiB,
    devices,
    interconnect,
    adminCidrs: args.access.adminCidrs,
    sshFrom: args.access.sshFrom ?? [],
    publicTcpPorts: args.access.publicTcpPorts ?? [],
    peerUdpPorts: args.access.peerUdpPorts ?? [],
    peerTcp6Ports: args.access.peerTcp6Ports ?? [],
    placement: args.placement ?? DEFAULTS.placement,
    configLabel: args.configLabel ?? DEFAULTS.configLabel,
    alerts: { ...DEFAULTS.alerts, ...args.alerts },
    timezone: args.timezone ?? DEFAULTS.timezone,
  };
}

function imageOf({ image = DEFAULTS.image }: HostsArgs, node: string): string {
  return typeof image === "string" ? image : (image[node] ?? DEFAULTS.image);
}

function checkImages({ image, nodes }: HostsArgs, found: Findings): void {
  if (typeof image !== "object") {
    return;
  }
  found.require(Object.keys(image).sort().join() === [...nodes].sort().join(), {
    path: "image",
    given: image,
    what: nodes.length === 2 ? "does not name the two nodes" : "does not name the hosts",
    allowed: `one image, or one for each of ${nodes.join(" and ")}`,
    todo: `write one image for ${nodes.length === 2 ? "both" : "all"}, for example "${DEFAULTS.image}"`,
  });
}

function checkNames(args: HostsArgs, found: Findings): void {
  args.nodes.forEach((node, index) => {
    found.require(isHostLabel(node), {
      path: `nodes[${index}]`,
      given: node,
      what: "is not a host name that a Linode can carry",
      allowed: "3 to 63 of a-z, 0-9 and '-', not at either end",
      todo: 'choose a short name such as "web1"',
    });
  });
  found.require(args.nodes.length > 0, {
    path: "nodes",
    given: args.nodes,
    what: "is empty: there would be no host",
    allowed: "one name or more",
    todo: 'name the hosts, for example "web1"',
  });
  found.require(args.nodes.length <= MOST_APART, {
    path: "nodes",
    given: args.nodes.length,
    what: "is more than the vendor keeps apart in one placement group",
    allowed: `up to ${MOST_APART} names`,
    todo: "make a second group",
  });
  found.require(new Set(args.nodes).size === args.nodes.length, {
    path: "nodes",
    given: args.nodes,
    what: args.nodes.length === 2 ? "both nodes have the same name" : "two hosts have the same name",
    todo: 'give each node its own, for example "web1" and "web2"',
  });
  found.require(isDomain(args.domain), {
    path: "domain",
    given: args.domain,
    what: "is not a domain name",
    allowed: "lower-case labels joined by dots",
    todo: 'write it as "example.org"',
  });
}

function checkAccess(args: HostsArgs, found: Findings): void {
  found.require(args.access.adminCidrs.length > 0, {
    path: "access.adminCidrs",
    given: args.access.adminCidrs,
    what: "nobody could log in to set the nodes up",
    todo: "name the network from which Pulumi runs, for example 203.0.113.0/24",
  });
  args.access.adminCidrs.forEach((cidr, index) => {
    found.require(isCidr(cidr), {
      path: `access.adminCidrs[${index}]`,
      given: cidr,
      what: "is not a network",
      allowed: "an address, a slash and a prefix length",
      todo: "write it as 203.0.113.0/24 or 2001:db8::/32",
    });
  });
  const ports = [
    ["publicTcpPorts", "a TCP port", "a service, for example 443"],
    ["peerUdpPorts", "a UDP port", "what the nodes say to each other, for example 694"],
    ["peerTcp6Ports", "a TCP port", "what the nodes say to each other, for example 7788"],
  ] as const;
  for (const [list, kind, whose] of ports) {
    args.access[list]?.forEach((port, index) => {
      found.require(isPort(port), {
        path: `access.${list}[${index}]`,
        given: port,
        what: `is not ${kind}`,
        allowed: "1 to 65535",
        todo: `name the port of ${whose}`,
      });
    });
  }
}

function planInterconnect(args: HostsArgs, defaultLabel: string, found: Findings): InterconnectPlan {
  const given: InterconnectSettings = args.interconnect ?? { kind: "vlan" };
  if (given.kind !== "vlan") {
    return given;
  }
  const cidr = given.cidr ?? DEFAULTS.vlanCidr;
  const [address = "", prefix = ""] = cidr.split("/");
  const usable = isCidr(cidr) && net.isIPv4(address) && Number(prefix) >= 8 && Number(prefix) <= 29;
  found.require(usable, {
    path: "interconnect.cidr",
    given: cidr,
    what: "is not an IPv4 network with room for two nodes",
    allowed: "prefix lengths 8 to 29",
    todo: `write it as ${DEFAULTS.vlanCidr}`,
  });
  found.require(!usable || !overlaps4(cidr, PRIVATE_NETWORK), {
    path: "interconnect.cidr",
    given: cidr,
    what: `overlaps the vendor's private network ${PRIVATE_NETWORK}`,
    todo: `choose another, for example ${DEFAULTS.vlanCidr}`,
  });
  const { first = 1 } = given;
  const room = 2 ** (32 - Number(prefix)) - 2;
  const last = first + args.nodes.length - 1;
  found.require(!usable || (Number.isInteger(first) && first >= 1 && last <= room), {
    path: "interconnect.first",
    given: first,
    what: "leaves no room for the hosts' addresses in the network",
    allowed: `whole numbers from 1 to ${room - args.nodes.length + 1}`,
    todo: "leave it out for 1, or choose a larger network",
  });
  return { kind: "vlan", label: given.label ?? defaultLabel.slice(0, 64), cidr, first };
}

function planDevices(args: HostsArgs, found: Findings): DevicePlan[] {
  const { bootMiB, swapMiB, raw = {}, volumes = {} } = args.disks ?? {};
  const size = (path: string, given: number | undefined, minimum: number, unit: string): void => {
    found.require(given === undefined || (Number.isInteger(given) && given >= minimum), {
      path,
      given,
      what: "is too small, or not a whole number",
      allowed: `${minimum} ${unit} or more`,
      todo: "choose a larger size",
    });
  };
  size("disks.bootMiB", bootMiB, MIN_BOOT_MIB, "MiB");
  size("disks.swapMiB", swapMiB, 0, "MiB");
  const wanted = [
    ...Object.entries(raw).map(([name, disk]) => {
      size(`disks.raw.${name}.sizeMiB`, disk.sizeMiB, MIN_RAW_MIB, "MiB");
      return { kind: "disk" as const, path: `disks.raw.${name}`, name, slot: disk.device, sizeMiB: disk.sizeMiB };
    }),
    ...Object.entries(volumes).map(([name, volume]) => {
      size(`disks.volumes.${name}.sizeGiB`, volume.sizeGiB, MIN_VOLUME_GIB, "GiB");
      return {
        kind: "volume" as const,
        path: `disks.volumes.${name}`,
        name,
        slot: volume.device,
        sizeGiB: volume.sizeGiB,
      };
    }),
  ];
  const taken = new Set<string>();
  const names = new Set<string>();
  for (const device of wanted) {
    found.require(NAME.test(device.name) && !names.has(device.name), {
      path: device.path,
      given: device.name,
      what: "is not a usable name, or names two devices",
      allowed: "up to 23 of a-z, 0-9 and '-', starting with a letter, once among disks and volumes",
      todo: 'choose a short name such as "www"',
    });
    names.add(device.name);
    if (device.slot !== undefined) {
      found.require((DATA_SLOTS as readonly string[]).includes(device.slot) && !taken.has(device.slot), {
        path: `${device.path}.device`,
        given: device.slot,
        what: "is not a free device",
        allowed: DATA_SLOTS.join(", "),
        todo: "choose another, or leave it out",
      });
      taken.add(device.slot);
    }
  }
  found.require(wanted.length <= DATA_SLOTS.length, {
    path: "disks",
    given: wanted.length,
    what: "has more disks and volumes than a Linode has devices",
    allowed: `${DATA_SLOTS.length} beside boot and swap`,
    todo: "use fewer, larger ones",
  });
  return wanted.map(({ path: _path, slot, ...device }) => {
    const chosen = slot ?? DATA_SLOTS.find((free) => !taken.has(free)) ?? "none";
    taken.add(chosen);
    return { ...device, slot: chosen };
  });
}
