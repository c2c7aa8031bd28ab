import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import type { HaNode } from "../haNode";
import type { NodeEndpoint } from "../haPair";
import { baseSteps } from "./baseStep";
import { ownerTag } from "./naming";
import { pairFirewall } from "./pairFirewall";
import { bootMachine, createMachine, sshKeys } from "./pairNode";
import { type HostsArgs, type PairPlan, planPair } from "./pairPlan";
import { RollingChange } from "./rollingChange";

/** Hosts that were built alike, and what their component tells of them. */
export interface BuiltHosts {
  readonly nodes: readonly HaNode[];
  readonly endpoints: pulumi.Output<Record<string, NodeEndpoint>>;
  readonly sshPrivateKey: pulumi.Output<string>;
  readonly tag: string;
}

/**
 * Linodes that are kept on different hosts, behind one firewall, with one login, and restarted one at a time.
 *
 * @param what as errors name the component
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export function buildHosts(name: string, args: HostsArgs, what: string, parent: pulumi.Resource): BuiltHosts {
  const stack = pulumi.getStack();
  const plan = planPair(name, stack, args, what);
  const tag = ownerTag(pulumi.getProject(), stack, name);

  // Not this component's name: the key is on the boot disks, which another comment would replace.
  const login = sshKeys(`${name}-login`, `linode-ha@${stack}`, parent);
  const build = {
    name,
    plan,
    login,
    tags: [tag, ...(args.tags ?? [])],
    placementGroup: plan.nodes.length > 1 ? createPlacementGroup(name, `${stack}-${name}`, plan, parent) : undefined,
    rolling: new RollingChange(name),
    parent,
  };
  const machines = plan.nodes.map((node) => createMachine(build, node));
  const instances = machines.map((machine) => machine.instance);
  const firewall = pairFirewall(name, `${stack}-${name}`.slice(0, 32), plan, instances, build.tags, parent);
  const booted = machines.map((machine) => bootMachine(build, machine, firewall));

  const { extraHosts } = args;
  const authorizedKeys = args.access.authorizedKeys ?? [];
  const nodes = baseSteps(name, booted, { ...plan, authorizedKeys, extraHosts }, parent);
  return { nodes, endpoints: endpointsOf(nodes, plan), sshPrivateKey: login.privateKey, tag };
}

function createPlacementGroup(
  name: string,
  label: string,
  plan: PairPlan,
  parent: pulumi.Resource,
): linode.PlacementGroup {
  return new linode.PlacementGroup(
    name,
    {
      label,
      region: plan.region,
      placementGroupType: "anti_affinity:local",
      placementGroupPolicy: plan.placement,
    },
    { parent, deleteBeforeReplace: true },
  );
}

function endpointsOf(nodes: readonly HaNode[], plan: PairPlan): pulumi.Output<Record<string, NodeEndpoint>> {
  const each = nodes.map((node) =>
    pulumi
      .all([
        node.addresses.public4,
        node.addresses.public6,
        node.addresses.private4 ?? "",
        node.addresses.interconnect.address,
        pulumi.unsecret(node.connection.hostKey),
      ])
      .apply(([public4, public6, private4, interconnect, hostKey]) => ({
        hostname: `${node.name}.${plan.domain}`,
        public4,
        public6,
        private4,
        interconnect,
        ssh: `root@${public4}`,
        hostKey,
      })),
  );
  return pulumi
    .all(each)
    .apply((list) => Object.fromEntries(list.map((entry, index) => [nodes[index]?.name ?? "", entry])));
}
