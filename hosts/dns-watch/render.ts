import type { z } from "zod";
import { asset, assetPath } from "../assets";
import { baseResult, type HostRole } from "../contract";
import { dnsSettings } from "../dns/settings";

/** One of two nodes whose records are watched over. */
export interface WatchedNode {
  readonly name: string;
  readonly public4: string;
  readonly public6: string;
}

/** A watch over the records of two nodes, on one of them. */
export interface DnsWatchParams {
  readonly zone: string;
  /** Relative to the zone; an empty text is the zone's own. */
  readonly names: readonly string[];
  readonly nodes: readonly [WatchedNode, WatchedNode];
  /** The node this is for: the name of one of {@link nodes}. */
  readonly node: string;
  /** What is asked of each node's public IPv4 address. */
  readonly probe: {
    readonly scheme: "http" | "https";
    readonly port: number;
    readonly path: string;
    readonly host: string;
  };
  /** Seconds without an answer after which the peer's records are taken out. */
  readonly downSeconds: number;
  /** Seconds of answers after which they are put back. */
  readonly upSeconds: number;
  readonly apiUrl?: string;
  readonly apiCertificates?: string;
}

/** The secret of the step. */
export const dnsWatchSecret = "dns-token";

const folder = "/etc/linode-ha/dns-watch";

/** Takes a dead peer's records out of the zone, and puts them back. */
export const dnsWatchRole: HostRole<DnsWatchParams, z.infer<typeof baseResult>> = {
  name: "dns-watch",
  packages: ["ca-certificates", "curl", "python3"],
  script: assetPath("dns-watch/role.sh"),
  secrets: [dnsWatchSecret],
  result: baseResult,
  files: (params) => ({
    ...dnsSettings({
      folder,
      zone: params.zone,
      apiUrl: params.apiUrl,
      apiCertificates: params.apiCertificates,
      secret: dnsWatchSecret,
      more: rotation(params),
    }),
    [`${folder}/settings`]: { mode: "0644", content: watchSettings(params) },
    "/usr/local/lib/linode-ha/dns-watch": { mode: "0755", content: asset("dns-watch/watch.sh") },
    "/etc/systemd/system/linode-ha-dns-watch.service": {
      mode: "0644",
      content: asset("dns-watch/linode-ha-dns-watch.service"),
    },
    "/etc/linode-ha/health.d/75-dns-watch": { mode: "0755", content: asset("dns-watch/health.sh") },
  }),
  variables: () => ({}),
};

/** A name's part in the names of resources and of parked records. */
export function nameLabel(name: string): string {
  if (name === "") return "apex";
  return name.replace(/\./g, "-").replace("*", "wildcard");
}

function sidesOf({ nodes, node }: DnsWatchParams): { readonly own: WatchedNode; readonly peer: WatchedNode } {
  const [first, second] = nodes;
  if (node === first.name) return { own: first, peer: second };
  if (node === second.name) return { own: second, peer: first };
  throw new Error(`node "${node}" is not one of ${first.name}, ${second.name}`);
}

function rotation(params: DnsWatchParams): string[] {
  const { own, peer } = sidesOf(params);
  const addresses = ({ public4, public6 }: WatchedNode): string => `${public4} ${public6}`;
  return [
    `NAMES=${params.names.map((name) => `${name}=parked-${nameLabel(name)}`).join(" ")}`,
    `OWN=${addresses(own)}`,
    `PEER=${addresses(peer)}`,
  ];
}

function watchSettings(params: DnsWatchParams): string {
  const { own, peer } = sidesOf(params);
  const { scheme, port, path, host } = params.probe;
  if (!/^\/[\w./-]*$/.test(path)) throw new Error(`probe path "${path}": not a plain path`);
  const url = (node: WatchedNode): string => `${scheme}://${node.public4}:${port}${path}`;
  return [
    "# Managed: written anew by each deployment.",
    `OWN_URL=${url(own)}`,
    `PEER_URL=${url(peer)}`,
    `PEER_NAME=${peer.name}`,
    `HOST_HEADER=${host}`,
    `DOWN_SECONDS=${params.downSeconds}`,
    `UP_SECONDS=${params.upSeconds}`,
    `DNS_SETTINGS=${folder}/dns`,
    "STATE=/run/linode-ha-dns-watch/state",
    "",
  ].join("\n");
}
