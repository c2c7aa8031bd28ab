import {
  CreateFirewallSchema,
  FirewallDeviceSchema,
  FirewallRuleSchema,
  isCustomPortsValid,
  UpdateFirewallSchema,
} from "@linode/validation";

import { FIREWALL_TEMPLATES } from "../catalog/firewallTemplates";
import { now, type Context } from "../context";
import { invalid, notFound, notInLab } from "../errors";
import { entityOf } from "../events";
import type { FirewallDeviceRecord, FirewallRecord, RuleRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { nonEmpty } from "../text";
import { addFirewallDevice } from "../services/instances";
import { rewire } from "../services/wiring";
import { FIREWALL_KEYS, firewallDeviceView, firewallRulesView, firewallView } from "../views/network";

const { get, post, put, del } = area("firewall");
const anybody = area("*");
const FIREWALLS = "/networking/firewalls";
const FIREWALL = `${FIREWALLS}/:firewallId`;

interface Rules {
  readonly inbound?: readonly RuleRecord[] | null;
  readonly outbound?: readonly RuleRecord[] | null;
  readonly inbound_policy?: "ACCEPT" | "DROP";
  readonly outbound_policy?: "ACCEPT" | "DROP";
}

/** Cloud Firewalls. What they say holds when the answer arrives: the network is told before. */
export const firewallRoutes: readonly Route[] = [
  get(FIREWALLS, (call) =>
    listOf(
      call,
      call.ctx.store
        .table("firewalls")
        .all()
        .map((firewall) => firewallView(call.ctx, firewall)),
      FIREWALL_KEYS,
    ),
  ),
  post(FIREWALLS, create, {
    schema: CreateFirewallSchema,
    adapt: (body) => ({ ...body, rules: judged(body["rules"]) }),
  }),
  get(`${FIREWALLS}/settings`, (call) => settingsView(call.ctx)),
  put(`${FIREWALLS}/settings`, changeSettings),
  anybody.get(`${FIREWALLS}/templates`, (call) => listOf(call, FIREWALL_TEMPLATES, ["slug"])),
  anybody.get(`${FIREWALLS}/templates/:slug`, (call) => {
    const found = FIREWALL_TEMPLATES.find((template) => template.slug === call.params["slug"]);
    if (found === undefined) throw notFound();
    return found;
  }),
  get(FIREWALL, (call) => firewallView(call.ctx, target(call))),
  put(FIREWALL, update, { schema: UpdateFirewallSchema }),
  del(FIREWALL, async (call) => {
    const firewall = target(call);
    const linodes = devicesOf(call.ctx, firewall.id).map((device) => device.linodeId);
    for (const device of devicesOf(call.ctx, firewall.id)) call.ctx.store.table("firewallDevices").delete(device.id);
    call.ctx.store.table("firewalls").delete(firewall.id);
    forgetDefault(call.ctx, firewall.id);
    call.ctx.events.notify("firewall_delete", call.username, entityOf.firewall(firewall));
    for (const id of linodes) await rewire(call.ctx, id);
    return {};
  }),
  get(`${FIREWALL}/rules`, (call) => firewallRulesView(target(call))),
  put(`${FIREWALL}/rules`, updateRules, {
    schema: FirewallRuleSchema,
    adapt: (body) => judged(body) as Record<string, unknown>,
  }),
  get(`${FIREWALL}/history`, (call) => listOf(call, [firewallView(call.ctx, target(call))], FIREWALL_KEYS)),
  get(`${FIREWALL}/devices`, (call) =>
    listOf(
      call,
      devicesOf(call.ctx, target(call).id).map((device) => firewallDeviceView(call.ctx, device)),
      ["id", "created", "updated"],
    ),
  ),
  post(
    `${FIREWALL}/devices`,
    async (call) => {
      const firewall = target(call);
      const body = bodyOf<{ id: number; type: string }>(call);
      if (body.type !== "linode") throw notInLab(`firewall devices of type ${body.type}`);
      demandFree(call.ctx, body.id, "id");
      const id = addFirewallDevice(call.ctx, firewall.id, body.id);
      const linode = call.ctx.store.table("instances").get(body.id);
      call.ctx.events.notify(
        "firewall_device_add",
        call.username,
        entityOf.firewall(firewall),
        linode ? entityOf.linode(linode) : null,
      );
      await rewire(call.ctx, body.id);
      return firewallDeviceView(call.ctx, call.ctx.store.table("firewallDevices").get(id) as FirewallDeviceRecord);
    },
    { schema: FirewallDeviceSchema },
  ),
  get(`${FIREWALL}/devices/:deviceId`, (call) => firewallDeviceView(call.ctx, device(call))),
  del(`${FIREWALL}/devices/:deviceId`, async (call) => {
    const one = device(call);
    call.ctx.store.table("firewallDevices").delete(one.id);
    call.ctx.events.notify("firewall_device_remove", call.username, entityOf.firewall(target(call)));
    await rewire(call.ctx, one.linodeId);
    return {};
  }),
];

function target(call: Call): FirewallRecord {
  const firewall = call.ctx.store.table("firewalls").get(idOf(call.params["firewallId"]));
  if (firewall === undefined) throw notFound();
  return firewall;
}

function device(call: Call): FirewallDeviceRecord {
  const one = call.ctx.store.table("firewallDevices").get(idOf(call.params["deviceId"]));
  if (one?.firewallId !== target(call).id) throw notFound();
  return one;
}

function devicesOf(ctx: Context, firewallId: number): FirewallDeviceRecord[] {
  return ctx.store.table("firewallDevices").where((each) => each.firewallId === firewallId);
}

function demandFree(ctx: Context, linodeId: number, field: string): void {
  if (!ctx.store.table("instances").get(linodeId)) throw invalid("Linode not found", field);
  if (ctx.store.table("firewallDevices").find((each) => each.linodeId === linodeId)) {
    throw invalid(`Linode ${linodeId} already has a firewall assigned`, field);
  }
}

function demandLabel(ctx: Context, label: string, except?: number): void {
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{1,30})[a-zA-Z0-9]$/.test(label)) {
    throw invalid("Label must be 3 to 32 ASCII letters, numbers, underscores, periods, and dashes", "label");
  }
  if (ctx.store.table("firewalls").find((each) => each.label === label && each.id !== except)) {
    throw invalid("Label must be unique among your firewalls", "label");
  }
}

