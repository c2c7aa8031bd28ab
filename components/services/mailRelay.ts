import * as pulumi from "@pulumi/pulumi";
import { mailRelayRole } from "../../hosts/services/mail-relay/render";
import type { HaNode } from "../haNode";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";

/** Settings of a {@link MailRelay}. */
export interface MailRelayArgs {
  readonly nodes: readonly HaNode[];
  /** Domain of the nodes' mail. */
  readonly domain: string;
  /** Name or address of a machine that takes mail from these nodes without a password. */
  readonly relayHost: string;
  /** Default 25. */
  readonly relayPort?: number;
  /** Who reads what is written to root. Default: the smarthost decides. */
  readonly root?: string;
}

/** The nodes hand their mail to a smarthost; while that is away it waits on the node. Nothing of it needs the internet. */
export class MailRelay extends pulumi.ComponentResource {
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MailRelayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:MailRelay", name, {}, opts);
    const { domain, relayHost, relayPort, root } = args;
    this.ready = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "relay"),
          {
            role: mailRelayRole,
            step: `relay-${name}`,
            node,
            params: { hostname: node.name, domain, relayHost, relayPort, root },
          },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}
