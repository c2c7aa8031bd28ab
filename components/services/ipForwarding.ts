import * as pulumi from "@pulumi/pulumi";
import { forwardingRole, type IpvsScheduler } from "../../hosts/services/forwarding/render";
import type { NodePair } from "../haNode";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";

/** Settings of an {@link IpForwarding}. */
export interface IpForwardingArgs {
  readonly nodes: NodePair;
  /** Ways to spread connections. Default round robin and weighted least connections, each also the other way: `rr, wrr, lc, wlc`. */
  readonly schedulers?: readonly IpvsScheduler[];
}

/** Both nodes can balance load at layer 4: IPVS modules at each boot and IPv4 forwarding. What is balanced is the operator's. */
export class IpForwarding extends pulumi.ComponentResource {
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: IpForwardingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:IpForwarding", name, {}, opts);
    const params = { schedulers: args.schedulers ?? (["rr", "wrr", "lc", "wlc"] as const) };
    this.ready = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "forwarding"),
          { role: forwardingRole, step: `forwarding-${name}`, node, params },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}