function demandPorts(rules: readonly RuleRecord[] | null | undefined, direction: string): void {
  (rules ?? []).forEach((rule, index) => {
    if (rule.ports && !isCustomPortsValid(rule.ports)) {
      throw invalid(
        "Ports must be an integer, range of integers, or a comma-separated list of integers.",
        `rules.${direction}[${index}].ports`,
      );
    }
  });
}

function create(call: Call): unknown {
  const { ctx } = call;
  const body = bodyOf<{ label: string; tags?: string[] | null; rules: Rules; devices?: { linodes?: number[] | null } }>(
    call,
  );
  demandLabel(ctx, body.label);
  demandPorts(body.rules.inbound, "inbound");
  demandPorts(body.rules.outbound, "outbound");
  const linodes = body.devices?.linodes ?? [];
  linodes.forEach((id, index) => demandFree(ctx, id, `devices.linodes[${index}]`));
  const time = now(ctx);
  const firewall = ctx.store.table("firewalls").put({
    id: ctx.store.nextId(),
    label: body.label,
    status: "enabled",
    tags: body.tags ?? [],
    ...rulesFrom(body.rules),
    inboundPolicy: body.rules.inbound_policy ?? "ACCEPT",
    outboundPolicy: body.rules.outbound_policy ?? "ACCEPT",
    version: 1,
    created: time,
    updated: time,
  });
  for (const id of linodes) addFirewallDevice(ctx, firewall.id, id);
  ctx.events.notify("firewall_create", call.username, entityOf.firewall(firewall));
  return applied(call, firewall).then(() => firewallView(ctx, firewall));
}

async function update(call: Call): Promise<unknown> {
  const firewall = target(call);
  const body = bodyOf<{ label?: string; tags?: string[] | null; status?: FirewallRecord["status"] }>(call);
  if (body.label && body.label !== firewall.label) demandLabel(call.ctx, body.label, firewall.id);
  const changed = call.ctx.store.table("firewalls").update(firewall.id, {
    label: body.label ?? firewall.label,
    tags: body.tags ?? firewall.tags,
    status: body.status ?? firewall.status,
    updated: now(call.ctx),
  });
  call.ctx.events.notify("firewall_update", call.username, entityOf.firewall(changed));
  await applied(call, changed);
  return firewallView(call.ctx, changed);
}

