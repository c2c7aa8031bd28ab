import * as net from "node:net";
import { ROUTE_SERVER_NUMBERS } from "../../hosts/floating-ip/regions";
import type { ArpAddress, BgpAddress, FloatingIpArgs } from "../floatingIp";
import type { HaNode } from "../haNode";
import { UserError } from "./errors";
import { Findings } from "./rules";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const INTERFACE = /^[A-Za-z][A-Za-z0-9._-]{0,14}$/;
const declared = new WeakMap<HaNode, string>();

/** A floating address's arguments, checked. */
export interface FloatingPlan {
  /** The number in the route servers' addresses; undefined where nothing is announced. */
  readonly routeServerNumber?: number;
  readonly bgp: readonly (readonly [string, BgpAddress])[];
  readonly arp: readonly (readonly [string, ArpAddress])[];
}

/**
 * Checks the floating addresses of a pair.
 *
 * @throws UserError with every problem at once.
 */
export function planFloating(name: string, args: FloatingIpArgs): FloatingPlan {
  const found = new Findings();
  const owner = `FloatingIp "${name}"`;
  const bgp = Object.entries(args.bgp?.addresses ?? {});
  const arp = Object.entries(args.arp?.addresses ?? {});
  found.require(bgp.length + arp.length > 0, {
    path: "bgp.addresses",
    what: "no floating address is declared",
    todo: 'name at least one, for example { web: { family: "ipv4", preferred: "web1" } }',
  });
  for (const [kind, list] of [["bgp", bgp] as const, ["arp", arp] as const]) {
    for (const [each] of list) {
      found.require(NAME.test(each), {
        path: `${kind}.addresses.${each}`,
        given: each,
        what: "is not a name for an address",
        allowed: 'up to 32 of a-z, 0-9 and "-", starting with a letter',
        todo: 'choose a short one such as "db"',
      });
    }
  }
  for (const [each] of arp) {
    found.require(args.bgp?.addresses[each] === undefined, {
      path: `arp.addresses.${each}`,
      given: each,
      what: "an announced address has this name already",
      todo: "choose another: names are unique in a pair",
    });
  }
  for (const [each, address] of bgp) checkBgp(`bgp.addresses.${each}`, address, args, found);
  for (const [each, address] of arp) checkArp(`arp.addresses.${each}`, address, found);
  const routeServerNumber = bgp.length === 0 ? undefined : numberOf(args, found);
  checkNodes(args, bgp.length > 0, owner, found);
  if (found.problems.length > 0) {
    throw new UserError(`${owner} cannot be built:`, found.problems);
  }
  for (const node of args.nodes) declared.set(node, owner);
  return { routeServerNumber, bgp, arp };
}

function numberOf({ bgp }: FloatingIpArgs, found: Findings): number | undefined {
  const own = bgp?.routeServerNumber;
  found.require(own === undefined || (Number.isInteger(own) && own >= 1 && own <= 9999), {
    path: "bgp.routeServerNumber",
    given: own,
    what: "is not the number of a region's route servers",
    allowed: "1 to 9999",
    todo: "take it from the vendor's guide on configuring failover, or leave it out for a known region",
  });
  const number = own ?? ROUTE_SERVER_NUMBERS[bgp?.region ?? ""];
  found.require(number !== undefined, {
    path: "bgp.region",
    given: bgp?.region,
    what: "the number of this region's route servers is not known here, and the API does not tell it",
    allowed: Object.keys(ROUTE_SERVER_NUMBERS).join(", "),
    todo: "take it from the vendor's guide on configuring failover and give it as bgp.routeServerNumber",
  });
  return number;
}

function checkNodes({ nodes }: FloatingIpArgs, announced: boolean, owner: string, found: Findings): void {
  for (const node of nodes) {
    const holder = declared.get(node);
    found.require(holder === undefined, {
      path: "nodes",
      given: node.name,
      what: `the floating addresses of this node are already declared, by ${holder ?? owner}: each of the two would replace the other's list`,
      todo: "declare all floating addresses of a pair in one place",
    });
    found.require(!announced || node.linodeId !== undefined, {
      path: "nodes",
      given: node.name,
      what: "is not known to be a Linode: nothing can be shared with it",
      todo: "use the nodes of an HaPair, or give the node its linodeId",
    });
  }
}

function checkBgp(path: string, address: BgpAddress, { nodes }: FloatingIpArgs, found: Findings): void {
  const names = nodes.map((node) => node.name);
  found.require(names.includes(address.preferred), {
    path: `${path}.preferred`,
    given: address.preferred,
    what: "is not a node of this pair",
    allowed: names.join(", "),
    todo: "name the node that the group of this address prefers",
  });
  const bits = address.family === "ipv6" ? (address.prefixLength ?? 64) : 64;
  found.require([56, 64].includes(bits), {
    path: `${path}.prefixLength`,
    given: bits,
    what: "is not the length of a range that the vendor gives",
    allowed: "56, 64",
    todo: "leave it out for 64",
  });
  found.require(address.rdns === undefined || /^([a-z0-9_-]+\.)+[a-z0-9-]{2,}$/i.test(address.rdns), {
    path: `${path}.rdns`,
    given: address.rdns,
    what: "is not a full domain name",
    allowed: "a name whose A or AAAA record has this address",
    todo: 'write it as "db.example.org", or leave it out',
  });
}

function checkArp(path: string, { address, prefixLength, interface: device }: ArpAddress, found: Findings): void {
  const family = net.isIP(address);
  found.require(family !== 0, {
    path: `${path}.address`,
    given: address,
    what: "is not an IP address",
    allowed: "IPv4 or IPv6 without prefix length",
    todo: "take a free one of the VLAN's network",
  });
  found.require(Number.isInteger(prefixLength) && prefixLength >= 1 && prefixLength <= (family === 4 ? 32 : 128), {
    path: `${path}.prefixLength`,
    given: prefixLength,
    what: "is not a prefix length",
    allowed: family === 4 ? "1 to 32" : "1 to 128",
    todo: "give that of the network that the address is in, for example 24",
  });
  found.require(INTERFACE.test(device), {
    path: `${path}.interface`,
    given: device,
    what: "is not a network interface",
    allowed: 'a name such as "eth1"',
    todo: "see `ip link` on a node",
  });
}
