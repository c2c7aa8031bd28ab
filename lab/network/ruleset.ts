import type { Cidr, FirewallPolicy, FirewallRule, MachineWiring } from "../machines/contract";
import { tapName } from "./names";
import { AUTHORITY, DNS_PORT, NAME_SERVER } from "../upstream/addresses";
import { API_ADDRESS, OUT_OF_BAND } from "./namespace";

/** A cut between two machines. */
export interface Partition {
  readonly a: number;
  readonly b: number;
  readonly network: "all" | "public" | "private" | "vlan";
  /** Only what `a` sends to `b` is lost. Default: both ways. */
  readonly oneWay?: boolean;
  /** Only these ports, whichever side has them. Default: everything. */
  readonly ports?: PartitionPorts;
}

/** Ports that a cut is limited to. */
export interface PartitionPorts {
  readonly protocol: "tcp" | "udp";
  readonly numbers: readonly number[];
}

/** A port of the router that guests may talk to. */
export interface RouterService {
  readonly address: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** Cloud Firewalls judge what guests send there, as they do on the way to anywhere. The metadata service is past them. */
  readonly filtered?: boolean;
}

/** The API as the nodes reach it: past the router like any address outside, so that a Cloud Firewall has its say. */
export const API_FOR_NODES: RouterService = { address: API_ADDRESS, protocol: "tcp", port: 80, filtered: true };

/** The name server that nodes resolve with, as if it were anywhere outside. */
export const NAMES_FOR_NODES: readonly RouterService[] = [NAME_SERVER.ipv4, NAME_SERVER.ipv6].flatMap((address) =>
  (["udp", "tcp"] as const).map((protocol) => ({ address, protocol, port: DNS_PORT, filtered: true })),
);

/** The certificate authority as the nodes reach it. */
export const AUTHORITY_FOR_NODES: RouterService = {
  address: AUTHORITY.address,
  protocol: "tcp",
  port: AUTHORITY.port,
  filtered: true,
};

/** All that decides what passes in a lab's network. */
export interface RulesetInput {
  readonly machines: ReadonlyMap<number, MachineWiring>;
  readonly partitions: readonly Partition[];
  readonly services: readonly RouterService[];
}

/** Addresses that belong to the private network of a region. */
export const PRIVATE_NETWORK = "192.168.128.0/17";

/** A Linode's interface to the public and the private network. */
export type PublicInterface = Extract<MachineWiring["interfaces"][number], { kind: "public" }>;

const bare = (cidr: Cidr): string => cidr.split("/")[0] ?? cidr;
const isV6 = (address: string): boolean => address.includes(":");
const byNumber = (machines: ReadonlyMap<number, MachineWiring>): readonly (readonly [number, MachineWiring])[] =>
  [...machines].sort(([a], [b]) => a - b);

/** The public interfaces of a machine. */
export const publicInterfaces = ({ interfaces }: MachineWiring): readonly PublicInterface[] =>
  interfaces.filter((entry) => entry.kind === "public");

/**
 * The nftables ruleset of a lab, to be loaded in one transaction. Guests are behind routed taps, so that filters are stateful
 * (`inet` knows connections, bridges may not); VLANs are bridges, where only partitions are cut.
 */