async function updateRules(call: Call): Promise<unknown> {
  const firewall = target(call);
  const body = bodyOf<Rules>(call);
  demandPorts(body.inbound, "inbound");
  demandPorts(body.outbound, "outbound");
  const changed = call.ctx.store.table("firewalls").update(firewall.id, {
    ...rulesFrom(body),
    inboundPolicy: body.inbound_policy ?? firewall.inboundPolicy,
    outboundPolicy: body.outbound_policy ?? firewall.outboundPolicy,
    version: firewall.version + 1,
    updated: now(call.ctx),
  });
  call.ctx.events.notify("firewall_rules_update", call.username, entityOf.firewall(changed));
  await applied(call, changed);
  return firewallRulesView(changed);
}

async function applied(call: Call, firewall: FirewallRecord): Promise<void> {
  for (const each of devicesOf(call.ctx, firewall.id)) await rewire(call.ctx, each.linodeId);
}

/** What a new Linode, NodeBalancer or interface gets where nothing is said. The lab has Linodes only, and keeps the rest. */
type Defaults = Readonly<Record<(typeof DEFAULTS)[number], number | null>>;
const DEFAULTS = ["linode", "nodebalancer", "public_interface", "vpc_interface"] as const;

function settingsView(ctx: Context) {
  const none: Defaults = { linode: null, nodebalancer: null, public_interface: null, vpc_interface: null };
  const linode = ctx.store.setting<number | null>("defaultFirewall") ?? null;
  return { default_firewall_ids: { ...none, ...ctx.store.setting<Defaults>("defaultFirewalls"), linode } };
}

function changeSettings(call: Call): unknown {
  const { ctx } = call;
  const { default_firewall_ids: wanted = {} } = bodyOf<{ default_firewall_ids?: Partial<Defaults> }>(call);
  const changed: Record<string, number | null> = settingsView(ctx).default_firewall_ids;
  for (const name of DEFAULTS) {
    const id = wanted[name];
    if (id === undefined) continue;
    if (id !== null && !ctx.store.table("firewalls").get(id)) {
      throw invalid("Firewall not found", `default_firewall_ids.${name}`);
    }
    changed[name] = id;
  }
  ctx.store.setting("defaultFirewalls", changed);
  ctx.store.setting("defaultFirewall", changed["linode"]);
  return settingsView(ctx);
}

function forgetDefault(ctx: Context, firewallId: number): void {
  const { default_firewall_ids: ids } = settingsView(ctx);
  const left = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id === firewallId ? null : id]));
  ctx.store.setting("defaultFirewalls", left);
  ctx.store.setting("defaultFirewall", left["linode"] ?? null);
}

/** Protocols may be given by their numbers; the lab's router knows these. */
const NUMBERS: Readonly<Record<string, RuleRecord["protocol"]>> = {
  "1": "ICMP",
  "4": "IPENCAP",
  "6": "TCP",
  "17": "UDP",
};

function named({ number: _, ...rule }: RuleRecord): RuleRecord {
  if (!/^\d{1,3}$/.test(rule.protocol)) return rule;
  const protocol = NUMBERS[rule.protocol];
  if (protocol === undefined) throw notInLab(`firewall rules for protocol ${rule.protocol}`);
  return { ...rule, protocol, number: rule.protocol };
}

function rulesFrom(rules: Rules): Pick<FirewallRecord, "inbound" | "outbound" | "unsaid"> {
  return {
    inbound: (rules.inbound ?? []).map(named),
    outbound: (rules.outbound ?? []).map(named),
    unsaid: (["inbound", "outbound"] as const).filter((direction) => rules[direction] === null),
  };
}

/** The vendor's schema wants ports for TCP and UDP; the API takes a rule without as one for all ports. */
function judged(rules: unknown): unknown {
  if (typeof rules !== "object" || rules === null) return rules;
  const complete = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((given: RuleRecord) => {
          const { number: _number, ...rule } = named(given);
          if (rule.protocol !== "ICMP" && rule.protocol !== "IPENCAP")
            return { ...rule, ports: nonEmpty(rule.ports) ?? "1-65535" };
          const { ports, ...rest } = rule;
          return ports ? rule : rest;
        })
      : list;
  const { inbound, outbound } = rules as Rules;
  return { ...rules, inbound: complete(inbound ?? []), outbound: complete(outbound ?? []) };
}
