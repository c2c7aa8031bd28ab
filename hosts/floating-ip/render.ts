import * as net from "node:net";
import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";

/** An address, or range, that this node may announce. */
export interface AnnouncedAddress {
  /** Unique on the host, for example `db`. */
  readonly name: string;
  /** IPv4 or IPv6, without prefix length: what clients connect to. */
  readonly address: string;
  /** What is announced: the address itself with all of its bits, or the IPv6 range that it is in. */
  readonly prefix: string;
  /** How much the routers prefer this node's announcement while both announce. */
  readonly rank: "primary" | "secondary";
}

/** What a node needs to announce floating addresses. */
export interface FloatingIpParams {
  /** The node this is for. */
  readonly node: string;
  /** Its public IPv4 address, which names its announcer among others. */
  readonly public4: string;
  /** Its own (SLAAC) IPv6 address: sessions come from it, and traffic goes to it. */
  readonly public6: string;
  /** Addresses of the route servers. */
  readonly servers: readonly string[];
  readonly addresses: readonly AnnouncedAddress[];
  /** Seconds; default 9 and 3, which the vendor's route servers have. */
  readonly timers?: { readonly hold: number; readonly keepalive: number };
}

/** Autonomous systems: every node, and the vendor's route servers. */
export const NODE_AS = 65001;
export const UPSTREAM_AS = 65000;

const floatingResult = baseResult.extend({
  /** How many sessions to route servers stand. */
  sessions: z.number(),
  /** Names of the addresses that this node announces. */
  announced: z.array(z.string()),
});

/** What the `floating-ip` step answers. */
export type FloatingIpResult = z.infer<typeof floatingResult>;

/**
 * FRR with sessions to the route servers, and a systemd unit for each address that announces it for as long as it runs. Nothing
 * announces by itself, neither at boot nor after a crash.
 */
export const floatingIpRole: HostRole<FloatingIpParams, FloatingIpResult> = {
  name: "floating-ip",
  packages: ["frr", "iproute2"],
  script: assetPath("floating-ip/role.sh"),
  secrets: [],
  result: floatingResult,
  files: (params) => {
    check(params);
    return {
      "/etc/frr/daemons": { mode: "0640", owner: "frr:frr", content: DAEMONS },
      "/etc/frr/frr.conf": { mode: "0640", owner: "frr:frr", content: renderFrr(params) },
      "/usr/local/lib/linode-ha/announce": { mode: "0755", content: asset("floating-ip/announce.sh") },
      "/etc/systemd/system/linode-ha-announce@.service": {
        mode: "0644",
        content: asset("floating-ip/linode-ha-announce@.service"),
      },
      "/etc/systemd/system/linode-ha-addresses.service": {
        mode: "0644",
        content: asset("floating-ip/linode-ha-addresses.service"),
      },
      ...Object.fromEntries(params.addresses.map(addressFile)),
    };
  },
  variables: (params) => ({
    ADDRESSES: params.addresses.map(({ name }) => name).join(" "),
    SERVERS: params.servers.join(" "),
    NODE_AS: `${NODE_AS}`,
  }),
};

/** The systemd unit that announces an address while it runs. */
export function announceUnit(name: string): string {
  return `linode-ha-announce@${name}.service`;
}

// The route servers never call a node, so nothing listens. zebra is not asked for anything, but FRR does not start without it.
const DAEMONS = `# Written by linode-ha; edits are lost.
bgpd=yes
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -s 90000000"
bgpd_options="-A 127.0.0.1 -p 0"
staticd_options="-A 127.0.0.1"
`;

function addressFile({ name, address, prefix }: AnnouncedAddress): [AbsolutePath, HostFile] {
  const v6 = address.includes(":");
  const lines = [
    "# Written by linode-ha; edits are lost.",
    `NODE_AS=${NODE_AS}`,
    `FAMILY=${v6 ? "ipv6" : "ipv4"}`,
    `ADDRESS=${address}`,
    `PREFIX=${prefix}`,
    `ROUTE_MAP=${routeMap(name)}`,
    // Without it, packets to the rest of a range would go back to where they came from.
    `WHOLE_RANGE=${prefix.endsWith(v6 ? "/128" : "/32") ? "no" : "yes"}`,
    "",
  ];
  return [`/etc/linode-ha/announce/${name}`, { mode: "0644", content: lines.join("\n") }];
}

