import * as pulumi from "@pulumi/pulumi";
import type { NamedAddress } from "../hosts/base/render";
import type { NodePair } from "./haNode";
import { buildHosts } from "./internal/buildHosts";

/** A raw disk of the Linode itself, for DRBD to replicate. It dies with the Linode. */
export interface RawDisk {
  /** Size in MiB (the vendor's "MB"), the same on both nodes. */
  readonly sizeMiB: number;
  /**
   * The device it is mapped to, `sdc` to `sdh`. Default: the next free one in the order given; name it before you remove
   * or reorder disks.
   */
  readonly device?: string;
}

/** A Block Storage volume for each node, labelled `<node>-<name>`. It outlives the Linode that it is attached to. */
export interface PairVolume {
  /** Size in GiB (the vendor's "GB"), 10 at least, the same on both nodes. */
  readonly sizeGiB: number;
  /** The device it is mapped to, `sdc` to `sdh`. Default: the next free one. Hosts use the by-id path, so it may change. */
  readonly device?: string;
}

/** What each of the two nodes stores. */
export interface PairDisks {
  /** Size of the boot disk in MiB. Default 20480. */
  readonly bootMiB?: number;
  /** Size of the swap disk in MiB; 0 for none. Default 512. */
  readonly swapMiB?: number;
  /** Raw disks by name. */
  readonly raw?: Readonly<Record<string, RawDisk>>;
  /** Block Storage volumes by name. */
  readonly volumes?: Readonly<Record<string, PairVolume>>;
}

/** The network between the nodes, for replication and membership. */
export type InterconnectSettings =
  | {
      /** A VLAN of the pair's own: isolated, free, layer 2. */
      readonly kind: "vlan";
      /** IPv4 network; the nodes take its first addresses, or those from `first` on. Default `10.20.0.0/24`. */
      readonly cidr?: string;
      /** Position in the network of the first node's address, where others share the VLAN (by its label). Default 1. */
      readonly first?: number;
      /** The VLAN's label. Default `<stack>-<pair>`. */
      readonly label?: string;
    }
  /** The region's private network, 192.168.128.0/17: not isolated from the vendor's other customers. */
  | { readonly kind: "private" }
  /** The public IPv6 addresses. OCFS2's o2cb speaks IPv4 only. */
  | { readonly kind: "public6" };

/** Who may reach the nodes. A Cloud Firewall drops everything else. */
export interface PairAccess {
  /** Networks that may use SSH, for example `203.0.113.0/24`. The machine that runs Pulumi must be in one of them. */
  readonly adminCidrs: readonly string[];
  /** Addresses of hosts that may use SSH beside {@link adminCidrs}, known perhaps only when they are there, for example a second site's. Default: none. */
  readonly sshFrom?: readonly pulumi.Input<string>[];
  /** Public keys of people who may log in as root, beside the stack's own. Default: none. */
  readonly authorizedKeys?: readonly string[];
  /** TCP ports open to the world, for example `[80, 443]`. Default: none. */
  readonly publicTcpPorts?: readonly number[];
  /** UDP ports that each node opens to the other's private IPv4 address alone, for example a second way for heartbeats. Default: none. */
  readonly peerUdpPorts?: readonly number[];
  /** TCP ports that each node opens to the other's public IPv6 address alone, for example a volume's replication. Default: none. */
  readonly peerTcp6Ports?: readonly number[];
}

/** Thresholds of the vendor's alert mails; 0 switches one off. */
export interface PairAlerts {
  /** Per cent of one CPU, averaged over two hours. Default 180. */
  readonly cpu?: number;
  /** Disk operations a second, averaged over two hours. Default 10000. */
  readonly io?: number;
  /** Mbit/s, averaged over two hours. Default 10. */
  readonly networkIn?: number;
  /** Mbit/s, averaged over two hours. Default 10. */
  readonly networkOut?: number;
  /** Per cent of the monthly transfer quota. Default 80. */
  readonly transferQuota?: number;
}

/** Settings of a {@link HaPair}. */
export interface HaPairArgs {
  /** The vendor's region, for example `eu-central`. Changing it replaces everything, volumes and their data included. */
  readonly region: string;
  /** The Linode type, for example `g6-standard-2`. */
  readonly type: string;
  /**
   * The distribution, `linode/debian13`, `linode/debian12` or an image of your own made from one of them (`private/…`), or
   * one for each node by name. A changed one replaces the node's boot disk, one node an update. Default `linode/debian13`.
   */
  readonly image?: string | Readonly<Record<string, string>>;
  /** The two nodes' names: Linode labels and host names. The first leads where one side must act first. */
  readonly nodes: readonly [string, string];
  /** The domain of the nodes' full names, for example `example.org`. */
  readonly domain: string;
  readonly disks?: PairDisks;
  /** Default: a VLAN. */
  readonly interconnect?: InterconnectSettings;
  readonly access: PairAccess;
  /** Whether the vendor must keep the nodes on different hosts or only tries to. Default `strict`. Fixed for life. */
  readonly placement?: "strict" | "flexible";
  /** Label of the nodes' configuration profiles. Default `ha`. */
  readonly configLabel?: string;
  readonly alerts?: PairAlerts;
  /** More tags, beside the pair's own. */
  readonly tags?: readonly string[];
  /** Time zone of the hosts. Default `Etc/UTC`. */
  readonly timezone?: string;
  /**
   * More names in both nodes' hosts files, for example of floating addresses. They may be known later than the nodes, but must
   * not depend on {@link HaPair.nodes} being ready. Default: none.
   */
  readonly extraHosts?: pulumi.Input<readonly NamedAddress[]>;
}

/** What a node is reached by. */
export interface NodeEndpoint {
  /** Full name. */
  readonly hostname: string;
  readonly public4: string;
  readonly public6: string;
  readonly private4: string;
  /** Its address on the network between the nodes. */
  readonly interconnect: string;
  /** `root@<address>` */
  readonly ssh: string;
  /** `ssh-ed25519 AAAA…`, for a known_hosts file. */
  readonly hostKey: string;
}

/**
 * Two Linodes that are each other's peer: kept on different hosts by an anti-affinity placement group, with boot, swap
 * and data disks, a configuration profile that boots the distribution's own kernel, public and private addresses, a
 * network between them, and a firewall that drops everything not asked for.
 *
 * Host keys are made before the hosts exist and checked from the first connection on. A change that restarts a node
 * restarts one at a time, and only while its peer is healthy.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class HaPair extends pulumi.ComponentResource {
  /** The two nodes, for other components to work on. */
  readonly nodes: NodePair;
  /** How each node is reached, by node name. */
  readonly endpoints: pulumi.Output<Record<string, NodeEndpoint>>;
  /** Private key of the stack's own SSH login, in OpenSSH's format. Secret. */
  readonly sshPrivateKey: pulumi.Output<string>;
  /** The tag that everything of this pair carries in the account. */
  readonly tag: string;

  constructor(name: string, args: HaPairArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:pair:HaPair", name, {}, opts);
    const built = buildHosts(name, args, "HaPair", this);
    this.tag = built.tag;
    this.nodes = built.nodes as NodePair;
    this.sshPrivateKey = built.sshPrivateKey;
    this.endpoints = built.endpoints;
    this.registerOutputs({ endpoints: this.endpoints, sshPrivateKey: this.sshPrivateKey, tag: this.tag });
  }
}
