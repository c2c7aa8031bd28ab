/** Addresses: extra IPv4, sharing, IPv6 ranges, reverse names. */
import { Change, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import { at, Ctx, given, LinodeType, listOf, nonEmpty, orGone, power, removed, SECONDS } from "./common";

const flattenIp = (linode: number, ip: Body): Props => ({
  linodeId: linode,
  address: ip.address,
  gateway: ip.gateway,
  prefix: ip.prefix,
  public: ip.public,
  rdns: ip.rdns,
  region: ip.region,
  subnetMask: ip.subnet_mask,
  type: ip.type,
  vpcNat11s: ip.vpc_nat_1_1
    ? [
        given({
          address: at(ip.vpc_nat_1_1, "address"),
          subnetId: at(ip.vpc_nat_1_1, "subnet_id"),
          vpcId: at(ip.vpc_nat_1_1, "vpc_id"),
        }),
      ]
    : [],
});

async function createIp(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  const linode = Number(news.linodeId);
  const ip = await client.post(`linode/instances/${linode}/ips`, { type: "ipv4", public: news.public !== false });
  const address = String(ip.address);
  let state = flattenIp(linode, ip);
  if (news.rdns !== undefined) {
    state = flattenIp(linode, await client.put(`networking/ips/${address}`, given({ rdns: news.rdns })));
  }
  if (news.applyImmediately === true) {
    const { status } = await client.get(`linode/instances/${linode}`);
    if (status === "running") await power(client, linode, "reboot", SECONDS.disk);
  }
  return { id: address, state };
}

/** An extra IPv4 address. */
export const instanceIp: LinodeType = {
  token: "linode:index/instanceIp:InstanceIp",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    linodeId: t.int({ required: true, replaces: true }),
    public: t.bool({ default: true, replaces: true }),
    applyImmediately: t.bool({ default: false }),
    rdns: t.string({ computed: true }),
    address: t.string({ output: true }),
    gateway: t.string({ output: true, volatile: true }),
    prefix: t.int({ output: true }),
    region: t.string({ output: true }),
    subnetMask: t.string({ output: true }),
    type: t.string({ output: true }),
    vpcNat11s: t.list(t.any(), { output: true }),
  },
  create: createIp,
  read: async (ctx, id, state) => {
    const linode = Number(state.linodeId);
    const ip = await orGone(() => ctx.provider.client.get(`linode/instances/${linode}/ips/${id}`));
    return ip && { id, state: flattenIp(linode, ip) };
  },
  update: async (ctx, { id, olds, news, changed }) => {
    if (!changed("rdns")) return olds;
    const ip = await ctx.provider.client.put(`networking/ips/${id}`, { rdns: news.rdns ?? null });
    return flattenIp(Number(news.linodeId), ip);
  },
  remove: (ctx, id, state) =>
    removed(() => ctx.provider.client.remove(`linode/instances/${String(state.linodeId)}/ips/${id}`)),
  parseImport: (id) => {
    const [linode = "", address = ""] = id.split(",").map((part) => part.trim());
    if (!/^\d+$/.test(linode) || !address) throw new Error(`the id to import must be 'linodeID,address'; got '${id}'`);
    return { id: address, state: { linodeId: Number(linode), address } };
  },
};

/** All shared addresses of a Linode. The call replaces the whole list. */
async function share(ctx: Ctx, linode: Json | undefined, ips: Json[]): Promise<void> {
  await ctx.provider.client.post("networking/ips/share", { ips, linode_id: Number(linode) });
}

/** The list of addresses that are shared to a Linode. */
export const instanceSharedIps: LinodeType = {
  token: "linode:index/instanceSharedIps:InstanceSharedIps",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    linodeId: t.int({ required: true }),
    addresses: t.set(t.string(), { required: true }),
  },
  create: async (ctx, news) => {
    await share(ctx, news.linodeId, listOf(news.addresses));
    return { id: String(news.linodeId), state: {} };
  },
  read: async (ctx, id, state) => {
    const linode = Number(state.linodeId ?? id);
    const ips = await ctx.provider.client.get(`linode/instances/${linode}/ips`);
    const shared = listOf(at(ips.ipv4, "shared")).map((ip) => at(ip, "address") as Json);
    // A range without a route target is one that is announced: shared.
    const ranges = listOf(at(ips.ipv6, "global"))
      .filter((range) => !at(range, "route_target"))
      .map((range) => at(range, "range") as Json);
    return { id, state: { linodeId: linode, addresses: [...shared, ...ranges] } };
  },
  update: async (ctx, { news, changed }) => {
    if (changed("addresses")) await share(ctx, news.linodeId, listOf(news.addresses));
    return {};
  },
  // With the Linode gone there is nothing to share to.
  remove: (ctx, _id, state) => removed(() => share(ctx, state.linodeId, [])),
  parseImport: (id) => ({ id, state: { linodeId: Number(id) } }),
};

