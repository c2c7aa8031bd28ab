import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { drbdActivateRole } from "../hosts/drbd-activate/render";
import type { DrbdDiskOptions, DrbdHandlers, DrbdNetOptions, DrbdStartup } from "../hosts/drbd/options";
import { drbdDevice, drbdRole, drbdSecret, type DrbdSide } from "../hosts/drbd/render";
import { filesystemRole, type LocalFilesystem } from "../hosts/filesystem/render";
import type { HaNode, NodePair } from "./haNode";
import { planVolume, type VolumePlan } from "./internal/volumePlan";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { fencingReady, type ManagerFencing } from "./managers/fencing";

/** Where each node keeps its copy. */
export type DrbdBacking =
  /** A Block Storage volume of the pair, by the name that the pair gave it. */
  | { readonly kind: "volume"; readonly name: string }
  /** A raw disk of the pair, by the name that the pair gave it. */
  | { readonly kind: "disk"; readonly name: string }
  /** Any block device, the same path on both nodes, by a name that survives a reboot. */
  | { readonly kind: "device"; readonly path: string };

/** Which side may write. */
export type DrbdVolumeMode =
  | {
      /** Both, at once. Needs a cluster file system. */
      readonly kind: "dual-primary";
      /**
       * Must be true where the volume has no `fencing`: when the nodes lose each other without losing their clients, both go on
       * writing, and one side's writes will have to be thrown away by hand.
       */
      readonly acceptUnfenced?: boolean;
    }
  | {
      /** One. */
      readonly kind: "single-primary";
      /** The node that becomes Primary first. */
      readonly preferred: string;
      /** `boot`: the preferred node at each boot, where that is safe; `manager`: a cluster manager's or a person's job. Default `boot`. */
      readonly promote?: "boot" | "manager";
    };

/** A file system that one node mounts at a time: the Primary. For two primaries see `Ocfs2Cluster`. */
export interface DrbdFilesystem {
  /**
   * `jfs` needs {@link acceptJournalLoss}. Each other type replays its journal by itself, and has after a crash what was synced
   * before it.
   */
  readonly type: LocalFilesystem;
  /**
   * Debian's `jfsutils` (1.1.15-5 and later: Debian 11, 12 and 13) cannot replay a JFS journal: a node that takes over after
   * a crash lacks files that were made and synced up to a minute before. True: that is accepted, or the hosts have other tools.
   */
  readonly acceptJournalLoss?: boolean;
  /** Where the Primary mounts it: an absolute path, for example `/srv`. */
  readonly mountpoint: string;
  /** Default: the file system's own. */
  readonly mountOptions?: readonly string[];
}

/**
 * Who makes sure that a lost peer is off before this side goes on writing, or is promoted. Until then its I/O waits.
 * `linode`: DRBD's own handler, through the Linode API; for volumes that no manager moves. What `LinodeFencing` has as `fencing`.
 * `pacemaker`: the cluster, which fences by itself. `heartbeat`: Heartbeat v1's `dopd` marks the peer's data outdated while any
 * heartbeat path is left (set `outdatePeer` there); where none is left, the peer is powered off with `off`, and without it taken for dead.
 */
export type VolumeFencing =
  | Extract<ManagerFencing, { kind: "linode" }>
  | {
      readonly kind: "pacemaker";
      /** Seconds within which a fencing is confirmed, 5 to 300, as the cluster has it. Default 60. */
      readonly confirmSeconds?: number;
    }
  | {
      readonly kind: "heartbeat";
      /** What a `LinodeFencing` of the pair has as `fencing`. Without it a Primary that hears nothing of its peer goes on by itself. */
      readonly off?: Extract<ManagerFencing, { kind: "linode" }>;
    };

/** DRBD's own settings, for those that need them; every name as in `drbd.conf(5)` of DRBD 8.4, in camel case. */
export interface DrbdTuning {
  readonly net?: DrbdNetOptions;
  readonly disk?: DrbdDiskOptions;
  readonly handlers?: DrbdHandlers;
  readonly startup?: DrbdStartup;
}

/** Settings of a {@link DrbdVolume}. */
export interface DrbdVolumeArgs {
  readonly nodes: NodePair;
  readonly backing: DrbdBacking;
  readonly mode: DrbdVolumeMode;
  /** TCP port of the replication on both nodes. Default 7788. */
  readonly port?: number;
  /**
   * The network of the replication. `public6`: the nodes' public IPv6 addresses, not encrypted by DRBD; let the port through with
   * {@link PairAccess.peerTcp6Ports}. Default: the pair's interconnect.
   */
  readonly network?: "interconnect" | "public6";
  /** Number of `/dev/drbd<minor>`. Default 0. */
  readonly minor?: number;
  /**
   * What the first sync of two fresh volumes does. `skip-if-blank`: where both are proven blank, nothing is copied;
   * `full`: everything is. Default `skip-if-blank`.
   */
  readonly initialSync?: "skip-if-blank" | "full";
  /** How soon a dead peer is to be noticed; DRBD's and o2cb's times follow from it together. Default 3 s. */
  readonly detection?: { readonly seconds: number };
  /** Default: none, which two primaries must accept in their mode. */
  readonly fencing?: VolumeFencing;
  readonly tuning?: DrbdTuning;
  /** Made on the fresh volume, kept ever after. Single-primary volumes only. Default: none. */
  readonly filesystem?: DrbdFilesystem;
}