export function renderRuleset(input: RulesetInput): string {
  const machines = byNumber(input.machines);
  const taps = machines.flatMap(([id, wiring]) =>
    publicInterfaces(wiring).map((entry) => ({ id, wiring, entry, tap: tapName(id, entry.name) })),
  );
  const filtered = taps.filter(({ wiring }) => wiring.firewall !== undefined);
  const lines = [
    "table inet linode_lab {}",
    "delete table inet linode_lab",
    "table inet linode_lab {",
    ...taps.flatMap(({ tap, entry, wiring }) => sourceChain(tap, entry, wiring.shared)),
    ...uniqueById(filtered).flatMap(({ id, wiring }) => firewallChains(id, wiring.firewall as FirewallPolicy)),
    ...chain(
      "partitions",
      input.partitions.flatMap((cut) => routedCut(cut, input.machines)),
    ),
    ...chain(
      "from_guest",
      [...taps.map(({ tap }) => `iifname "${tap}" jump source_${tap}`)],
      "type filter hook prerouting priority raw; policy accept;",
    ),
    ...chain(
      "forward",
      [
        // Cuts come first: they end connections that stand, too.
        "jump partitions",
        "ct state established,related accept",
        ...filtered.map(({ id, tap }) => `iifname "${tap}" jump outbound_${id}`),
        ...filtered.map(({ id, tap }) => `oifname "${tap}" jump inbound_${id}`),
        ...(taps.length === 0 ? [] : [`iifname ${nameSet(taps)} oifname ${nameSet(taps)} accept`]),
      ],
      "type filter hook forward priority filter; policy drop;",
    ),
    ...chain(
      "to_router",
      [
        'iifname "lo" accept',
        "ct state established,related accept",
        "meta l4proto { icmp, ipv6-icmp } accept",
        ...input.services.flatMap((service) => [
          ...(service.filtered ? filtered : []).map(
            ({ id, tap }) => `iifname "${tap}" ${serviceMatch(service)} jump outbound_${id}`,
          ),
          `${serviceMatch(service)} accept`,
        ]),
        // A closed door that says so: a guest's mistake shows at once instead of after a time-out.
        "meta l4proto tcp reject with tcp reset",
      ],
      "type filter hook input priority filter; policy drop;",
    ),
    ...chain(
      "from_operator",
      [
        "ct state established,related accept",
        "meta l4proto ipv6-icmp accept",
        `ip saddr ${OUT_OF_BAND.ipv4} accept`,
        `ip6 saddr ${OUT_OF_BAND.ipv6} accept`,
        ...filtered.map(({ id, tap }) => `oifname "${tap}" jump inbound_${id}`),
      ],
      "type filter hook output priority filter; policy accept;",
    ),
    "}",
    "table bridge linode_lab {}",
    "delete table bridge linode_lab",
    "table bridge linode_lab {",
    ...chain(
      "vlans",
      input.partitions.flatMap((cut) => vlanCut(cut, input.machines)),
      "type filter hook forward priority filter; policy accept;",
    ),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

const serviceMatch = ({ address, protocol, port }: RouterService): string =>
  `${isV6(address) ? "ip6" : "ip"} daddr ${address} ${protocol} dport ${port}`;

const nameSet = (taps: readonly { tap: string }[]): string => `{ ${taps.map(({ tap }) => `"${tap}"`).join(", ")} }`;

function chain(name: string, rules: readonly string[], head?: string): string[] {
  return [
    `  chain ${name} {`,
    ...(head === undefined ? [] : [`    ${head}`]),
    ...rules.map((rule) => `    ${rule}`),
    "  }",
  ];
}

function uniqueById<T extends { readonly id: number }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

/** What a guest may send from: its own card, its own and shared addresses. */
function sourceChain(tap: string, entry: PublicInterface, shared: readonly string[]): string[] {
  const addresses = [...entry.ipv4.map(bare), ...shared, bare(entry.ipv6), ...entry.ipv6Ranges];
  return chain(`source_${tap}`, [
    `ether saddr != ${entry.mac} drop`,
    ...[...new Set(addresses)].map((address) => `${isV6(address) ? "ip6" : "ip"} saddr ${address} return`),
    // Neighbour discovery starts from link-local and unspecified addresses; neither is routed.
    "ip6 saddr { fe80::/10, :: } meta l4proto ipv6-icmp return",
    "drop",
  ]);
}

/** A Cloud Firewall as two chains; `return` means that this side has nothing against it. */
function firewallChains(id: number, policy: FirewallPolicy): string[] {
  const end = (action: "ACCEPT" | "DROP"): string => (action === "ACCEPT" ? "return" : "drop");
  return [
    ...chain(`inbound_${id}`, [
      ...policy.inbound.flatMap((rule) => ruleLines(rule, "saddr")),
      end(policy.inboundPolicy),
    ]),
    ...chain(`outbound_${id}`, [
      ...policy.outbound.flatMap((rule) => ruleLines(rule, "daddr")),
      end(policy.outboundPolicy),
    ]),
  ];
}

function ruleLines(rule: FirewallRule, side: "saddr" | "daddr"): string[] {
  const verdict = rule.action === "ACCEPT" ? "return" : "drop";
  const line = (family: "ip" | "ip6", address: Cidr): string =>
    [`${family} ${side} ${address}`, protocolMatch(rule, family), verdict].join(" ");
  return [
    ...rule.ipv4.map((address) => line("ip", address)),
    // IP in IP is a protocol of IPv4.
    ...(rule.protocol === "IPENCAP" ? [] : rule.ipv6.map((address) => line("ip6", address))),
  ];
}

function protocolMatch({ protocol, ports }: FirewallRule, family: "ip" | "ip6"): string {
  switch (protocol) {
    case "TCP":
    case "UDP": {
      const name = protocol.toLowerCase();
      const ranges = mergePorts(ports);
      return ranges.length === 0 ? `meta l4proto ${name}` : `${name} dport { ${ranges.join(", ")} }`;
    }
    case "ICMP":
      return `meta l4proto ${family === "ip" ? "icmp" : "ipv6-icmp"}`;
    case "IPENCAP":
      return "meta l4proto 4";
    default:
      return protocol satisfies never;
  }
}

/** `80,22,70-90` as ranges without overlap, which nftables would refuse. */
export function mergePorts(ports: string): readonly string[] {
  const ranges = ports
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => part.split("-").map(Number))
    .map(([from = 0, to = from]) => [from, to] as [number, number])
    .sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
}

function routedCut(cut: Partition, machines: ReadonlyMap<number, MachineWiring>): string[] {
  const { network } = cut;
  if (network === "vlan") return [];
  const which: Readonly<Record<"all" | "public" | "private", readonly string[]>> = {
    all: [""],
    public: [`ip daddr != ${PRIVATE_NETWORK} `, "meta nfproto ipv6 "],
    private: [`ip daddr ${PRIVATE_NETWORK} `],
  };
  return ways(cut, machines, "public").flatMap(([from, to]) =>
    which[network].flatMap((match) =>
      portMatches(cut).map((port) => `iifname "${from}" oifname "${to}" ${match}${port}drop`),
    ),
  );
}

function vlanCut(cut: Partition, machines: ReadonlyMap<number, MachineWiring>): string[] {
  if (cut.network !== "vlan" && cut.network !== "all") return [];
  return ways(cut, machines, "vlan").flatMap(([from, to]) =>
    portMatches(cut).map((port) => `iifname "${from}" oifname "${to}" ${port}drop`),
  );
}

/** A connection's packets have the port on one side or the other. */
function portMatches({ ports }: Partition): string[] {
  if (ports === undefined) return [""];
  const set = `{ ${ports.numbers.join(", ")} }`;
  return ["sport", "dport"].map((side) => `${ports.protocol} ${side} ${set} `);
}

function ways(
  { a, b, oneWay }: Partition,
  machines: ReadonlyMap<number, MachineWiring>,
  kind: "public" | "vlan",
): [string, string][] {
  const taps = (id: number): string[] =>
    (machines.get(id)?.interfaces ?? []).filter((entry) => entry.kind === kind).map((entry) => tapName(id, entry.name));
  return taps(a).flatMap((from) =>
    taps(b).flatMap((to): [string, string][] => [
      [from, to],
      ...(oneWay === true ? [] : [[to, from] as [string, string]]),
    ]),
  );
}
