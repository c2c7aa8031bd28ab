import {
  allocateIPSchema,
  assignAddressesSchema,
  IPAllocationSchema,
  shareAddressesSchema,
  updateIPSchema,
} from "@linode/validation";
import type { CreateIPv6RangePayload, IPAssignmentPayload, IPSharingPayload } from "@linode/api-v4";

import { instanceOf, type Context } from "../context";
import { invalid, notFound, notInLab } from "../errors";
import { entityOf } from "../events";
import type { AddressRecord, InstanceRecord, RangeRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { addressesOf, allocateIpv4, allocateRange, ownerOf, sharedWith, slaacOf, unshare } from "../services/addresses";
import { rewire } from "../services/wiring";
import {
  ADDRESS_KEYS,
  addressView,
  linodeAddressesView,
  rangeRowView,
  rangeView,
  sharing,
  slaacView,
} from "../views/network";

const linodes = area("linodes");
const ips = area("ips");
const LINODE_IPS = "/linode/instances/:linodeId/ips";
const DOMAIN_NAME =
  /^(?=.{1,253}\.?$)([a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;
const RANGE_KEYS = ["range", "prefix", "region", "route_target"];

/** Addresses: of Linodes, shared and routed. */
export const addressRoutes: readonly Route[] = [
  linodes.get(LINODE_IPS, (call) => linodeAddressesView(call.ctx, linode(call))),
  linodes.post(
    LINODE_IPS,
    async (call) => {
      const body = bodyOf<{ public: boolean; type: string; address?: string | null }>(call);
      demandIpv4(body.type);
      if (body.address != null) throw notInLab("reserved IPv4 addresses");
      return allocate(call, linode(call), body.public);
    },
    { schema: IPAllocationSchema, adapt: judgedAsIpv4 },
  ),
  linodes.get(`${LINODE_IPS}/:address`, (call) => addressView(call.ctx, own(call))),
  linodes.put(`${LINODE_IPS}/:address`, (call) => setRdns(call, own(call)), { schema: updateIPSchema }),
  linodes.del(`${LINODE_IPS}/:address`, release),
  ips.get("/networking/ips", (call) => {
    const { store } = call.ctx;
    const ipv4 = store.table("addresses").all();
    const linodes = store.table("instances").all();
    return listOf(
      call,
      [...ipv4.map((each) => addressView(call.ctx, each)), ...linodes.map((each) => slaacView(call.ctx, each))],
      ADDRESS_KEYS,
    );
  }),
  ips.post(
    "/networking/ips",
    async (call) => {
      const body = bodyOf<{ linode_id?: number; public: boolean; reserved?: boolean; type: string }>(call);
      demandIpv4(body.type);
      if (body.reserved) throw notInLab("reserved IPv4 addresses");
      if (body.linode_id == null) {
        throw invalid("Linode is a required argument when not reserving an IP address.", "linode_id");
      }
      return allocate(call, instanceOf(call.ctx, body.linode_id), body.public);
    },
    { schema: allocateIPSchema, adapt: (body) => ({ ...judgedAsIpv4(body), linode_id: body["linode_id"] ?? 1 }) },
  ),
  ips.get("/networking/ips/:address", (call) => {
    const own = slaacOwner(call);
    return own ? slaacView(call.ctx, own) : addressView(call.ctx, address(call));
  }),
  ips.put("/networking/ips/:address", (call) => setRdns(call, address(call)), { schema: updateIPSchema }),
  ...["/networking/ips/assign", "/networking/ipv4/assign"].map((path) =>
    ips.post(path, assign, { schema: assignAddressesSchema }),
  ),
  ...["/networking/ips/share", "/networking/ipv4/share"].map((path) =>
    ips.post(path, share, { schema: shareAddressesSchema }),
  ),
  ips.get("/networking/ipv6/pools", (call) => listOf(call, [], RANGE_KEYS)),
  ips.get("/networking/ipv6/ranges", (call) => {
    const ranges = call.ctx.store.table("ranges").all();
    return listOf(
      call,
      ranges.map((range) => rangeRowView(call.ctx, range)),
      RANGE_KEYS,
    );
  }),
  ips.post("/networking/ipv6/ranges", createRange),
  ips.get("/networking/ipv6/ranges/:range", (call) => rangeView(call.ctx, range(call))),
  ips.del("/networking/ipv6/ranges/:range", async (call) => {
    const one = range(call);
    if (sharing(call.ctx, one.id).length > 0) throw invalid("A shared range cannot be deleted: unshare it first.");
    call.ctx.store.table("ranges").delete(one.id);
    if (one.linodeId !== null) {
      note(call, "ipv6pool_delete", one.linodeId);
      await rewire(call.ctx, one.linodeId);
    }
    return {};
  }),
];

/** The API judges the type in words of its own. */
function judgedAsIpv4(body: Record<string, unknown>): Record<string, unknown> {
  return { ...body, type: typeof body["type"] === "string" ? "ipv4" : body["type"] };
}

function demandIpv4(type: string): void {
  if (type !== "ipv4") throw invalid("Only addresses of type ipv4 are currently supported.");
}

function linode(call: Call): InstanceRecord {
  return instanceOf(call.ctx, idOf(call.params["linodeId"]));
}

function address(call: Call): AddressRecord {
  const found = call.ctx.store.table("addresses").get(call.params["address"] ?? "");
  if (found === undefined) throw notFound();
  return found;
}

/** The Linode that gave itself the IPv6 address in the path. */
function slaacOwner(call: Call): InstanceRecord | undefined {
  const text = call.params["address"] ?? "";
  return call.ctx.store.table("instances").find((each) => slaacOf(call.ctx, each.id) === text);
}

function own(call: Call): AddressRecord {
  const found = address(call);
  if (found.linodeId !== linode(call).id) throw notFound();
  return found;
}

function range(call: Call): RangeRecord {
  const text = (call.params["range"] ?? "").replace(/\/\d+$/, "");
  const found = call.ctx.store.table("ranges").get(text);
  if (found === undefined) throw notFound();
  return found;
}

function note(
  call: Call,
  action: "linode_addip" | "linode_deleteip" | "ipv6pool_add" | "ipv6pool_delete",
  id: number,
): void {
  const record = call.ctx.store.table("instances").get(id);
  if (record) call.ctx.events.notify(action, call.username, entityOf.linode(record));
}

async function allocate(call: Call, to: InstanceRecord, isPublic: boolean): Promise<unknown> {
  const had = addressesOf(call.ctx, to.id).filter((each) => each.public === isPublic).length;
  const limit = isPublic ? 1 + call.ctx.settings.extraIpv4PerLinode : 1;
  if (had >= limit) {
    throw invalid(
      isPublic
        ? "Additional IPv4 addresses require technical justification. Please open a Support Ticket describing your requirement."
        : "Linode already has a private IPv4 address.",
    );
  }
  const record = allocateIpv4(call.ctx, to, isPublic);
  note(call, "linode_addip", to.id);
  await rewire(call.ctx, to.id);
  return addressView(call.ctx, record);
}

function setRdns(call: Call, record: AddressRecord): unknown {
  const { rdns, reserved } = bodyOf<{ rdns?: string | null; reserved?: boolean | null }>(call);
  if (reserved) throw notInLab("reserved IPv4 addresses");
  if (rdns === undefined) return addressView(call.ctx, record);
  if (!record.public) throw invalid("A private address has no reverse DNS.", "rdns");
  if (rdns !== null && !DOMAIN_NAME.test(rdns)) throw invalid("Domain is not valid.", "rdns");
  const standard = `${record.id.replaceAll(".", "-")}.ip.linodeusercontent.com`;
  const updated = call.ctx.store.table("addresses").update(record.id, { rdns: rdns ?? standard });
  return addressView(call.ctx, updated);
}

async function release(call: Call): Promise<unknown> {
  const record = own(call);
  const siblings = addressesOf(call.ctx, record.linodeId).filter((each) => each.public);
  if (record.public && siblings.length === 1) throw invalid("Linode must have at least one public IP address.");
  const holders = unshare(call.ctx, record.id);
  call.ctx.store.table("addresses").delete(record.id);
  note(call, "linode_deleteip", record.linodeId);
  for (const id of [record.linodeId, ...holders]) await rewire(call.ctx, id);
  return {};
}

/** Moves addresses between Linodes of a region. Each Linode must keep a public one. */
async function assign(call: Call): Promise<unknown> {
  const { ctx } = call;
  const { region, assignments } = bodyOf<IPAssignmentPayload>(call);
  const moves = assignments.map((each, index) => {
    const field = `assignments[${index}]`;
    const to = ctx.store.table("instances").get(each.linode_id);
    if (to === undefined) throw invalid(`Invalid Linode ID ${each.linode_id}`);
    if (to.region !== region) throw invalid("linode_id is not a Linode of this region", `${field}.linode_id`);
    const moved = ctx.store.table("addresses").get(each.address);
    if (moved === undefined) {
      const text = each.address.replace(/\/\d+$/, "");
      const routed = ctx.store.table("ranges").get(text);
      if (routed?.region === region) return { kind: "range" as const, id: text, from: routed.linodeId, to: to.id };
    }
    if (moved === undefined) throw invalid("IP Address not found.");
    if (moved.region !== region) throw invalid("address is not an address of this region", `${field}.address`);
    return { kind: "address" as const, id: moved.id, from: moved.linodeId, to: to.id };
  });
  demandPublicAddresses(ctx, moves);
  const touched = new Set<number>();
  for (const move of moves) {
    ctx.store.table(move.kind === "range" ? "ranges" : "addresses").update(move.id, { linodeId: move.to });
    for (const id of [move.from, move.to]) if (id !== null) touched.add(id);
  }
  for (const id of touched) await rewire(ctx, id);
  return {};
}

function demandPublicAddresses(ctx: Context, moves: readonly { id: string; from: number | null; to: number }[]): void {
  const owner = new Map(moves.map((move) => [move.id, move.to]));
  for (const id of new Set(moves.map((move) => move.from))) {
    if (id === null || !ctx.store.table("instances").get(id)) continue;
    const kept = ctx.store
      .table("addresses")
      .where((each) => each.public && (owner.get(each.id) ?? each.linodeId) === id);
    if (kept.length === 0) throw invalid("Every Linode must keep at least one public IP address.", "assignments");
  }
}

/** `linode_id` receives; `ips` is the whole list, and an empty one clears it. */
async function share(call: Call): Promise<unknown> {
  const { ctx } = call;
  const body = bodyOf<Partial<IPSharingPayload>>(call);
  const receiver = ctx.store.table("instances").get(body.linode_id ?? 0);
  if (receiver === undefined) throw invalid("linode_id is not valid", "linode_id");
  const wanted = [...new Set((body.ips ?? []).map((ip) => ip.replace(/\/\d+$/, "")))];
  for (const ip of wanted) {
    const record = ctx.store.table("addresses").get(ip) ?? ctx.store.table("ranges").get(ip);
    if (record === undefined) throw invalid(`${ip} is not an address of this account`, "ips");
    if ("public" in record && !record.public) throw invalid(`${ip} is private and cannot be shared`, "ips");
    if (record.region !== receiver.region) throw invalid(`${ip} is not in region ${receiver.region}`, "ips");
    // A range may be shared with its own Linode: that is how it becomes announced rather than routed.
    if ("public" in record && record.linodeId === receiver.id) {
      throw invalid(`${ip} already belongs to Linode ${receiver.label}`, "ips");
    }
  }
  const before = sharedWith(ctx, receiver.id);
  if (wanted.length === 0) ctx.store.table("shares").delete(receiver.id);
  else ctx.store.table("shares").put({ id: receiver.id, ips: wanted });
  // Whether an address floats concerns its owner, too: it is routed there as long as nobody shares it.
  const owners = [...before, ...wanted].flatMap((ip) => ownerOf(ctx, ip) ?? []);
  for (const id of new Set([receiver.id, ...owners])) await rewire(ctx, id);
  return {};
}

async function createRange(call: Call): Promise<unknown> {
  const { ctx } = call;
  const body = bodyOf<Partial<CreateIPv6RangePayload>>(call);
  if (body.prefix_length !== 56 && body.prefix_length !== 64) throw invalid("Must be 56 or 64", "prefix_length");
  if ((body.linode_id == null) === (body.route_target == null)) {
    throw invalid("Exactly one of linode_id and route_target is required", "linode_id");
  }
  const target = body.route_target?.replace(/\/\d+$/, "");
  const to = ctx.store
    .table("instances")
    .find((each) => (target === undefined ? each.id === body.linode_id : slaacOf(ctx, each.id) === target));
  if (to === undefined) throw invalid("Linode not found", target === undefined ? "linode_id" : "route_target");
  const made = allocateRange(ctx, to, body.prefix_length);
  note(call, "ipv6pool_add", to.id);
  await rewire(ctx, to.id);
  return { range: `${made.id}/${made.prefix}`, route_target: slaacOf(ctx, to.id) };
}
