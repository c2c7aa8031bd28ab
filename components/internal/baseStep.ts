import * as pulumi from "@pulumi/pulumi";
import { baseRole, type HostsEntry, type NamedAddress } from "../../hosts/base/render";
import type { HaNode, NodePair } from "../haNode";
import { HostStep } from "./hostStep";
import { childName } from "./naming";

/** What the first step on each node needs beside the nodes. */
export interface BaseSettings {
  readonly domain: string;
  readonly authorizedKeys: readonly string[];
  readonly timezone: string;
  readonly extraHosts?: pulumi.Input<readonly NamedAddress[]>;
}

/** Names, hosts file, time and health command on both nodes. The nodes returned are ready for the next steps. */
export function baseSteps(name: string, nodes: NodePair, settings: BaseSettings, parent: pulumi.Resource): NodePair {
  const hosts = pulumi.all([entryFor(nodes[0], settings), entryFor(nodes[1], settings)]);
  const extra = pulumi.output(settings.extraHosts ?? []);
  const ready = (node: HaNode): HaNode => {
    const step = new HostStep(
      childName(name, node.name, "base"),
      {
        role: baseRole,
        step: "base",
        node,
        params: pulumi.all([hosts, extra]).apply(([entries, extraHosts]) => ({
          node: node.name,
          hosts: entries,
          extraHosts,
          authorizedKeys: settings.authorizedKeys,
          timezone: settings.timezone,
        })),
      },
      { parent },
    );
    return { ...node, booted: node.booted ?? node.ready, ready: [...node.ready, step] };
  };
  return [ready(nodes[0]), ready(nodes[1])];
}

function entryFor(node: HaNode, { domain }: BaseSettings): pulumi.Output<HostsEntry> {
  const { public4, public6, interconnect } = node.addresses;
  return pulumi.all([public4, public6, interconnect.address]).apply(([four, six, inner]) => ({
    name: node.name,
    fqdn: `${node.name}.${domain}`,
    public4: four,
    public6: six,
    inner,
  }));
}
