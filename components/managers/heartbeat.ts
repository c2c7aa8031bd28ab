import * as net from "node:net";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { HeartbeatNode } from "../../hosts/heartbeat/files";
import { heartbeatKey, type HeartbeatParams, heartbeatRole, type HeartbeatResult } from "../../hosts/heartbeat/render";
import { type HeartbeatSettledResult, heartbeatSettledRole } from "../../hosts/heartbeat-settled/render";
import type { HaNode, NodePair } from "../haNode";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";
import type { Findings } from "../internal/rules";
import type { PlannedGroup } from "../serviceGroup";
import { fencingReady, plugsOf } from "./fencing";
import { type AutomaticArgs, type ManagerPlan, planManager } from "./planManager";
import { readiness, resolveGroups } from "./resolveGroups";

const DEFAULT_PORT = 694;

/** Settings of a {@link HeartbeatPair}. */
export interface HeartbeatPairArgs extends AutomaticArgs {
  /** Where heartbeats go: a network of both nodes, and the interface that it is on. At least one. */
  readonly heartbeats: readonly {
    readonly via: "interconnect" | "private4" | "public4" | "public6";
    /** For example `eth1`. */
    readonly interface: string;
  }[];
  /** Addresses that answer pings while a node's network works, for example its gateway: the node that reaches fewer gives its groups up. */
  readonly pingNodes?: readonly pulumi.Input<string>[];
  /** UDP port on both nodes. Default 694. */
  readonly port?: number;
  /** Whether DRBD's `fence-peer` handler may reach the peer through Heartbeat, with `drbd-peer-outdater`. Default false. */
  readonly outdatePeer?: boolean;
}

/**
 * Two nodes under Heartbeat v1: each group is a line of `haresources`, and moves when its node dies, is stopped, or loses the ping
 * nodes. Services are not watched: for that, see `PacemakerCluster`.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class HeartbeatPair extends pulumi.ComponentResource {
  readonly nodes: NodePair;
  /** The node that runs each group at the end of the last `up`, by the group's name. */
  readonly groups: pulumi.Output<Record<string, string>>;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: HeartbeatPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:managers:HeartbeatPair", name, {}, opts);
    const plan = planManager("HeartbeatPair", name, args, (groups, found) => check(args, groups, found));
    const key = new random.RandomPassword(childName(name, "key"), { length: 64, special: false }, { parent: this });
    const params = paramsOf(args, plan);
    const before = [...readiness(plan.groups), ...fencingReady(args.fencing)];
    const step = (node: HaNode, last: boolean, after: readonly pulumi.Resource[]) =>
      new HostStep<HeartbeatParams, HeartbeatResult>(
        childName(name, node.name, "heartbeat"),
        {
          role: heartbeatRole,
          step: `heartbeat-${name}`,
          node,
          params: params.apply((shared) => ({ ...shared, node: node.name, last })),
          secrets: { [heartbeatKey]: key.result },
          after,
        },
        { parent: this },
      );
    // One after the other: while a Heartbeat takes new settings it is silent, and its peer must not be so too.
    const first = step(args.nodes[0], false, before);
    const second = step(args.nodes[1], true, [...before, first]);
    this.nodes = args.nodes;
    // Heartbeat starts its groups after it has answered, and only a look on each node tells when they are whole.
    const settled = args.nodes.map(
      (node) =>
        new HostStep<HeartbeatParams, HeartbeatSettledResult>(
          childName(name, node.name, "settled"),
          {
            role: heartbeatSettledRole,
            step: `heartbeat-${name}-settled`,
            node,
            params: params.apply((shared) => ({ ...shared, node: node.name, last: false })),
            after: [first, second],
          },
          { parent: this },
        ),
    );
    this.ready = settled;
    this.groups = pulumi
      .all(settled.map(({ result }) => result))
      .apply((results) =>
        Object.fromEntries(
          results.flatMap(({ runs }, index) =>
            ((runs as readonly string[] | undefined) ?? []).map((group) => [group, args.nodes[index]?.name ?? ""]),
          ),
        ),
      );
    this.registerOutputs({ groups: this.groups });
  }
}

/** What both nodes' steps are rendered from: one value, so that the two halves cannot differ. */
function paramsOf(args: HeartbeatPairArgs, plan: ManagerPlan): pulumi.Output<Omit<HeartbeatParams, "node" | "last">> {
  return pulumi
    .all([
      memberOf(args.nodes[0], args),
      memberOf(args.nodes[1], args),
      resolveGroups(plan.groups),
      plugsOf(args.fencing),
      pulumi.all([...(args.pingNodes ?? [])]),
    ])
    .apply(([first, second, groups, plugs, pingNodes]) => ({
      nodes: [first, second] as const,
      groups: groups,
      timings: plan.timings.heartbeat,
      port: args.port ?? DEFAULT_PORT,
      pingNodes,
      plugs,
      outdatePeer: args.outdatePeer ?? false,
    }));
}

function memberOf(node: HaNode, { heartbeats }: HeartbeatPairArgs): pulumi.Output<HeartbeatNode> {
  return pulumi.all(heartbeats.map(({ via }) => addressOf(node, via) ?? "")).apply((addresses) => ({
    name: node.name,
    links: heartbeats.map((link, index) => ({ interface: link.interface, address: addresses[index] ?? "" })),
  }));
}

type Via = HeartbeatPairArgs["heartbeats"][number]["via"];

function addressOf(node: HaNode, via: Via): pulumi.Output<string> | undefined {
  return via === "interconnect" ? node.addresses.interconnect.address : node.addresses[via];
}

function check(args: HeartbeatPairArgs, groups: readonly PlannedGroup[], found: Findings): void {
  found.require(args.heartbeats.length > 0, {
    path: "heartbeats",
    what: "no way for heartbeats is given",
    todo: 'name a network and its interface, for example { via: "interconnect", interface: "eth1" }',
  });
  args.heartbeats.forEach((link, index) => {
    for (const node of args.nodes) {
      found.require(addressOf(node, link.via) !== undefined, {
        path: `heartbeats[${index}].via`,
        given: link.via,
        what: `${node.name} has no such address`,
        todo: "name a network that both nodes are on",
      });
    }
    found.require(/^[A-Za-z][A-Za-z0-9._-]{0,14}$/.test(link.interface), {
      path: `heartbeats[${index}].interface`,
      given: link.interface,
      what: "is not a network interface",
      todo: "see `ip link` on a node, for example eth1",
    });
  });
  found.requirePort("port", args.port ?? DEFAULT_PORT, DEFAULT_PORT);
  (args.pingNodes ?? []).forEach((address, index) => {
    found.require(typeof address !== "string" || net.isIP(address) !== 0, {
      path: `pingNodes[${index}]`,
      given: address,
      what: "is not an IP address",
      todo: "give the gateway's, or another that answers pings and is not one of the nodes",
    });
  });
  const [first] = groups;
  found.require(
    groups.every((group) => group.failback === first?.failback),
    {
      path: "groups",
      given: groups.map(({ failback }) => failback),
      what: "Heartbeat has one failback setting for all groups",
      allowed: "the same failback in each group",
      todo: "decide for one, or use a PacemakerCluster",
    },
  );
}
