import * as pulumi from "@pulumi/pulumi";
import {
  type ManualFailoverParams,
  manualFailoverRole,
  type ManualFailoverResult,
} from "../../hosts/manual-failover/render";
import type { HaNode, NodePair } from "../haNode";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";
import type { Findings } from "../internal/rules";
import type { PlannedGroup } from "../serviceGroup";
import { type ManagerArgs, planManager } from "./planManager";
import { readiness, resolveGroups } from "./resolveGroups";

/** Settings of a {@link ManualFailover}. */
export interface ManualFailoverArgs extends ManagerArgs {
  /** Seconds that a start, also at boot, waits for the peer to be connected; 0 to 3600. Default 10. */
  readonly connectSeconds?: number;
}

/**
 * Two nodes whose groups a person moves, with `ha-group start | stop | status | take-over GROUP` on the node. At boot a group becomes
 * active on its preferred node where that is safe; a take-over that could split the brain is refused.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class ManualFailover extends pulumi.ComponentResource {
  readonly nodes: NodePair;
  /** The node where each group was active at the end of the last `up`, by the group's name; empty where none. */
  readonly groups: pulumi.Output<Record<string, string>>;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ManualFailoverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:managers:ManualFailover", name, {}, opts);
    const plan = planManager("ManualFailover", name, args, (groups, found) => check(args, groups, found));
    const steps = plan.groups.map((group, index) => {
      const [standby, preferred] = args.nodes[0].name === group.preferred ? [args.nodes[1], args.nodes[0]] : args.nodes;
      const params = (node: HaNode, peer: HaNode): pulumi.Output<ManualFailoverParams> =>
        pulumi.all([resolveGroups(plan.groups), pulumi.all(addressesOf(peer))]).apply(([groups, peerAddresses]) => {
          const managed = groups[index];
          if (managed === undefined) {
            throw new Error(`group "${group.name}" was lost on the way`);
          }
          return {
            group: managed,
            nodes: [args.nodes[0].name, args.nodes[1].name] as const,
            node: node.name,
            peerAddresses,
            connectSeconds: args.connectSeconds,
          };
        });
      const step = (node: HaNode, peer: HaNode, after: readonly pulumi.Resource[]) =>
        new HostStep<ManualFailoverParams, ManualFailoverResult>(
          childName(name, node.name, group.name),
          { role: manualFailoverRole, step: `group-${group.name}`, node, params: params(node, peer), after },
          { parent: this },
        );
      const before = readiness([group]);
      // The standby first: what starts on the preferred node must find its peer ready.
      const first = step(standby, preferred, before);
      const second = step(preferred, standby, [...before, first]);
      return {
        group: group.name,
        sides: [
          { node: standby, step: first },
          { node: preferred, step: second },
        ],
      };
    });
    this.nodes = args.nodes;
    this.ready = steps.flatMap(({ sides }) => sides.map(({ step }) => step));
    this.groups = pulumi
      .all(
        steps.map(({ group, sides }) =>
          pulumi
            .all(sides.map(({ step }) => step.result))
            .apply((results): [string, string] => [
              group,
              sides.find((_side, position) => results[position]?.active === true)?.node.name ?? "",
            ]),
        ),
      )
      .apply((entries) => Object.fromEntries(entries));
    this.registerOutputs({ groups: this.groups });
  }
}

/** Where a peer that is not off answers. */
function addressesOf({ addresses }: HaNode): pulumi.Output<string>[] {
  const { interconnect, public4, private4 } = addresses;
  return [interconnect.address, public4, ...(private4 === undefined ? [] : [private4])];
}

function check({ connectSeconds = 10 }: ManualFailoverArgs, groups: readonly PlannedGroup[], found: Findings): void {
  found.require(Number.isInteger(connectSeconds) && connectSeconds >= 0 && connectSeconds <= 3600, {
    path: "connectSeconds",
    given: connectSeconds,
    what: "is out of range",
    allowed: "0 to 3600",
    todo: "leave it out for 10",
  });
  groups.forEach((group, index) => {
    found.require(!group.failback, {
      path: `groups[${index}].failback`,
      given: true,
      what: "nothing goes back by itself where a person moves the groups",
      allowed: "false",
      todo: "leave it out, or use a PacemakerCluster",
    });
  });
}
