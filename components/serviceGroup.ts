import type * as pulumi from "@pulumi/pulumi";
import type { AbsolutePath } from "../hosts/contract";
import type { AddressMethod, GroupLink } from "../hosts/managerGroup";
import type { DrbdFilesystem, DrbdVolumeMode } from "./drbdVolume";
import type { NodePair } from "./haNode";

/** What a group needs to know of a replicated volume. A `DrbdVolume` is one. */
export interface ReplicatedVolume {
  /** The DRBD resource's name. */
  readonly resource: string;
  /** Number of its `/dev/drbd<minor>`. */
  readonly minor: number;
  readonly nodes: NodePair;
  /** Must be single-primary with `promote: "manager"`: two that promote would work against each other. */
  readonly mode: DrbdVolumeMode;
  /** Seconds after which it notices a dead peer; a manager must not decide earlier. */
  readonly detectionSeconds?: number;
  /** What the manager's steps wait for. */
  readonly ready: readonly pulumi.Resource[];
}

/** An address that both nodes may have, one at a time. */
export interface GroupAddress {
  /** Unique within the pair, for example `db`. Up to 32 of a-z, 0-9 and `-`, starting with a letter. */
  readonly name: string;
  /** IPv4 or IPv6, without prefix length. */
  readonly address: pulumi.Input<string>;
  /** Bits of its network. With method `bgp` not used: such an address stands for itself. */
  readonly prefixLength: number;
  /** The network interface on both nodes, for example `eth1`. */
  readonly interface: string;
  readonly method: AddressMethod;
  /** The nodes that may use it: where it is assigned, and with whom it is shared. */
  readonly nodes: readonly string[];
  /** What must be there before a manager may move it, for example the sharing and the announcer. */
  readonly ready?: readonly pulumi.Resource[];
}

/** One thing that a group runs. Made by {@link drbd}, {@link mount}, {@link address}, {@link service}, {@link links} and {@link mailTo}. */
export type GroupMember =
  | { readonly kind: "drbd"; readonly volume: ReplicatedVolume }
  | { readonly kind: "filesystem"; readonly volume: ReplicatedVolume; readonly filesystem: DrbdFilesystem }
  | { readonly kind: "address"; readonly floating: GroupAddress }
  | { readonly kind: "service"; readonly unit: string }
  | { readonly kind: "links"; readonly links: readonly GroupLink[] }
  | { readonly kind: "mail"; readonly to: string };

/**
 * What must run together on one node, in order, and where it rather runs: the one model that Pacemaker, Heartbeat and failover by hand
 * are rendered from.
 */
export interface ServiceGroup {
  /** As an operator types it, for example `db`. Up to 32 of a-z, 0-9 and `-`, starting with a letter. */
  readonly name: string;
  /** The node where it runs while all is well. */
  readonly preferred: string;
  /** In the order of starting; stopped the other way round. */
  readonly runs: readonly GroupMember[];
  /** How much each node is wanted; must differ. Default 100 for the preferred node, 10 for the other. Only Pacemaker weighs them. */
  readonly scores?: { readonly preferred: number; readonly other: number };
  /** Whether the group goes back by itself when its preferred node returns. Default false: each move is an interruption. */
  readonly failback?: boolean;
  /** Seconds between looks at each member, 1 to 3600. Default 10. Heartbeat v1 and failover by hand do not look. */
  readonly monitorSeconds?: number;
  /** Failures on a node after which the group moves, 1 to 1000; 0: never. Default 3. Only Pacemaker counts. */
  readonly migrationThreshold?: number;
  /** Seconds after which failures are forgotten, up to 86400; 0: never. Default 600. Only Pacemaker counts. */
  readonly failureTimeoutSeconds?: number;
}

/** A group with every default filled in. */
export interface PlannedGroup extends Required<ServiceGroup> {
  readonly runs: readonly GroupMember[];
}

/** The resource becomes Primary where the group runs. Stands before what is on it. */
export function drbd(volume: ReplicatedVolume): GroupMember {
  return { kind: "drbd", volume };
}

/** The volume's file system, mounted where the group runs. Give what the volume was given as `filesystem`. */
export function mount(volume: ReplicatedVolume, filesystem: DrbdFilesystem): GroupMember {
  return { kind: "filesystem", volume, filesystem };
}

/** A floating address, on the node where the group runs. */
export function address(floating: GroupAddress): GroupMember {
  return { kind: "address", floating };
}

/** A systemd service, for example `service("mariadb")`. Nothing else may start it, and the manager's role takes care of that. */
export function service(unit: string): GroupMember {
  return { kind: "service", unit: /\.[a-z]+$/.test(unit) ? unit : `${unit}.service` };
}

/**
 * Paths that point into the replicated file system on the active node only; on the other they are the node's own, so that packages
 * can be upgraded there. `links({ "/etc/apache2": "/srv/etc-apache2" })`
 */
export function links(paths: Readonly<Record<AbsolutePath, AbsolutePath>>): GroupMember {
  const list = Object.entries(paths) as [AbsolutePath, AbsolutePath][];
  return { kind: "links", links: list.map(([path, target]) => ({ path, target })) };
}

/** Mail to this address, or local user, whenever the group starts or stops on a node. */
export function mailTo(to: string): GroupMember {
  return { kind: "mail", to };
}
