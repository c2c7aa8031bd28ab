import type { Zone, ZoneRecord } from "../api";
import { DNS_PORT, NAME_SERVER } from "./addresses";

/** File names in the name server's folder. */
export const NSD_CONFIG = "nsd.conf";

export const VENDOR_ZONE = "linode.com";
const SERVERS = [1, 2, 3, 4, 5].map((number) => `ns${number}`);
/** Longer texts are several strings of one record. */
const STRING_BYTES = 255;

/** The file of a zone in the name server's folder. */
export const zoneFileName = (domain: string): string => `${domain}.zone`;

/** NSD's configuration. Pure. */
export function renderNsdConfig(folder: string, zones: readonly Zone[]): string {
  const domains = [...new Set([VENDOR_ZONE, ...zones.map(({ domain }) => domain)])].sort();
  return [
    "# Written by the lab at each change of its domains.",
    "server:",
    `  ip-address: ${NAME_SERVER.ipv4}`,
    `  ip-address: ${NAME_SERVER.ipv6}`,
    `  port: ${DNS_PORT}`,
    "  server-count: 1",
    '  username: ""',
    `  zonesdir: "${folder}"`,
    '  pidfile: ""',
    '  zonelistfile: "zones.list"',
    '  xfrdfile: ""',
    `  xfrdir: "${folder}"`,
    // As resolvers do: each answer begins with another of several addresses.
    "  round-robin: yes",
    "  hide-version: yes",
    "remote-control:",
    "  control-enable: no",
    ...domains.flatMap((domain) => ["zone:", `  name: "${domain}"`, `  zonefile: "${zoneFileName(domain)}"`]),
    "",
  ].join("\n");
}

/**
 * Zone files by domain: the account's, and of the vendor's own as much as leads to its name servers. Pure.
 *
 * @param generation the serial of the vendor's own zone, by which a {@link NameServer} sees which state NSD tells
 */
export function renderZones(zones: readonly Zone[], generation: number): Readonly<Record<string, string>> {
  return {
    [VENDOR_ZONE]: [
      ...head({
        domain: VENDOR_ZONE,
        email: "hostmaster@linode.com",
        serial: generation,
        refresh: 3600,
        retry: 3600,
        expire: 86400,
        ttl: 300,
      }),
      ...SERVERS.flatMap((server) => [
        `${server}\tIN\tA\t${NAME_SERVER.ipv4}`,
        `${server}\tIN\tAAAA\t${NAME_SERVER.ipv6}`,
      ]),
      "",
    ].join("\n"),
    ...Object.fromEntries(
      zones.map((zone) => [zone.domain, [...head(zone), ...zone.records.map(recordLine), ""].join("\n")]),
    ),
  };
}

function head({ domain, email, serial, refresh, retry, expire, ttl }: Omit<Zone, "records">): string[] {
  return [
    `$ORIGIN ${domain}.`,
    `$TTL ${ttl}`,
    `@\tIN\tSOA\tns1.${VENDOR_ZONE}. ${email.replace("@", ".")}. ${serial} ${refresh} ${retry} ${expire} ${ttl}`,
    ...SERVERS.map((server) => `@\tIN\tNS\t${server}.${VENDOR_ZONE}.`),
  ];
}

const recordLine = (record: ZoneRecord): string =>
  `${record.name}.\t${record.ttl}\tIN\t${record.type}\t${dataOf(record)}`;

function dataOf(record: ZoneRecord): string {
  const { target, priority, weight, port, tag } = record;
  switch (record.type) {
    case "MX":
      return `${priority}\t${absolute(target)}`;
    case "SRV":
      return `${priority}\t${weight}\t${port}\t${absolute(target)}`;
    case "TXT":
      return strings(target);
    case "CAA":
      return `0\t${tag}\t${strings(target)}`;
    case "CNAME":
    case "NS":
    case "PTR":
      return absolute(target);
    case "A":
    case "AAAA":
      return target;
  }
}

const absolute = (name: string): string => (name.endsWith(".") ? name : `${name}.`);

/** A text as a zone file has it: strings of at most 255 bytes, everything but plain letters as numbers. */
function strings(text: string): string {
  const bytes = [...Buffer.from(text, "utf8")];
  const parts: string[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += STRING_BYTES) {
    const part = bytes.slice(at, at + STRING_BYTES).map((byte) => {
      const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
      return plain || byte === 0x20 ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
    });
    parts.push(`"${part.join("")}"`);
  }
  return parts.join(" ");
}
