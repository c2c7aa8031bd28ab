import type { IPAddress } from "@linode/api-v4";

import type { Context } from "../context";
import { entityOf } from "../events";
import type { AddressRecord, FirewallDeviceRecord, FirewallRecord, InstanceRecord, RangeRecord } from "../model";
import { addressesOf, linkLocalOf, sharedWith, slaacOf } from "../services/addresses";

export function addressView(ctx: Context, address: AddressRecord) {
  const linode = ctx.store.table("instances").get(address.linodeId);
  return {
    address: address.id,
    gateway: address.public ? `${ctx.settings.addresses.publicPrefix}.1` : null,
    subnet_mask: address.public ? "255.255.255.0" : "255.255.128.0",
    prefix: address.public ? 24 : 17,
    type: "ipv4",
    public: address.public,
    rdns: address.rdns,
    linode_id: address.linodeId,
    interface_id: null,
    region: address.region,
    vpc_nat_1_1: null,
    reserved: false,
    tags: [],
    assigned_entity: linode ? entityOf.linode(linode) : null,
  } satisfies IPAddress & Record<string, unknown>;
}

export const ADDRESS_KEYS = [
  "address",
  "type",
  "public",
  "rdns",
  "linode_id",
  "region",
  "prefix",
  "gateway",
  "subnet_mask",
  "reserved",
];

function ipv6View(ctx: Context, linode: InstanceRecord, address: string, isPublic: boolean) {
  return {
    address,
    gateway: ctx.settings.addresses.ipv6Gateway,
    subnet_mask: "ffff:ffff:ffff:ffff::",
    prefix: 64,
    type: "ipv6",
    public: isPublic,
    rdns: null,
    linode_id: linode.id,
    region: linode.region,
  };
}

/** The address that a Linode gives itself. */
export function slaacView(ctx: Context, linode: InstanceRecord) {
  return ipv6View(ctx, linode, slaacOf(ctx, linode.id), true);
}

/** All addresses of a Linode: its own, shared ones and ranges. */
export function linodeAddressesView(ctx: Context, linode: InstanceRecord) {
  const own = addressesOf(ctx, linode.id);
  const ranges = ctx.store.table("ranges");
  const shared = sharedWith(ctx, linode.id);
  const sharedIpv4 = shared.flatMap((ip) => ctx.store.table("addresses").get(ip) ?? []);
  const sharedRanges = shared.flatMap((ip) => ranges.get(ip) ?? []);
  const global = [...ranges.where((range) => range.linodeId === linode.id), ...sharedRanges];
  return {
    ipv4: {
      public: own.filter((address) => address.public).map((address) => addressView(ctx, address)),
      private: own.filter((address) => !address.public).map((address) => addressView(ctx, address)),
      shared: sharedIpv4.map((address) => addressView(ctx, address)),
      reserved: [],
      vpc: [],
    },
    ipv6: {
      slaac: slaacView(ctx, linode),
      link_local: ipv6View(ctx, linode, linkLocalOf(linode.id), false),
      global: global.map((range) => ({
        range: range.id,
        prefix: range.prefix,
        region: range.region,
        route_target: sharing(ctx, range.id).length > 0 ? null : slaacOf(ctx, range.linodeId ?? linode.id),
      })),
      vpc: [],
    },
  };
}

/** A range in a list: where it is routed to. */
export function rangeRowView(ctx: Context, range: RangeRecord) {
  const routed = range.linodeId !== null && sharing(ctx, range.id).length === 0;
  return {
    range: range.id,
    prefix: range.prefix,
    region: range.region,
    route_target: routed ? slaacOf(ctx, range.linodeId) : null,
  };
}

/** A single range: who has it. */
export function rangeView(ctx: Context, range: RangeRecord) {
  const sharers = sharing(ctx, range.id);
  return {
    range: range.id,
    prefix: range.prefix,
    region: range.region,
    is_bgp: sharers.length > 0,
    linodes: [...new Set([...(range.linodeId === null ? [] : [range.linodeId]), ...sharers])],
  };
}

/** The Linodes that an address or range is shared with. */
export function sharing(ctx: Context, address: string): number[] {
  return ctx.store
    .table("shares")
    .where((share) => share.ips.includes(address))
    .map((share) => share.id);
}

export function firewallRulesView(firewall: FirewallRecord) {
  const shown = (direction: "inbound" | "outbound") =>
    firewall.unsaid?.includes(direction)
      ? null
      : firewall[direction].map(({ number, ...rule }) => ({ ...rule, protocol: number ?? rule.protocol }));
  return {
    inbound: shown("inbound"),
    inbound_policy: firewall.inboundPolicy,
    outbound: shown("outbound"),
    outbound_policy: firewall.outboundPolicy,
    version: firewall.version,
    fingerprint: fingerprint(firewall),
  };
}

export function firewallView(ctx: Context, firewall: FirewallRecord) {
  const devices = ctx.store.table("firewallDevices").where((device) => device.firewallId === firewall.id);
  return {
    id: firewall.id,
    label: firewall.label,
    created: firewall.created,
    updated: firewall.updated,
    status: firewall.status,
    rules: firewallRulesView(firewall),
    tags: [...firewall.tags],
    entities: devices.map((device) => firewallDeviceView(ctx, device).entity),
  };
}

export const FIREWALL_KEYS = ["id", "label", "status", "tags", "created", "updated"];

export function firewallDeviceView(ctx: Context, device: FirewallDeviceRecord) {
  const linode = ctx.store.table("instances").get(device.linodeId);
  const entity = entityOf.linode({ id: device.linodeId, label: linode?.label ?? "" });
  return {
    id: device.id,
    created: device.created,
    updated: device.updated,
    entity: { ...entity, parent_entity: null },
  };
}

/** Eight hexadecimal digits that change with the rules (FNV-1a). */
function fingerprint(firewall: FirewallRecord): string {
  const text = JSON.stringify([firewall.inbound, firewall.inboundPolicy, firewall.outbound, firewall.outboundPolicy]);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}
