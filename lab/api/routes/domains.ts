import { createDomainSchema, createRecordSchema, updateDomainSchema, updateRecordSchema } from "@linode/validation";
import { isIPv4, isIPv6 } from "node:net";

import { now, type Context } from "../context";
import { invalid, notFound, notInLab } from "../errors";
import { entityOf } from "../events";
import type { DomainEntry, DomainRecordRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { zoneFile } from "../services/zone";

const { get, post, put, del } = area("domains");
const DOMAIN = "/domains/:domainId";
const RECORDS = `${DOMAIN}/records`;
const DOMAIN_KEYS = [
  "id",
  "domain",
  "type",
  "status",
  "group",
  "tags",
  "description",
  "soa_email",
  "created",
  "updated",
];
const RECORD_KEYS = [
  "id",
  "type",
  "name",
  "target",
  "ttl_sec",
  "priority",
  "weight",
  "port",
  "service",
  "protocol",
  "tag",
  "created",
  "updated",
];
/** The times to live that Linode's name servers know; any other is rounded up to the next. 0 is their default, a day. */
const TTLS = [0, 30, 120, 300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200];

/** Domains and their records. */
export const domainRoutes: readonly Route[] = [
  get("/domains", (call) => listOf(call, call.ctx.store.table("domains").all().map(view), DOMAIN_KEYS)),
  post("/domains", create, { schema: createDomainSchema, adapt: withoutEmptyTexts }),
  post("/domains/import", () => {
    throw notInLab("importing a domain from another name server");
  }),
  get(DOMAIN, (call) => view(target(call))),
  put(DOMAIN, update, { schema: updateDomainSchema, adapt: withoutEmptyTexts }),
  del(DOMAIN, (call) => {
    const domain = target(call);
    for (const record of recordsOf(call.ctx, domain.id)) call.ctx.store.table("domainRecords").delete(record.id);
    call.ctx.store.table("domains").delete(domain.id);
    call.ctx.events.notify("domain_delete", call.username, entityOf.domain(domain));
    return {};
  }),
  post(`${DOMAIN}/clone`, (call) => {
    const domain = target(call);
    const { domain: name } = bodyOf<{ domain?: string }>(call);
    if (!name) throw invalid("Domain is required.", "domain");
    demandName(call.ctx, name);
    const copy = call.ctx.store.table("domains").put({ ...domain, id: call.ctx.store.nextId(), domain: name });
    for (const record of recordsOf(call.ctx, domain.id)) {
      call.ctx.store.table("domainRecords").put({ ...record, id: call.ctx.store.nextId(), domainId: copy.id });
    }
    call.ctx.events.notify("domain_create", call.username, entityOf.domain(copy));
    return view(copy);
  }),
  get(`${DOMAIN}/zone-file`, (call) => ({ zone_file: zoneFile(call.ctx, target(call)) })),
  get(RECORDS, (call) => listOf(call, recordsOf(call.ctx, target(call).id).map(recordView), RECORD_KEYS)),
  post(RECORDS, createRecord, { schema: createRecordSchema }),
  get(`${RECORDS}/:recordId`, (call) => recordView(record(call))),
  put(`${RECORDS}/:recordId`, updateRecord, { schema: updateRecordSchema }),
  del(`${RECORDS}/:recordId`, (call) => {
    call.ctx.store.table("domainRecords").delete(record(call).id);
    call.ctx.events.notify("domain_record_delete", call.username, entityOf.domain(target(call)));
    return {};
  }),
];

function target(call: Call): DomainEntry {
  const domain = call.ctx.store.table("domains").get(idOf(call.params["domainId"]));
  if (domain === undefined) throw notFound();
  return domain;
}

function record(call: Call): DomainRecordRecord {
  const one = call.ctx.store.table("domainRecords").get(idOf(call.params["recordId"]));
  if (one?.domainId !== target(call).id) throw notFound();
  return one;
}

function recordsOf(ctx: Context, domainId: number): DomainRecordRecord[] {
  return ctx.store.table("domainRecords").where((each) => each.domainId === domainId);
}

function demandName(ctx: Context, name: string, except?: number): void {
  const other = ctx.store.table("domains").find((each) => each.domain === name.toLowerCase());
  if (other && other.id !== except) throw invalid("Domain already exists in our database.", "domain");
}

/** Rounds a time up to one that the name servers know. */
export function roundTtl(seconds: number): number {
  return TTLS.find((each) => each >= seconds) ?? (TTLS[TTLS.length - 1] as number);
}

type DomainBody = { -readonly [K in keyof DomainEntry]?: DomainEntry[K] | null };

function settings(body: DomainBody, old: Partial<DomainEntry>) {
  const time = (value: number | null | undefined, before: number | undefined): number =>
    value == null ? (before ?? 0) : roundTtl(value);
  return {
    tags: body.tags ?? old.tags ?? [],
    group: body.group ?? old.group ?? "",
    status: body.status ?? old.status ?? "active",
    description: body.description ?? old.description ?? "",
    soa_email: body.soa_email ?? old.soa_email ?? "",
    retry_sec: time(body.retry_sec, old.retry_sec),
    refresh_sec: time(body.refresh_sec, old.refresh_sec),
    expire_sec: time(body.expire_sec, old.expire_sec),
    ttl_sec: time(body.ttl_sec, old.ttl_sec),
    master_ips: body.master_ips ?? old.master_ips ?? [],
    axfr_ips: body.axfr_ips ?? old.axfr_ips ?? [],
  };
}

function create(call: Call): unknown {
  const { ctx } = call;
  const body = bodyOf<DomainBody>(call);
  const name = (body.domain as string).toLowerCase();
  demandName(ctx, name);
  const time = now(ctx);
  const domain = ctx.store.table("domains").put({
    id: ctx.store.nextId(),
    type: body.type ?? "master",
    domain: name,
    ...settings(body, {}),
    created: time,
    updated: time,
  });
  ctx.events.notify("domain_create", call.username, entityOf.domain(domain));
  return view(domain);
}

function update(call: Call): unknown {
  const { ctx } = call;
  const domain = target(call);
  const body = bodyOf<DomainBody>(call);
  const name = body.domain?.toLowerCase() ?? domain.domain;
  demandName(ctx, name, domain.id);
  const changed = ctx.store
    .table("domains")
    .update(domain.id, { domain: name, ...settings(body, domain), updated: now(ctx) });
  ctx.events.notify("domain_update", call.username, entityOf.domain(changed));
  return view(changed);
}

type RecordBody = { -readonly [K in keyof DomainRecordRecord]?: DomainRecordRecord[K] | null };

function createRecord(call: Call): unknown {
  const { ctx } = call;
  const domain = target(call);
  const body = bodyOf<RecordBody>(call);
  const type = body.type as DomainRecordRecord["type"];
  const time = now(ctx);
  const made: DomainRecordRecord = {
    id: ctx.store.nextId(),
    domainId: domain.id,
    type,
    name:
      type === "SRV" ? `_${bare(body.service)}._${bare(body.protocol ?? "tcp")}` : relative(body.name ?? "", domain),
    target: body.target ?? "",
    priority: body.priority ?? (type === "MX" || type === "SRV" ? 10 : 0),
    weight: body.weight ?? (type === "SRV" ? 5 : 0),
    port: body.port ?? (type === "SRV" ? 80 : 0),
    service: type === "SRV" ? bare(body.service) : null,
    protocol: type === "SRV" ? bare(body.protocol ?? "tcp") : null,
    ttl_sec: roundTtl(body.ttl_sec ?? 0),
    tag: type === "CAA" ? (body.tag ?? "issue") : null,
    created: time,
    updated: time,
  };
  demandTarget(made);
  ctx.store.table("domainRecords").put(made);
  ctx.events.notify("domain_record_create", call.username, entityOf.domain(domain));
  return recordView(made);
}

function updateRecord(call: Call): unknown {
  const { ctx } = call;
  const old = record(call);
  const domain = target(call);
  const body = bodyOf<RecordBody>(call);
  const changed: DomainRecordRecord = {
    ...old,
    name: body.name == null || old.type === "SRV" ? old.name : relative(body.name, domain),
    target: body.target ?? old.target,
    priority: body.priority ?? old.priority,
    weight: body.weight ?? old.weight,
    port: body.port ?? old.port,
    service: old.type === "SRV" && body.service ? bare(body.service) : old.service,
    protocol: old.type === "SRV" && body.protocol ? bare(body.protocol) : old.protocol,
    ttl_sec: body.ttl_sec == null ? old.ttl_sec : roundTtl(body.ttl_sec),
    tag: body.tag ?? old.tag,
    updated: now(ctx),
  };
  const named = old.type === "SRV" ? { ...changed, name: `_${changed.service}._${changed.protocol}` } : changed;
  demandTarget(named);
  ctx.store.table("domainRecords").put(named);
  ctx.events.notify("domain_record_update", call.username, entityOf.domain(domain));
  return recordView(named);
}

function bare(text: string | null | undefined): string {
  return (text ?? "").replace(/^_/, "");
}

/** A name within the domain may be given in full. */
function relative(name: string, domain: DomainEntry): string {
  if (name === domain.domain || name === "@") return "";
  return name.endsWith(`.${domain.domain}`) ? name.slice(0, -domain.domain.length - 1) : name;
}

function demandTarget({ type, target: value, service }: DomainRecordRecord): void {
  if (type === "A" && !isIPv4(value)) throw invalid("You must specify a valid IPv4 address.", "target");
  if (type === "AAAA" && !isIPv6(value)) throw invalid("You must specify a valid IPv6 address.", "target");
  if (value === "" && type !== "TXT") throw invalid("target is required", "target");
  if (type === "SRV" && !service) throw invalid("service is required", "service");
}

function view(domain: DomainEntry) {
  return { ...domain, errors: "" };
}

function recordView({ domainId: _domainId, ...shown }: DomainRecordRecord) {
  return shown;
}

/** Clients of the vendor send empty texts for what they leave out, which its form-schema takes for wrong. */
function withoutEmptyTexts(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== "" || name === "domain"));
}
