import { randomInt } from "node:crypto";

import type { Context } from "../context";
import { now } from "../context";
import { ApiError } from "../errors";
import type { AddressRecord, InstanceRecord, RangeRecord } from "../model";

const PRIVATE_FIRST = 10;
const PRIVATE_LAST = 32_760;

/** Gives a Linode one more IPv4 address. */
export function allocateIpv4(ctx: Context, linode: { id: number; region: string }, isPublic: boolean): AddressRecord {
  const address = isPublic ? nextPublic(ctx) : nextPrivate(ctx);
  return ctx.store.table("addresses").put({
    id: address,
    public: isPublic,
    linodeId: linode.id,
    region: linode.region,
    rdns: isPublic ? `${address.replaceAll(".", "-")}.ip.linodeusercontent.com` : null,
    order: ctx.store.nextId(),
  });
}

/** A Linode's own IPv4 addresses, the oldest first. */
export function addressesOf(ctx: Context, linodeId: number): AddressRecord[] {
  return ctx.store
    .table("addresses")
    .where((address) => address.linodeId === linodeId)
    .sort((a, b) => a.order - b.order);
}

/** The hardware address of a Linode's interface: derived from its id, so that it never changes. */
export function macOf(linodeId: number, position: number, kind: "public" | "vlan"): string {
  const [prefix, number] = kind === "public" ? ["f2:3c:95", linodeId] : ["90:de:01", linodeId * 4 + position];
  const tail = [16, 8, 0].map((shift) => ((number >> shift) & 0xff).toString(16).padStart(2, "0"));
  return [prefix, ...tail].join(":");
}

/** The address that a Linode gives itself from router advertisements. */
export function slaacOf(ctx: Context, linodeId: number): string {
  return `${ctx.settings.addresses.slaacPrefix}:${interfaceId(linodeId)}`;
}

/** The link-local address of a Linode's public interface. */
export function linkLocalOf(linodeId: number): string {
  return `fe80::${interfaceId(linodeId)}`;
}

/** Routes a new IPv6 range to a Linode. */
export function allocateRange(ctx: Context, linode: { id: number; region: string }, prefix: 56 | 64): RangeRecord {
  const ranges = ctx.store.table("ranges");
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    // 2001:db8:100::/40, cut at /56 for both lengths.
    const id = `2001:db8:${randomInt(0x100, 0x200).toString(16)}:${(randomInt(1, 0xff) << 8).toString(16)}::`;
    if (ranges.get(id) !== undefined) continue;
    return ranges.put({ id, prefix, region: linode.region, linodeId: linode.id, created: now(ctx) });
  }
  throw new ApiError(500, [{ reason: "The lab has no IPv6 range left." }]);
}

/** What others share with a Linode. */
export function sharedWith(ctx: Context, linodeId: number): readonly string[] {
  return ctx.store.table("shares").get(linodeId)?.ips ?? [];
}

/** A Linode's own addresses and ranges that are shared with somebody: those that the platform routes to whoever announces them. */
export function floatingOf(ctx: Context, linodeId: number): readonly string[] {
  const shared = new Set(
    ctx.store
      .table("shares")
      .all()
      .flatMap((share) => share.ips),
  );
  const own = (["addresses", "ranges"] as const).flatMap((table) =>
    ctx.store
      .table(table)
      .all()
      .filter((each) => each.linodeId === linodeId)
      .map((each) => each.id),
  );
  return own.filter((id) => shared.has(id)).sort();
}

/** Who owns an address or a range. */
export function ownerOf(ctx: Context, id: string): number | undefined {
  return (ctx.store.table("addresses").get(id) ?? ctx.store.table("ranges").get(id))?.linodeId ?? undefined;
}

/** Takes an address out of every list it is shared in. Returns who had it. */
export function unshare(ctx: Context, address: string): number[] {
  const shares = ctx.store.table("shares");
  const holders = shares.where((share) => share.ips.includes(address));
  for (const share of holders) shares.update(share.id, { ips: share.ips.filter((ip) => ip !== address) });
  return holders.map((share) => share.id);
}

/** Frees all addresses of a Linode that goes away. Returns who had one of them shared, and who shared one with it. */
export function releaseAddresses(ctx: Context, linode: InstanceRecord): number[] {
  const affected = new Set<number>();
  const release = (table: "addresses" | "ranges", id: string): void => {
    for (const holder of unshare(ctx, id)) affected.add(holder);
    ctx.store.table(table).delete(id);
  };
  for (const address of addressesOf(ctx, linode.id)) release("addresses", address.id);
  for (const range of ctx.store.table("ranges").where((each) => each.linodeId === linode.id)) {
    release("ranges", range.id);
  }
  // What only it shared goes back to its owners.
  for (const id of sharedWith(ctx, linode.id).flatMap((ip) => ownerOf(ctx, ip) ?? [])) affected.add(id);
  ctx.store.table("shares").delete(linode.id);
  affected.delete(linode.id);
  return [...affected];
}

/** The range goes round, so that an address just given back is not handed out again at once. */
function nextPublic(ctx: Context): string {
  const taken = ctx.store.table("addresses");
  const last = ctx.store.setting<number>("lastPublicIpv4") ?? 1;
  for (let step = 1; step <= 253; step += 1) {
    const host = 2 + ((last - 2 + step + 253) % 253);
    const address = `${ctx.settings.addresses.publicPrefix}.${host}`;
    if (taken.get(address) !== undefined) continue;
    ctx.store.setting("lastPublicIpv4", host);
    return address;
  }
  throw new ApiError(400, [{ reason: "The lab has no public IPv4 address left. Delete Linodes or addresses first." }]);
}

function nextPrivate(ctx: Context): string {
  const taken = ctx.store.table("addresses");
  const start = ctx.store.setting<number>("lastPrivateIpv4") ?? PRIVATE_FIRST;
  for (let number = start + 1; number < PRIVATE_LAST; number += 1) {
    const address = `192.168.${128 + (number >> 8)}.${number & 0xff}`;
    if ((number & 0xff) === 0 || (number & 0xff) === 255 || taken.get(address) !== undefined) continue;
    ctx.store.setting("lastPrivateIpv4", number);
    return address;
  }
  throw new ApiError(400, [{ reason: "The lab has no private IPv4 address left." }]);
}

/** The lower half of an IPv6 address, made of the hardware address as SLAAC does (EUI-64). */
function interfaceId(linodeId: number): string {
  const bytes = macOf(linodeId, 0, "public")
    .split(":")
    .map((part) => Number.parseInt(part, 16)) as [number, number, number, number, number, number];
  const eui = [bytes[0] ^ 2, bytes[1], bytes[2], 0xff, 0xfe, bytes[3], bytes[4], bytes[5]];
  const groups: string[] = [];
  for (let index = 0; index < 8; index += 2) {
    groups.push((((eui[index] as number) << 8) | (eui[index + 1] as number)).toString(16));
  }
  return groups.join(":");
}
