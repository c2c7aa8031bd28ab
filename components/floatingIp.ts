import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import { routeServers } from "../hosts/floating-ip/regions";
import { announceUnit, floatingIpRole, type AnnouncedAddress } from "../hosts/floating-ip/render";
import type { HaNode, NodePair } from "./haNode";
import { UserError } from "./internal/errors";
import { planFloating, type FloatingPlan } from "./internal/floatingPlan";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import type { GroupAddress } from "./serviceGroup";

/** A public address that the vendor gives, announced by the node that has it. */
export type BgpAddress = (
  | {
      /** One more IPv4 address. Many accounts get none before a support ticket that says what it is for. */
      readonly family: "ipv4";
    }
  | {
      /** One more IPv6 range; clients use its first address, `…::1`. */
      readonly family: "ipv6";
      /** Bits of the range: 56 or 64. Default 64. */
      readonly prefixLength?: 56 | 64;
    }
) & {
  /** The node that the address's group prefers. */
  readonly preferred: string;
  /**
   * Whether the routers take the preferred node whenever both announce. Default false: both announce alike, and whoever announced first
   * keeps it. Give what the address's group has as `failback`.
   */
  readonly failback?: boolean;
  /** Full name for reverse DNS; its A or AAAA record must have the address. Default: the vendor's own name. */
  readonly rdns?: string;
};

/** An address of a network that both nodes are on (a VLAN, or the region's private network), moved by ARP or neighbour advertisement. */
export interface ArpAddress {
  /** IPv4 or IPv6, without prefix length, and free in that network. */
  readonly address: string;
  readonly prefixLength: number;
  /** The network interface on both nodes, for example `eth1`. */
  readonly interface: string;
}

/** Settings of a {@link FloatingIp}. */
export interface FloatingIpArgs {
  readonly nodes: NodePair;
  /** Public addresses that the vendor gives and shares between the nodes. */
  readonly bgp?: {
    /** The nodes' region. */
    readonly region: string;
    /** The number in the addresses of the region's route servers, `2600:3c0f:<number>:34::1`; needed for regions not known here. */
    readonly routeServerNumber?: number;
    /** By name, for example `{ web: { family: "ipv4", preferred: "web1" } }`. */
    readonly addresses: Readonly<Record<string, BgpAddress>>;
  };
  /** Addresses of networks between the nodes; nothing is made in the account for them. */
  readonly arp?: { readonly addresses: Readonly<Record<string, ArpAddress>> };
}

