/** `Firewall` and `FirewallDevice`. */
import { Change, Fields, PartialFailure, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import {
  at,
  Ctx,
  given,
  LinodeType,
  listOf,
  nonEmpty,
  orGone,
  pairOfIds,
  removed,
  sameIgnoringCase,
  some,
  time,
} from "./common";

const ruleFields: Fields = {
  label: t.string({ required: true, length: [3, 32] }),
  action: t.string({ required: true, oneOf: ["ACCEPT", "DROP"] }),
  protocol: t.string({ required: true, oneOf: ["TCP", "UDP", "ICMP", "IPENCAP"] }),
  description: t.string({ default: "" }),
  ports: t.string(),
  ipv4s: t.list(t.string()),
  ipv6s: t.list(t.string()),
};

const expandRules = (rules: Json | undefined): Json[] =>
  listOf(rules).map((rule) =>
    given({
      action: at(rule, "action"),
      label: at(rule, "label"),
      description: nonEmpty(at(rule, "description")),
      ports: nonEmpty(at(rule, "ports")),
      protocol: at(rule, "protocol"),
      addresses: given({ ipv4: nonEmpty(at(rule, "ipv4s")), ipv6: nonEmpty(at(rule, "ipv6s")) }),
    }),
  );

const flattenRules = (rules: Json | undefined): Json[] =>
  listOf(rules).map((rule) =>
    given({
      action: at(rule, "action"),
      label: at(rule, "label"),
      description: some(at(rule, "description")) ?? "",
      ports: nonEmpty(at(rule, "ports")),
      protocol: at(rule, "protocol"),
      ipv4s: nonEmpty(at(at(rule, "addresses"), "ipv4")),
      ipv6s: nonEmpty(at(at(rule, "addresses"), "ipv6")),
    }),
  );

const expandRuleSet = (news: Props): Body =>
  given({
    inbound: expandRules(news.inbounds),
    inbound_policy: news.inboundPolicy,
    outbound: expandRules(news.outbounds),
    outbound_policy: news.outboundPolicy,
  });

/** What the API says of a firewall, its devices and rules. */
function flatten(firewall: Body, devices: Body[], rules: Body): Props {
  const ids = (type: string) =>
    devices.filter((device) => at(device.entity, "type") === type).map((device) => at(device.entity, "id") as Json);
  return {
    label: firewall.label,
    tags: firewall.tags ?? [],
    disabled: firewall.status === "disabled",
    inboundPolicy: rules.inbound_policy,
    outboundPolicy: rules.outbound_policy,
    inbounds: flattenRules(rules.inbound),
    outbounds: flattenRules(rules.outbound),
    linodes: ids("linode"),
    nodebalancers: ids("nodebalancer"),
    devices: devices.map((device) =>
      given({
        id: device.id,
        entityId: at(device.entity, "id"),
        type: at(device.entity, "type"),
        label: some(at(device.entity, "label")) ?? "",
        url: some(at(device.entity, "url")) ?? "",
      }),
    ),
    status: firewall.status,
    created: time(firewall.created),
    updated: time(firewall.updated),
  };
}

async function createFirewall(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  let made = await client.post(
    "networking/firewalls",
    given({
      label: news.label,
      rules: expandRuleSet(news),
      tags: nonEmpty(news.tags),
      devices: given({ linodes: nonEmpty(news.linodes), nodebalancers: nonEmpty(news.nodebalancers) }),
    }),
  );
  const id = String(made.id);
  try {
    if (news.disabled === true) made = await client.put(`networking/firewalls/${id}`, { status: "disabled" });
    const devices = await client.list(`networking/firewalls/${id}/devices`);
    return { id, state: flatten(made, devices, await client.get(`networking/firewalls/${id}/rules`)) };
  } catch (error) {
    throw new PartialFailure(id, { status: made.status }, error);
  }
}

async function readFirewall(ctx: Ctx, id: string): Promise<{ id: string; state: Props } | undefined> {
  const { client } = ctx.provider;
  const firewall = await orGone(() => client.get(`networking/firewalls/${id}`));
  if (!firewall) return undefined;
  const rules = await client.get(`networking/firewalls/${id}/rules`);
  return { id, state: flatten(firewall, await client.list(`networking/firewalls/${id}/devices`), rules) };
}

async function updateFirewall(ctx: Ctx, { id, news, changed }: Change): Promise<Props> {
  const { client } = ctx.provider;
  const path = `networking/firewalls/${id}`;
  let state: Props = {};
  if (changed("label", "tags", "disabled")) {
    const body = given({
      label: changed("label") ? news.label : undefined,
      tags: changed("tags") ? (news.tags ?? []) : undefined,
      status: changed("disabled") ? (news.disabled === true ? "disabled" : "enabled") : undefined,
    });
    const firewall = await client.put(path, body);
    state = { status: firewall.status, updated: time(firewall.updated) };
  }
  if (changed("inbounds", "outbounds", "inboundPolicy", "outboundPolicy")) {
    await client.put(`${path}/rules`, expandRuleSet(news));
  }
  if (changed("linodes", "nodebalancers")) await updateDevices(ctx, id, news);
  return state;
}

/** Adds what is missing before it removes what is too much. */
async function updateDevices(ctx: Ctx, id: string, news: Props): Promise<void> {
  const { client } = ctx.provider;
  const path = `networking/firewalls/${id}/devices`;
  const left = new Map(
    (await client.list(path)).map((device) => [
      `${String(at(device.entity, "type"))}:${String(at(device.entity, "id"))}`,
      device,
    ]),
  );
  const wanted: [string, Json][] = [
    ...listOf(news.linodes).map((linode): [string, Json] => ["linode", linode]),
    ...listOf(news.nodebalancers).map((balancer): [string, Json] => ["nodebalancer", balancer]),
  ];
  for (const [type, entity] of wanted) {
    if (!left.delete(`${type}:${String(entity)}`)) await client.post(path, { id: entity, type });
  }
  for (const device of left.values()) await removed(() => client.remove(`${path}/${String(device.id)}`));
}

/** Rules that filter what reaches and leaves Linodes. */
export const firewall: LinodeType = {
  token: "linode:index/firewall:Firewall",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    label: t.string({ required: true, length: [3, 32] }),
    inboundPolicy: t.string({ required: true, oneOf: ["ACCEPT", "DROP"] }),
    outboundPolicy: t.string({ required: true, oneOf: ["ACCEPT", "DROP"] }),
    inbounds: t.list(t.object(ruleFields)),
    outbounds: t.list(t.object(ruleFields)),
    tags: t.set(t.string(), { default: [], same: sameIgnoringCase }),
    disabled: t.bool({ default: false }),
    linodes: t.set(t.int(), { computed: true }),
    nodebalancers: t.set(t.int(), { computed: true }),
    devices: t.list(t.any(), { output: true }),
    status: t.string({ output: true }),
    created: t.string({ output: true }),
    updated: t.string({ output: true, volatile: true }),
  },
  create: createFirewall,
  read: readFirewall,
  update: updateFirewall,
  remove: (ctx, id) => removed(() => ctx.provider.client.remove(`networking/firewalls/${id}`)),
};

