import * as pulumi from "@pulumi/pulumi";
import type { HaNode } from "./haNode";
import type { HaPairArgs, NodeEndpoint } from "./haPair";
import { buildHosts } from "./internal/buildHosts";

/** Settings of a {@link ServerGroup}: as a pair's, with any number of names. */
export interface ServerGroupArgs extends Omit<HaPairArgs, "nodes" | "placement"> {
  /** Linode labels and host names, one to five. To have more servers, add names; taking one away deletes that server. */
  readonly nodes: readonly string[];
  /** Whether the vendor must keep them on different hosts or only tries to. Default `flexible`. Fixed for life. */
  readonly placement?: "strict" | "flexible";
}

/**
 * Hosts that are built alike and are nobody's peer, for example the web servers behind a proxy, or one host for backups: as those of an
 * `HaPair`, each as ready for components. A change that restarts them restarts one at a time, and only while the others are healthy.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class ServerGroup extends pulumi.ComponentResource {
  /** In the order of their names in the arguments. */
  readonly nodes: readonly HaNode[];
  /** How each is reached, by name. */
  readonly endpoints: pulumi.Output<Record<string, NodeEndpoint>>;
  /** Private key of the stack's own SSH login, in OpenSSH's format. Secret. */
  readonly sshPrivateKey: pulumi.Output<string>;
  /** The tag that everything of this group carries in the account. */
  readonly tag: string;

  constructor(name: string, args: ServerGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:pair:ServerGroup", name, {}, opts);
    const built = buildHosts(name, { placement: "flexible", ...args }, "ServerGroup", this);
    this.nodes = built.nodes;
    this.endpoints = built.endpoints;
    this.sshPrivateKey = built.sshPrivateKey;
    this.tag = built.tag;
    this.registerOutputs({ endpoints: this.endpoints, sshPrivateKey: this.sshPrivateKey, tag: this.tag });
  }
}