/**
 * All addresses that move between the two nodes of a pair. One declaration a pair: the vendor's call for sharing replaces a node's whole
 * list, so that two declarations would undo each other.
 *
 * A public address belongs to the first node and is shared with the second; it goes when the first node is deleted. It is dead until a
 * node announces it, and only the manager of the group that it runs in starts and stops that.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class FloatingIp extends pulumi.ComponentResource {
  readonly nodes: NodePair;
  /** What a group takes (`address(floating.addresses.web)`), by name. */
  readonly addresses: Readonly<Record<string, GroupAddress>>;
  /** The addresses themselves, by name. */
  readonly values: pulumi.Output<Record<string, string>>;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: FloatingIpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:network:FloatingIp", name, {}, opts);
    const plan = planFloating(name, args);
    this.nodes = args.nodes;
    const made = plan.bgp.map(([each, settings]) => this.obtain(name, each, settings));
    const shared = made.length === 0 ? [] : this.share(name, made);
    this.ready = made.length === 0 ? [] : this.announcers(name, plan, made, shared);
    const names = args.nodes.map((node) => node.name);
    this.addresses = Object.fromEntries([
      ...made.map((one): [string, GroupAddress] => [
        one.name,
        {
          name: one.name,
          address: one.address,
          prefixLength: one.settings.family === "ipv4" ? 32 : 128,
          interface: "lo",
          method: { kind: "bgp", unit: announceUnit(one.name) },
          nodes: names,
          ready: this.ready,
        },
      ]),
      ...plan.arp.map(([each, settings]): [string, GroupAddress] => [
        each,
        { name: each, ...settings, method: { kind: "arp" }, nodes: names },
      ]),
    ]);
    this.values = pulumi.all(
      Object.fromEntries(Object.entries(this.addresses).map(([each, { address }]) => [each, address])),
    );
    this.registerOutputs({ values: this.values });
  }

  /**
   * The address of that name, for a group.
   *
   * @throws UserError if none has it.
   */
  named(name: string): GroupAddress {
    const address = this.addresses[name];
    if (address === undefined) {
      throw new UserError("A floating address is missing:", [
        {
          path: name,
          what: "no floating address of this pair has this name",
          allowed: Object.keys(this.addresses).join(", "),
          todo: "declare it, or name another",
        },
      ]);
    }
    return address;
  }

  /** The address or range, on the first node whichever is preferred: what is preferred may change, an address must not. */
  private obtain(name: string, each: string, settings: BgpAddress): Obtained {
    const [owner] = this.nodes;
    const options = { parent: this, deletedWith: owner.owner, dependsOn: [...(owner.booted ?? owner.ready)] };
    const resourceName = childName(name, each);
    const obtained: Obtained =
      settings.family === "ipv4"
        ? ipv4(each, settings, new linode.InstanceIp(resourceName, { linodeId: idOf(owner), public: true }, options))
        : ipv6(
            each,
            settings,
            new linode.Ipv6Range(
              resourceName,
              { linodeId: idOf(owner), prefixLength: settings.prefixLength ?? 64 },
              options,
            ),
          );
    if (settings.rdns !== undefined) {
      new linode.Rdns(
        childName(name, each, "rdns"),
        { address: obtained.address, rdns: settings.rdns, waitForAvailable: true },
        { parent: this, deletedWith: owner.owner },
      );
    }
    return obtained;
  }

  /** A range is announced only where it is shared, its own Linode included; an IPv4 address is its owner's anyway. */
  private share(name: string, made: readonly Obtained[]): pulumi.Resource[] {
    const [owner, other] = this.nodes;
    const lists = [
      { node: owner, list: made.filter(({ settings }) => settings.family === "ipv6") },
      { node: other, list: made },
    ].filter(({ list }) => list.length > 0);
    return lists.map(
      ({ node, list }) =>
        new linode.InstanceSharedIps(
          childName(name, node.name, "shared"),
          { linodeId: idOf(node), addresses: list.map((one) => one.shareable) },
          { parent: this, deletedWith: node.owner },
        ),
    );
  }

  private announcers(
    name: string,
    plan: FloatingPlan,
    made: readonly Obtained[],
    shared: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    const addresses = pulumi.all(made.map(({ address, prefix }) => pulumi.all([address, prefix])));
    return this.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "floating-ip"),
          {
            role: floatingIpRole,
            step: "floating-ip",
            node,
            params: pulumi
              .all([node.addresses.public4, node.addresses.public6, addresses])
              .apply(([public4, public6, list]) => ({
                node: node.name,
                public4,
                public6,
                servers: routeServers(plan.routeServerNumber ?? 0),
                addresses: made.map(({ name: each, settings }, index): AnnouncedAddress => {
                  const [address = "", prefix = ""] = list[index] ?? [];
                  const first = settings.failback !== true || settings.preferred === node.name;
                  return { name: each, address, prefix, rank: first ? "primary" : "secondary" };
                }),
              })),
            after: [...shared],
          },
          { parent: this },
        ),
    );
  }
}

/** An address of the vendor's. */
interface Obtained {
  readonly name: string;
  readonly settings: BgpAddress;
  /** What clients connect to. */
  readonly address: pulumi.Output<string>;
  /** What is announced. */
  readonly prefix: pulumi.Output<string>;
  /** As the call for sharing takes it. */
  readonly shareable: pulumi.Output<string>;
}

function ipv4(name: string, settings: BgpAddress, ip: linode.InstanceIp): Obtained {
  const prefix = ip.address.apply((address) => `${address}/32`);
  return { name, settings, address: ip.address, prefix, shareable: ip.address };
}

function ipv6(name: string, settings: BgpAddress, made: linode.Ipv6Range): Obtained {
  const base = made.range.apply((range) => range.split("/")[0] ?? range);
  return {
    name,
    settings,
    address: base.apply((range) => (range.endsWith("::") ? `${range}1` : range.replace(/:0$/, ":1"))),
    prefix: pulumi.interpolate`${base}/${made.prefixLength}`,
    shareable: base,
  };
}

/** Checked before: nodes without one are refused. */
function idOf(node: HaNode): pulumi.Output<number> {
  return node.linodeId ?? pulumi.output(0);
}
