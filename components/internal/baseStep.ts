import * as pulumi from "@pulumi/pulumi";
import { baseRole, type HostsEntry, type NamedAddress } from "../../hosts/base/render";
import type { HaNode } from "../haNode";
import { HostStep } from "./hostStep";
import { childName } from "./naming";

/** What the first step on each node needs beside the nodes. */
export interface BaseSettings {
  readonly domain: string;
  readonly authorizedKeys: readonly string[];
  readonly timezone: string;
  readonly extraHosts?: pulumi.Input<readonly NamedAddress[]>;
}

/** Names, hosts file, time and health command on each node. The nodes returned are ready for the next steps. */
export function baseSteps(
  name: string,
  nodes: readonly HaNode[],
  settings: BaseSettings,
  parent: pulumi.Resource,
): readonly HaNode[] {
  const hosts = pulumi.all(nodes.map((node) => entryFor(node, settings)));
  const extra = pulumi.output(settings.extraHosts ?? []);
  return nodes.map((node) => {
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
  });
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
