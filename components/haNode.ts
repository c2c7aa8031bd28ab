import * as pulumi from "@pulumi/pulumi";

/** How a host is reached over SSH. All of it is known before the host exists. */
export interface HostConnection {
  /** Name or address that the machine running Pulumi can reach. */
  readonly host: string;
  /** TCP port of sshd. */
  readonly port: number;
  /** A user with root's rights. */
  readonly user: string;
  /** OpenSSH private key. A secret. */
  readonly privateKey: string;
  /** The host's public key, `ssh-ed25519 AAAA…`; a connection to any other key is refused. */
  readonly hostKey: string;
}

/** An address of the network that replication and membership use. */
export interface InterconnectAddress {
  readonly family: "ipv4" | "ipv6";
  readonly address: pulumi.Output<string>;
}

/** The addresses of a node, without prefix lengths. */
export interface NodeAddresses {
  readonly public4: pulumi.Output<string>;
  readonly public6: pulumi.Output<string>;
  /** Undefined for hosts that have none. On Linode: 192.168.128.0/17, shared by a whole region, not isolated. */
  readonly private4?: pulumi.Output<string>;
  readonly interconnect: InterconnectAddress;
}

/**
 * A host that components work on: one of a {@link HaPair}'s, or any other Debian host that is reachable over SSH as root.
 */
export interface HaNode {
  /** Equals `uname -n` there, and DRBD's `on` name. */
  readonly name: string;
  /** Secret. Carries the host key. */
  readonly connection: pulumi.Output<HostConnection>;
  readonly addresses: NodeAddresses;
  /**
   * Changes when another machine takes this name (on Linode: the Linode's and its boot disk's id), which runs every step
   * on the node again.
   */
  readonly identity: pulumi.Output<string>;
  /** The Linode's number in its account; undefined for hosts that are none. Needed to fence the node, or to share addresses with it. */
  readonly linodeId?: pulumi.Output<number>;
  /** Block devices by the name that the pair gave them, as stable paths, for example `/dev/disk/by-id/…`. */
  readonly devices: Readonly<Record<string, pulumi.Output<string>>>;
  /** What the node dies with: no step is undone on a host that goes away together with this resource. */
  readonly owner?: pulumi.Resource;
  /** What must be there before the next step. */
  readonly ready: readonly pulumi.Resource[];
  /** What makes the machine run, before any step on it: enough for what is done in the account. Default: {@link ready}. */
  readonly booted?: readonly pulumi.Resource[];
}

/** Exactly two nodes: a pair is two. The first leads where one side must act first, for example the first sync. */
export type NodePair = readonly [HaNode, HaNode];