const flattenDevice = (state: Props, device: Body): Props => ({
  firewallId: state.firewallId,
  entityId: at(device.entity, "id"),
  entityType: at(device.entity, "type"),
  created: time(device.created),
  updated: time(device.updated),
});

/** One Linode behind a firewall. */
export const firewallDevice: LinodeType = {
  token: "linode:index/firewallDevice:FirewallDevice",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    firewallId: t.int({ required: true, replaces: true }),
    entityId: t.int({ required: true, replaces: true }),
    entityType: t.string({ default: "linode", replaces: true }),
    created: t.string({ output: true }),
    updated: t.string({ output: true, volatile: true }),
  },
  create: async (ctx, news) => {
    const body = given({ id: news.entityId, type: news.entityType });
    const made = await ctx.provider.client.post(`networking/firewalls/${String(news.firewallId)}/devices`, body);
    return { id: String(made.id), state: flattenDevice(news, made) };
  },
  read: async (ctx, id, state) => {
    const path = `networking/firewalls/${String(state.firewallId)}/devices/${id}`;
    const device = await orGone(() => ctx.provider.client.get(path));
    return device && { id, state: flattenDevice(state, device) };
  },
  remove: (ctx, id, state) =>
    removed(() => ctx.provider.client.remove(`networking/firewalls/${String(state.firewallId)}/devices/${id}`)),
  parseImport: (id) => {
    const [owner, device] = pairOfIds(id, ["firewallID", "deviceID"]);
    return { id: String(device), state: { firewallId: owner } };
  },
};