/** What is known of one side after the volume is up. */
export interface DrbdSideStatus {
  readonly role: string;
  readonly peerRole: string;
  readonly disk: string;
  readonly peerDisk: string;
  readonly connection: string;
  /** Size of the replicated device. */
  readonly sizeBytes: number;
}

/**
 * One DRBD resource on a pair of nodes: a block device whose every write is on both before it is done.
 *
 * It comes back by itself after a reboot of either node or of both. Nothing is ever formatted, invalidated or forced
 * Primary on a guess: metadata is written only to a device that is proven blank, a first sync is decided only when both
 * sides are fresh, and a replaced node always becomes the sync target.
 *
 * The resource is named like the component.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class DrbdVolume extends pulumi.ComponentResource {
  /** The replicated device, for example `/dev/drbd0`. */
  readonly device: string;
  /** Number of that device. */
  readonly minor: number;
  /** The resource's name, as `drbdadm` takes it. */
  readonly resource: string;
  readonly mode: DrbdVolumeMode;
  readonly nodes: NodePair;
  /** Seconds after which a dead peer is noticed. */
  readonly detectionSeconds: number;
  /** Seconds that fencing may take before a survivor goes on; 0 without. */
  readonly fencingSeconds: number;
  /** Roles and disk states at the end of the last `up`, by node name. */
  readonly status: pulumi.Output<Record<string, DrbdSideStatus>>;
  /** What later steps on the two nodes depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: DrbdVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:storage:DrbdVolume", name, {}, opts);
    const plan = planVolume(name, args);
    this.nodes = args.nodes;
    this.mode = args.mode;
    this.resource = name;
    this.minor = plan.minor;
    this.device = drbdDevice(plan);
    this.detectionSeconds = plan.detectionSeconds;
    this.fencingSeconds = plan.fencingSeconds;

    const configured = this.configure(name, args, plan);
    const activated = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "activate"),
          {
            role: drbdActivateRole,
            step: `drbd-activate-${name}`,
            node,
            params: {
              resource: name,
              minor: plan.minor,
              nodes: [args.nodes[0].name, args.nodes[1].name] as const,
              node: node.name,
              mode: plan.mode,
              initialSync: plan.initialSync,
            },
            after: configured,
          },
          { parent: this },
        ),
    );
    this.ready = args.filesystem === undefined ? activated : this.format(name, args.filesystem, plan, activated);
    this.status = pulumi
      .all(activated.map((step) => step.result))
      .apply((results) =>
        Object.fromEntries(
          results.map(({ role, peerRole, disk, peerDisk, connection, sizeBytes }, index) => [
            args.nodes[index]?.name ?? "",
            { role, peerRole, disk, peerDisk, connection, sizeBytes },
          ]),
        ),
      );
    this.registerOutputs({ device: this.device, resource: name, status: this.status });
  }

  /** Packages, configuration and metadata on both nodes; needs no peer. */
  private configure(name: string, args: DrbdVolumeArgs, plan: VolumePlan): pulumi.Resource[] {
    const secret = new random.RandomPassword(
      childName(name, "secret"),
      { length: 48, special: false },
      { parent: this },
    );
    const identity = new random.RandomId(childName(name, "identity"), { byteLength: 16 }, { parent: this });
    const sides = pulumi.all(args.nodes.map((node) => sideOf(node, args))) as pulumi.Output<[DrbdSide, DrbdSide]>;
    return args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "drbd"),
          {
            role: drbdRole,
            step: `drbd-${name}`,
            node,
            params: pulumi.all([sides, identity.hex]).apply(([nodes, hex]) => ({
              resource: name,
              minor: plan.minor,
              port: plan.port,
              nodes,
              node: node.name,
              mode: plan.mode,
              identity: hex,
              initialSync: plan.initialSync,
              timings: plan.timings,
              ...plan.tuning,
            })),
            secrets: { [drbdSecret]: secret.result },
            // A handler that is not there yet would be taken for one that failed.
            after: handlerReady(args.fencing),
          },
          { parent: this },
        ),
    );
  }

  /** The file system: made by whichever node is Primary, known to both. */
  private format(
    name: string,
    filesystem: DrbdFilesystem,
    plan: VolumePlan,
    after: pulumi.Resource[],
  ): pulumi.Resource[] {
    const managed = plan.mode.kind === "single-primary" && plan.mode.promote === "manager";
    return this.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "filesystem"),
          {
            role: filesystemRole,
            step: `filesystem-${name}`,
            node,
            params: {
              resource: name,
              minor: plan.minor,
              type: filesystem.type,
              label: name.slice(0, 12),
              mountpoint: filesystem.mountpoint as `/${string}`,
              mountOptions: filesystem.mountOptions,
              mount: managed ? ("manager" as const) : ("promotion" as const),
            },
            after,
          },
          { parent: this },
        ),
    );
  }
}

function sideOf(node: HaNode, { backing, network }: DrbdVolumeArgs): pulumi.Output<DrbdSide> {
  const device = backing.kind === "device" ? backing.path : node.devices[backing.name];
  const { interconnect, public6 } = node.addresses;
  const { family, address } = network === "public6" ? { family: "ipv6" as const, address: public6 } : interconnect;
  return pulumi
    .all([address, device ?? ""])
    .apply(([ip, path]) => ({ name: node.name, address: ip, family, device: path }));
}

function handlerReady(fencing: VolumeFencing | undefined): pulumi.Resource[] {
  if (fencing?.kind === "heartbeat") return fencing.off === undefined ? [] : [...fencingReady(fencing.off)];
  return fencing?.kind === "linode" ? [...fencingReady(fencing)] : [];
}
