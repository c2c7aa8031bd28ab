import type { Cidr, MachineWiring } from "../machines/contract";
import { tapName } from "../network/names";
import { OPERATOR } from "../network/namespace";
import { publicInterfaces } from "../network/ruleset";
import { routeServers } from "./regions";

/** Autonomous systems: the vendor's upstream, and every node. */
export const UPSTREAM_AS = 65_000;
export const NODE_AS = 65_001;
/** Seconds after which a silent node has lost what it announced, and between two signs of life. */
export const HOLD_SECONDS = 9;
const KEEPALIVE_SECONDS = 3;

/** File names in the upstream's folder, which is BIRD's working directory. */
export const BIRD_CONFIG = "bird.conf";
export const BIRD_LOG = "bird.log";
const LOG_BYTES = 1024 * 1024;

/** The port of BGP. */
export const BGP_PORT = 179;

interface Node {
  readonly id: number;
  readonly tap: string;
  /** The SLAAC address: sessions come from it, and traffic goes to it. */
  readonly address: string;
  readonly servers: readonly string[];
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

const bare = (cidr: Cidr): string => cidr.split("/")[0] ?? cidr;

/**
 * The configuration of a lab's route servers. Pure. A node has one session to each of its region's four servers, and may announce only
 * what is its own or shared with it; the next hop must be the node itself.
 */
export function renderBirdConfig(machines: ReadonlyMap<number, MachineWiring>): string {
  const nodes = nodesOf(machines);
  return `${[
    "# Written by the lab at each change of what nodes may announce.",
    `log "${BIRD_LOG}" ${LOG_BYTES} "${BIRD_LOG}.1" { info, remote, warning, error, auth, fatal, bug };`,
    `router id ${OPERATOR.ipv4};`,
    "",
    "# Next hops lead to nodes only, by their taps.",
    "ipv6 table segment;",
    "protocol device { scan time 10; }",
    "protocol static taps {",
    "  ipv6 { table segment; };",
    ...nodes.map(({ address, tap }) => `  route ${address}/128 via "${tap}";`),
    "}",
    "",
    ...kernel("ipv4", OPERATOR.ipv4),
    ...kernel("ipv6", OPERATOR.ipv6),
    "",
    "function weigh() {",
    "  bgp_local_pref = 50;",
    `  if (${UPSTREAM_AS}, 2) ~ bgp_community then bgp_local_pref = 100;`,
    `  if (${UPSTREAM_AS}, 1) ~ bgp_community then bgp_local_pref = 200;`,
    "}",
    "",
    "template bgp route_server {",
    `  neighbor as ${NODE_AS};`,
    "  multihop;",
    "  passive;",
    `  hold time ${HOLD_SECONDS};`,
    `  startup hold time ${HOLD_SECONDS};`,
    `  keepalive time ${KEEPALIVE_SECONDS};`,
    // A node that comes back is let in at once, whatever went wrong before.
    "  connect delay time 1;",
    "  error wait time 1, 1;",
    "  prefer older;",
    // Nothing is kept for a node that is gone, whatever its announcer would like.
    "  graceful restart no;",
    "  long lived graceful restart no;",
    "  ipv4 { extended next hop; igp table segment; import table; import none; export none; };",
    "  ipv6 { igp table segment; import table; import none; export none; };",
    "}",
    ...nodes.flatMap(session),
  ].join("\n")}\n`;
}

function kernel(family: "ipv4" | "ipv6", source: string): string[] {
  return [
    `protocol kernel kernel_${family} {`,
    `  ${family} { import none; export filter { if source != RTS_BGP then reject; krt_prefsrc = ${source}; accept; }; };`,
    "}",
  ];
}

function session(node: Node): string[] {
  const name = (family: string): string => `linode_${node.id}_${family}`;
  return [
    "",
    ...filter(name("ipv4"), node, node.ipv4),
    ...filter(name("ipv6"), node, node.ipv6),
    ...node.servers.flatMap((server, index) => [
      `protocol bgp linode_${node.id}_rs${index + 1} from route_server {`,
      `  local ${server} as ${UPSTREAM_AS};`,
      // BIRD lets one session have a neighbour's address and port, and no more. The servers never call a node, so that its port
      // means nothing else: each has one of its own.
      `  neighbor ${node.address} port ${BGP_PORT + index};`,
      `  ipv4 { import filter ${name("ipv4")}; };`,
      `  ipv6 { import filter ${name("ipv6")}; };`,
      "}",
    ]),
  ];
}

function filter(name: string, { id, address }: Node, prefixes: readonly string[]): string[] {
  const refuse = (why: string): string => `{ print "refused: ", net, " from Linode ${id}: ${why}"; reject; }`;
  return [
    `filter ${name} {`,
    `  if bgp_next_hop != ${address} then ${refuse("its next hop is another")}`,
    prefixes.length === 0
      ? `  ${refuse("nothing is shared with it")}`
      : `  if net !~ [ ${prefixes.join(", ")} ] then ${refuse("not its own, and not shared with it")}`,
    // Announcers may all have the same identifier; among such, BIRD would take the lower address instead of the older route.
    ...(prefixes.length === 0 ? [] : [`  bgp_originator_id = ${identifier(id)};`, "  weigh();", "  accept;"]),
    "}",
  ];
}

/** A Linode's number in the form of a router's identifier. */
const identifier = (id: number): string => [24, 16, 8, 0].map((shift) => (id >>> shift) & 0xff).join(".");

/** Nodes with a public interface in a region with route servers, by number. */
function nodesOf(machines: ReadonlyMap<number, MachineWiring>): readonly Node[] {
  return [...machines]
    .sort(([a], [b]) => a - b)
    .flatMap(([id, wiring]): Node[] => {
      const [entry] = publicInterfaces(wiring);
      const servers = routeServers(wiring.region);
      if (entry === undefined || servers.length === 0) return [];
      const all = [...entry.ipv4.map(bare), bare(entry.ipv6), ...entry.ipv6Ranges, ...wiring.shared];
      const prefixes = [...new Set(all)].sort();
      return [
        {
          id,
          tap: tapName(id, entry.name),
          address: bare(entry.ipv6),
          servers,
          ipv4: prefixes.filter((prefix) => !prefix.includes(":")).map((prefix) => `${bare(prefix)}/32`),
          ipv6: prefixes.filter((prefix) => prefix.includes(":")).flatMap(announceable),
        },
      ];
    });
}

/** What of a range may be announced: all of it, a /64 of a /56, or single addresses. */
function announceable(prefix: string): readonly string[] {
  const length = Number(prefix.split("/")[1] ?? 128);
  return [56, 64, 128].filter((each) => each >= length).map((each) => `${bare(prefix)}/${length}{${each},${each}}`);
}