function routeMap(name: string): string {
  return `linode-ha-${name}`;
}

/** FRR's configuration: sessions, and what may be announced with which community. What is announced is not in it. */
export function renderFrr(params: FloatingIpParams): string {
  check(params);
  const { hold, keepalive } = params.timers ?? { hold: 9, keepalive: 3 };
  const ofFamily = (v6: boolean): readonly AnnouncedAddress[] =>
    params.addresses.filter(({ address }) => address.includes(":") === v6);
  const prefixList = (word: string, list: readonly AnnouncedAddress[]): string[] => [
    ...list.map(({ prefix }, index) => `${word} prefix-list linode-ha-own seq ${(index + 1) * 10} permit ${prefix}`),
    `${word} prefix-list linode-ha-own seq 100000 deny any`,
  ];
  const family = (word: string): string[] => [
    ` address-family ${word} unicast`,
    "  neighbor route-servers activate",
    "  neighbor route-servers prefix-list linode-ha-own out",
    "  neighbor route-servers route-map linode-ha-none in",
    " exit-address-family",
  ];
  return [
    "! Written by linode-ha; edits are lost. What is announced is switched by linode-ha-announce@NAME.service, never here.",
    "frr defaults traditional",
    `hostname ${params.node}`,
    "log syslog informational",
    "service integrated-vtysh-config",
    "!",
    ...prefixList("ip", ofFamily(false)),
    ...prefixList("ipv6", ofFamily(true)),
    "!",
    "route-map linode-ha-none deny 10",
    "exit",
    ...params.addresses.flatMap(({ name, rank }) => [
      `route-map ${routeMap(name)} permit 10`,
      ` set community ${UPSTREAM_AS}:${rank === "primary" ? 1 : 2}`,
      "exit",
    ]),
    "!",
    `router bgp ${NODE_AS}`,
    ` bgp router-id ${params.public4}`,
    // Whoever dies must be gone at once: nobody is to keep its routes for a restart.
    " bgp graceful-restart-disable",
    " no bgp default ipv4-unicast",
    " no bgp network import-check",
    " neighbor route-servers peer-group",
    ` neighbor route-servers remote-as ${UPSTREAM_AS}`,
    " neighbor route-servers ebgp-multihop 10",
    ` neighbor route-servers update-source ${params.public6}`,
    ` neighbor route-servers timers ${keepalive} ${hold}`,
    " neighbor route-servers timers connect 5",
    " neighbor route-servers capability extended-nexthop",
    ...params.servers.map((server) => ` neighbor ${server} peer-group route-servers`),
    " !",
    ...family("ipv4"),
    " !",
    ...family("ipv6"),
    "exit",
    "",
  ].join("\n");
}

function check({ node, public4, public6, servers, addresses }: FloatingIpParams): void {
  const fail = (what: string): never => {
    throw new Error(`floating addresses of node "${node}": ${what}`);
  };
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(node)) fail("its name is not a host name");
  if (!net.isIPv4(public4)) fail(`"${public4}" is not its public IPv4 address`);
  for (const each of [public6, ...servers]) {
    if (!net.isIPv6(each)) fail(`"${each}" is not an IPv6 address`);
  }
  if (servers.length === 0) fail("no route server is given");
  if (addresses.length === 0) fail("none is given");
  if (new Set(addresses.map(({ name }) => name)).size < addresses.length) fail("two have one name");
  for (const { name, address, prefix } of addresses) {
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) fail(`"${name}" is not a name for an address`);
    const [base = "", bits = ""] = prefix.split("/");
    const family = net.isIP(address);
    if (family === 0 || net.isIP(base) !== family || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
      fail(`"${address}" of "${prefix}" is not an address of a prefix`);
    }
  }
}
