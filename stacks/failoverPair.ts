import * as pulumi from "@pulumi/pulumi";
import { HaPair } from "../components";
import { type BgpAddress, FloatingIp } from "../components/floatingIp";
import type { PairAccess } from "../components/haPair";
import type { GroupAddress } from "../components/serviceGroup";
import type { ActivePassiveConfig, CrossedPairConfig, ManualFailoverConfig } from "../config";
import type { NamedAddress } from "../hosts/base/render";

/** The configuration of a system in which services move. */
export type FailoverConfig = CrossedPairConfig | ActivePassiveConfig | ManualFailoverConfig;

/** Two nodes, and the addresses that move between them. */
export interface FailoverPair {
  readonly pair: HaPair;
  /** By their names in the configuration. */
  readonly addresses: ReadonlyMap<string, GroupAddress>;
}

/** The VLAN is the nodes' second interface. */
const VLAN_INTERFACE = "eth1";

/** Makes both. Each node's hosts file names the addresses, although they are bought for nodes that are there already. */
export function failoverPair(config: FailoverConfig, access: Partial<PairAccess> = {}): FailoverPair {
  let tell: (names: pulumi.Output<readonly NamedAddress[]>) => void = () => undefined;
  const extraHosts = pulumi.output(
    new Promise<pulumi.Output<readonly NamedAddress[]>>((resolve) => {
      tell = resolve;
    }),
  );
  const peerTcp6Ports = Object.values(config.volumes)
    .filter(({ network }) => network === "public6")
    .map(({ port }) => port);
  const pair = new HaPair("pair", {
    ...config.pair,
    access: { ...config.pair.access, ...(peerTcp6Ports.length === 0 ? {} : { peerTcp6Ports }), ...access },
    extraHosts,
  });
  const addresses = makeAddresses(pair, config);
  tell(namesOf(addresses, config.pair.domain));
  return { pair, addresses };
}

/** Full and short name of each. A range has no single address of that name. */
function namesOf(addresses: ReadonlyMap<string, GroupAddress>, domain: string): pulumi.Output<readonly NamedAddress[]> {
  const all = [...addresses].map(([name, { address }]) =>
    pulumi.output(address).apply((known) => ({ address: known, names: [`${name}.${domain}`, name] })),
  );
  return pulumi.all(all);
}

/** All addresses that move, in the pair's one declaration of them. */
function makeAddresses(pair: HaPair, config: FailoverConfig): ReadonlyMap<string, GroupAddress> {
  const entries = Object.entries(config.addresses);
  if (entries.length === 0) return new Map();
  const network = config.pair.interconnect.kind === "vlan" ? config.pair.interconnect.cidr : "";
  const bgp = entries.flatMap(([name, { kind }]): [string, BgpAddress][] => {
    if (kind === "vlan") return [];
    const group = groupOf(config, "addresses", name);
    const failback = "failback" in group ? group.failback : false;
    return [[name, { family: kind === "public4" ? "ipv4" : "ipv6", preferred: group.preferred, failback }]];
  });
  const arp = entries.flatMap(([name, settings]) =>
    settings.kind === "vlan"
      ? [
          [
            name,
            {
              address: settings.address,
              prefixLength: Number(network.split("/")[1]),
              interface: VLAN_INTERFACE,
            },
          ] as const,
        ]
      : [],
  );
  const floating = new FloatingIp("floating", {
    nodes: pair.nodes,
    ...(bgp.length === 0
      ? {}
      : {
          bgp: {
            region: config.pair.region,
            routeServerNumber: config.routeServerNumber,
            addresses: Object.fromEntries(bgp),
          },
        }),
    ...(arp.length === 0 ? {} : { arp: { addresses: Object.fromEntries(arp) } }),
  });
  return new Map(Object.entries(floating.addresses));
}

/** The group that something belongs to; the configuration was checked, so each has one. */
export function groupOf(
  config: FailoverConfig,
  kind: "volumes" | "addresses" | "services",
  name: string,
): FailoverConfig["groups"][string] {
  const groups: readonly FailoverConfig["groups"][string][] = Object.values(config.groups);
  const found = groups.find((group) => group[kind].includes(name));
  if (found === undefined) throw new Error(`no group has "${name}" of ${kind}`);
  return found;
}