const flattenRange = (range: Body): Props => ({
  range: range.range,
  prefixLength: range.prefix,
  region: range.region,
  isBgp: range.is_bgp,
  linodes: range.linodes ?? [],
});

async function createRange(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  const target = nonEmpty(news.routeTarget);
  const made = await client.post(
    "networking/ipv6/ranges",
    given({
      prefix_length: news.prefixLength,
      linode_id: nonEmpty(news.linodeId),
      route_target: nonEmpty(news.linodeId) === undefined ? String(target).split("/")[0] : undefined,
    }),
  );
  const id = String(made.range).split("/")[0] as string;
  const found = await client.get(`networking/ipv6/ranges/${id}`);
  return { id: String(found.range), state: { ...flattenRange(found), routeTarget: made.route_target } };
}

async function updateRange(ctx: Ctx, { id, news, changed }: Change): Promise<Props> {
  const { client } = ctx.provider;
  const found = await client.get(`networking/ipv6/ranges/${id}`);
  if (changed("linodeId")) {
    const assignment = { linode_id: Number(news.linodeId), address: `${String(found.range)}/${String(found.prefix)}` };
    await client.post("networking/ips/assign", { region: found.region as Json, assignments: [assignment] });
  }
  return flattenRange(found);
}

/** An IPv6 range. */
export const ipv6Range: LinodeType = {
  token: "linode:index/ipv6Range:Ipv6Range",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    prefixLength: t.int({ required: true, replaces: true, oneOf: [56, 64] }),
    linodeId: t.int(),
    routeTarget: t.string({ computed: true, replaces: true }),
    isBgp: t.bool({ output: true, volatile: true }),
    linodes: t.set(t.int(), { output: true, volatile: true }),
    range: t.string({ output: true }),
    region: t.string({ output: true }),
  },
  check: (news) => {
    const [linode, target] = [news.linodeId !== undefined, news.routeTarget !== undefined];
    return linode === target ? [{ property: "linodeId", reason: "give either 'linodeId' or 'routeTarget'" }] : [];
  },
  create: createRange,
  read: async (ctx, id) => {
    const found = await orGone(() => ctx.provider.client.get(`networking/ipv6/ranges/${id}`));
    return found && { id, state: flattenRange(found) };
  },
  update: updateRange,
  // 405 is the answer for a range that is shared or gone; the vendor's plugin lets it pass too.
  remove: (ctx, id) => removed(() => ctx.provider.client.remove(`networking/ipv6/ranges/${id}`), 405),
};

/** The reverse name of an address. */
export const rdns: LinodeType = {
  token: "linode:index/rdns:Rdns",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    address: t.string({ required: true, replaces: true }),
    rdns: t.string({ required: true, length: [3, 254] }),
    waitForAvailable: t.bool({ default: false }),
    timeouts: t.map(),
  },
  create: async (ctx, news) => {
    const address = String(news.address);
    await ctx.provider.client.put(`networking/ips/${address}`, given({ rdns: news.rdns }));
    return { id: address, state: {} };
  },
  read: async (ctx, id) => {
    const ip = await orGone(() => ctx.provider.client.get(`networking/ips/${id}`));
    return ip && { id, state: { address: ip.address, rdns: ip.rdns } };
  },
  update: async (ctx, { id, news }) => {
    await ctx.provider.client.put(`networking/ips/${id}`, given({ rdns: news.rdns }));
    return {};
  },
  remove: (ctx, id) => removed(() => ctx.provider.client.put(`networking/ips/${id}`, { rdns: null })),
};
