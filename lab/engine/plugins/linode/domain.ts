/** `Domain`, `DomainRecord` and `SshKey`. */
import { t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import { Ctx, given, LinodeType, listOf, nonEmpty, orGone, pairOfIds, removed, sameIgnoringCase, time } from "./common";

const ALLOWED_SECONDS = [
  30, 120, 300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200,
];

/** The service rounds times up to the next allowed one: the rounded value is no change. */
const seconds = t.int({
  same: (before, after) => {
    const wanted = Number(after);
    const rounded = ALLOWED_SECONDS.find((value) => wanted <= value) ?? ALLOWED_SECONDS[ALLOWED_SECONDS.length - 1];
    return (wanted === 0 ? 0 : rounded) === Number(before);
  },
});

const domainBody = (news: Props): Body =>
  given({
    domain: news.domain,
    type: news.type,
    group: nonEmpty(news.group),
    status: nonEmpty(news.status),
    description: nonEmpty(news.description),
    soa_email: nonEmpty(news.soaEmail),
    retry_sec: nonEmpty(news.retrySec),
    expire_sec: nonEmpty(news.expireSec),
    refresh_sec: nonEmpty(news.refreshSec),
    ttl_sec: nonEmpty(news.ttlSec),
    master_ips: listOf(news.masterIps),
    axfr_ips: listOf(news.axfrIps),
    tags: listOf(news.tags),
  });

const flattenDomain = (domain: Body): Props => ({
  domain: domain.domain,
  type: domain.type,
  group: domain.group ?? "",
  status: domain.status,
  description: domain.description ?? "",
  masterIps: domain.master_ips ?? [],
  axfrIps: nonEmpty(domain.axfr_ips),
  ttlSec: domain.ttl_sec ?? 0,
  retrySec: domain.retry_sec ?? 0,
  expireSec: domain.expire_sec ?? 0,
  refreshSec: domain.refresh_sec ?? 0,
  soaEmail: domain.soa_email ?? "",
  tags: domain.tags ?? [],
});

async function readDomain(ctx: Ctx, id: string): Promise<{ id: string; state: Props } | undefined> {
  const found = await orGone(() => ctx.provider.client.get(`domains/${id}`));
  return found && { id, state: flattenDomain(found) };
}

/** A zone. */
export const domain: LinodeType = {
  token: "linode:index/domain:Domain",
  trust: "service",
  defaultsIn: "inputs",
  fields: {
    domain: t.string({ required: true }),
    type: t.string({ required: true, replaces: true, oneOf: ["master", "slave"] }),
    group: t.string({ length: [0, 50] }),
    status: t.string({ computed: true }),
    description: t.string({ length: [0, 253] }),
    masterIps: t.set(t.string()),
    axfrIps: t.set(t.string()),
    ttlSec: seconds,
    retrySec: seconds,
    expireSec: seconds,
    refreshSec: seconds,
    soaEmail: t.string(),
    tags: t.set(t.string(), { computed: true, same: sameIgnoringCase }),
  },
  create: async (ctx, news) => {
    const made = await ctx.provider.client.post("domains", domainBody({ ...news, status: undefined }));
    const id = String(made.id);
    return { id, state: (await readDomain(ctx, id))?.state ?? flattenDomain(made) };
  },
  read: readDomain,
  update: async (ctx, { id, news }) =>
    flattenDomain(await ctx.provider.client.put(`domains/${id}`, domainBody({ ...news, type: undefined }))),
  remove: (ctx, id) => removed(() => ctx.provider.client.remove(`domains/${id}`)),
};

const recordBody = (news: Props): Body =>
  given({
    type: news.recordType,
    name: nonEmpty(news.name),
    target: news.target,
    priority: nonEmpty(news.priority),
    weight: nonEmpty(news.weight),
    port: nonEmpty(news.port),
    service: nonEmpty(news.service),
    protocol: nonEmpty(news.protocol),
    ttl_sec: nonEmpty(news.ttlSec),
    tag: nonEmpty(news.tag),
  });

const flattenRecord = (state: Props, record: Body): Props => ({
  domainId: Number(state.domainId),
  recordType: record.type,
  // The service cuts the zone's own name off: what the program wrote stays.
  name: sameName(state.name, record.name) ? state.name : record.name,
  target: record.target,
  priority: record.priority ?? 0,
  weight: record.weight ?? 0,
  port: record.port ?? 0,
  service: record.service ?? "",
  protocol: record.protocol ?? "",
  ttlSec: record.ttl_sec ?? 0,
  tag: record.tag ?? "",
});

const sameName = (ours: Json | undefined, theirs: Json | undefined): boolean =>
  typeof ours === "string" && typeof theirs === "string" && (theirs === "" || ours.startsWith(`${theirs}.`));

const records = (domainId: Json | undefined): string => `domains/${String(domainId)}/records`;

/** A record of a zone. */
export const domainRecord: LinodeType = {
  token: "linode:index/domainRecord:DomainRecord",
  trust: "service",
  defaultsIn: "inputs",
  fields: {
    domainId: t.int({ required: true, replaces: true }),
    recordType: t.string({
      required: true,
      replaces: true,
      oneOf: ["A", "AAAA", "NS", "MX", "CNAME", "TXT", "SRV", "PTR", "CAA"],
    }),
    name: t.string({ computed: true, length: [0, 100] }),
    target: t.string({
      required: true,
      same: (before, after) => !String(after).includes(".") && String(before).includes(String(after)),
    }),
    priority: t.int(),
    weight: t.int(),
    port: t.int(),
    service: t.string(),
    protocol: t.string(),
    tag: t.string(),
    ttlSec: seconds,
  },
  create: async (ctx, news) => {
    const made = await ctx.provider.client.post(records(news.domainId), recordBody(news));
    return { id: String(made.id), state: flattenRecord(news, made) };
  },
  read: async (ctx, id, state) => {
    const found = await orGone(() => ctx.provider.client.get(`${records(state.domainId)}/${id}`));
    return found && { id, state: flattenRecord(state, found) };
  },
  update: async (ctx, { id, news }) => {
    const body = recordBody({ ...news, recordType: undefined });
    return flattenRecord(news, await ctx.provider.client.put(`${records(news.domainId)}/${id}`, body));
  },
  remove: (ctx, id, state) => removed(() => ctx.provider.client.remove(`${records(state.domainId)}/${id}`)),
  parseImport: (id) => {
    const [zone, record] = pairOfIds(id, ["domainID", "recordID"]);
    return { id: String(record), state: { domainId: zone } };
  },
};

const flattenKey = (key: Body): Props => ({ label: key.label, sshKey: key.ssh_key, created: time(key.created) });

/** A public key in the account's profile. */
export const sshKey: LinodeType = {
  token: "linode:index/sshKey:SshKey",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    label: t.string({ required: true, length: [0, 64] }),
    sshKey: t.string({ required: true, replaces: true }),
    created: t.string({ output: true }),
  },
  create: async (ctx, news) => {
    const made = await ctx.provider.client.post("profile/sshkeys", given({ label: news.label, ssh_key: news.sshKey }));
    return { id: String(made.id), state: flattenKey(made) };
  },
  read: async (ctx, id) => {
    const found = await orGone(() => ctx.provider.client.get(`profile/sshkeys/${id}`));
    return found && { id, state: flattenKey(found) };
  },
  update: async (ctx, { id, news }) =>
    flattenKey(await ctx.provider.client.put(`profile/sshkeys/${id}`, given({ label: news.label }))),
  remove: (ctx, id) => removed(() => ctx.provider.client.remove(`profile/sshkeys/${id}`)),
};
