import type { Context } from "../context";
import type { DomainEntry, DomainRecordRecord } from "../model";

const DAY = 86_400;

/** One resource record, ready for a name server. Names are absolute, without the final dot. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: DomainRecordRecord["type"];
  readonly ttl: number;
  readonly target: string;
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly tag: string | null;
}

/** One domain as a name server needs it. */
export interface Zone {
  readonly domain: string;
  readonly email: string;
  /** Grows with every change. */
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly ttl: number;
  readonly records: readonly ZoneRecord[];
}

/** The zones that the lab's name server answers for: active primary domains. */
export function zonesOf(ctx: Context): Zone[] {
  return ctx.store
    .table("domains")
    .where((domain) => domain.type === "master" && domain.status === "active")
    .map((domain) => zoneOf(ctx, domain));
}

/** A domain as lines of a zone file. */
export function zoneFile(ctx: Context, domain: DomainEntry): string[] {
  const zone = zoneOf(ctx, domain);
  const email = zone.email.replace("@", ".");
  return [
    `; ${zone.domain} [${domain.id}]`,
    `$TTL ${zone.ttl}`,
    `@\tIN\tSOA\tns1.linode.com. ${email}. ${zone.serial} ${zone.refresh} ${zone.retry} ${zone.expire} ${zone.ttl}`,
    ...[1, 2, 3, 4, 5].map((number) => `@\t\tNS\tns${number}.linode.com.`),
    ...zone.records.map((each) => {
      const name = each.name === zone.domain ? "@" : each.name.slice(0, -zone.domain.length - 1);
      return `${name}\t${each.ttl}\tIN\t${each.type}\t${dataOf(each)}`;
    }),
  ];
}

function zoneOf(ctx: Context, domain: DomainEntry): Zone {
  const records = ctx.store.table("domainRecords").where((record) => record.domainId === domain.id);
  const times = [domain.updated, ...records.map((record) => record.updated)].map(
    (time) => Date.parse(`${time}Z`) / 1000,
  );
  const ttl = domain.ttl_sec || DAY;
  return {
    domain: domain.domain,
    email: domain.soa_email,
    // Several changes within a second, and deletions, count by the number of records.
    serial: (Math.max(...times) + records.length) >>> 0,
    refresh: domain.refresh_sec || 14_400,
    retry: domain.retry_sec || 14_400,
    expire: domain.expire_sec || 1_209_600,
    ttl,
    records: records.map((record) => ({
      name: record.name === "" ? domain.domain : `${record.name}.${domain.domain}`,
      type: record.type,
      ttl: record.ttl_sec || ttl,
      target: record.target,
      priority: record.priority,
      weight: record.weight,
      port: record.port,
      tag: record.tag,
    })),
  };
}

function dataOf(record: ZoneRecord): string {
  switch (record.type) {
    case "MX":
      return `${record.priority}\t${record.target}.`;
    case "SRV":
      return `${record.priority}\t${record.weight}\t${record.port}\t${record.target}.`;
    case "TXT":
      return JSON.stringify(record.target);
    case "CAA":
      return `0\t${record.tag}\t${JSON.stringify(record.target)}`;
    case "CNAME":
    case "NS":
    case "PTR":
      return `${record.target}.`;
    case "A":
    case "AAAA":
      return record.target;
  }
}
