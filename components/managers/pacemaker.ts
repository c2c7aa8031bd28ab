import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { CorosyncNode, CorosyncQuorum } from "../../hosts/pacemaker/corosync";
import { corosyncKey, type PacemakerParams, pacemakerRole, type PacemakerResult } from "../../hosts/pacemaker/render";
import type { HaNode, NodePair } from "../haNode";
import { HostStep } from "../internal/hostStep";
import type { Findings } from "../internal/rules";
import { childName } from "../internal/naming";
import { fencingReady, plugsOf } from "./fencing";
import { type AutomaticArgs, type ManagerPlan, planManager } from "./planManager";
import { readiness, resolveGroups } from "./resolveGroups";

/** A network that the nodes see each other through. */
export type MembershipLink = "interconnect" | "private4" | "public4" | "public6";

/** Settings of a {@link PacemakerCluster}. */
export interface PacemakerClusterArgs extends AutomaticArgs {
  /** One or two different networks; with two, one may fail. Their number is fixed once the cluster runs. Default the interconnect. */
  readonly links?: readonly MembershipLink[];
  /**
   * `two-node`: fencing decides; `qnetd`: a third machine that runs corosync-qnetd has a vote. Default `two-node`.
   */
  readonly quorum?:
    | { readonly kind: "two-node" }
    | { readonly kind: "qnetd"; readonly host: pulumi.Input<string>; readonly tls?: boolean };
  /**
   * Who survives when both nodes are alive and cannot see each other. `preferred`: the preferred node of the first group; shooting it
   * waits a moment, unless it is off already. `active`: whoever runs more, the first group counting most; each failover of the first
   * group then takes that moment longer, also after a power cut. Default `preferred`.
   */
  readonly survivor?: "preferred" | "active";
}

/**
 * Two nodes under Pacemaker and corosync: groups run where their resource is Primary, move when a node dies or a member keeps
 * failing, and a node that is lost is fenced before anything of it starts elsewhere.
 *
 * A changed setting reaches the running cluster as the difference that it makes, and nothing restarts. What an operator has switched
 * (maintenance, standby, a stopped group, a ban) stays as it is.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class PacemakerCluster extends pulumi.ComponentResource {
  readonly nodes: NodePair;
  /** The node that runs each group at the end of the last `up`, by the group's name; empty where none did. */
  readonly groups: pulumi.Output<Record<string, string>>;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: PacemakerClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:managers:PacemakerCluster", name, {}, opts);
    const plan = planManager("PacemakerCluster", name, args, (_groups, found) => checkLinks(args, found));
    const key = new random.RandomPassword(childName(name, "key"), { length: 128, special: false }, { parent: this });
    const params = paramsOf(name, args, plan);
    const steps = args.nodes.map(
      (node) =>
        new HostStep<PacemakerParams, PacemakerResult>(
          childName(name, node.name, "pacemaker"),
          {
            role: pacemakerRole,
            step: `pacemaker-${name}`,
            node,
            params: params.apply((shared) => ({ ...shared, node: node.name })),
            secrets: { [corosyncKey]: key.result },
            after: [...readiness(plan.groups), ...fencingReady(args.fencing)],
          },
          { parent: this },
        ),
    );
    this.nodes = args.nodes;
    this.ready = steps;
    // Whichever node has seen a group run: one of them may have looked while it moved.
    this.groups = pulumi
      .all(steps.map((step) => step.result))
      .apply((results) =>
        Object.fromEntries(
          plan.groups.map((group) => [
            group.name,
            results
              .map((result) => (result.groups as Record<string, string> | undefined)?.[group.name])
              .find(Boolean) ?? "",
          ]),
        ),
      );
    this.registerOutputs({ groups: this.groups });
  }
}

/** What both nodes' steps are rendered from: one value, so that the two halves cannot differ. */
function paramsOf(
  name: string,
  args: PacemakerClusterArgs,
  plan: ManagerPlan,
): pulumi.Output<Omit<PacemakerParams, "node">> {
  const links = args.links ?? ["interconnect"];
  const { fencing } = args;
  const votes = args.quorum ?? { kind: "two-node" as const };
  const host = votes.kind === "qnetd" ? pulumi.output(votes.host) : pulumi.output("");
  const survivor =
    args.survivor === "active"
      ? ({ kind: "active" } as const)
      : ({ kind: "node", name: plan.groups[0]?.preferred ?? "" } as const);
  return pulumi
    .all([
      memberOf(args.nodes[0], links),
      memberOf(args.nodes[1], links),
      resolveGroups(plan.groups),
      plugsOf(fencing),
      host,
    ])
    .apply(([first, second, groups, plugs, voter]) => {
      const quorum: CorosyncQuorum =
        votes.kind === "qnetd" ? { kind: "qnetd", host: voter, tls: votes.tls ?? false } : { kind: "two-node" };
      const { apiUrl, caFile } = fencing.kind === "linode" ? fencing : { apiUrl: undefined, caFile: undefined };
      return {
        cluster: name,
        nodes: [first, second] as const,
        quorum,
        groups: groups,
        timings: plan.timings,
        fencing: plugs === undefined ? undefined : { plugs, apiUrl, caFile, survivor },
      };
    });
}

function memberOf(node: HaNode, links: readonly MembershipLink[]): pulumi.Output<CorosyncNode> {
  return pulumi
    .all(links.map((link) => linkAddress(node, link) ?? ""))
    .apply((addresses) => ({ name: node.name, addresses }));
}

function linkAddress(node: HaNode, link: MembershipLink): pulumi.Output<string> | undefined {
  return link === "interconnect" ? node.addresses.interconnect.address : node.addresses[link];
}

function checkLinks({ links = ["interconnect"], nodes }: PacemakerClusterArgs, found: Findings): void {
  found.require(links.length >= 1 && links.length <= 2 && new Set(links).size === links.length, {
    path: "links",
    given: links,
    what: "are not one or two different networks",
    allowed: "interconnect, private4, public4, public6",
    todo: "leave it out for the interconnect, or name two",
  });
  for (const node of nodes) {
    for (const link of links) {
      found.require(linkAddress(node, link) !== undefined, {
        path: "links",
        given: link,
        what: `${node.name} has no such address`,
        todo: "name a network that both nodes are on",
      });
    }
  }
}
