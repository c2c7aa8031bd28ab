import * as pulumi from "@pulumi/pulumi";
import { ocfs2Role, type Ocfs2Node } from "../hosts/ocfs2/render";
import { storageTimings } from "../hosts/timings";
import type { DrbdVolume } from "./drbdVolume";
import type { HaNode, NodePair } from "./haNode";
import { UserError } from "./internal/errors";
import { claim } from "./internal/hostClaims";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings } from "./internal/rules";

/** The cluster's name where none is given: one o2cb cluster can hold all file systems of a pair. */
const DEFAULT_CLUSTER = "ha";
const DEFAULT_PORT = 7777;

/** Settings of an {@link Ocfs2Cluster}. */
export interface Ocfs2ClusterArgs {
  /** A dual-primary volume. Its nodes mount the file system. */
  readonly volume: DrbdVolume;
  /** Where both nodes mount it: an absolute path, for example `/srv/www`. */
  readonly mountpoint: string;
  /** Name of the o2cb cluster, up to 16 letters and digits; the same for all file systems of a pair. Default `ha`. */
  readonly cluster?: string;
  /** TCP port of o2cb on both nodes. Default 7777. */
  readonly port?: number;
  /** Mount options beside `_netdev`. Default `noatime` and `acl`. */
  readonly mountOptions?: readonly string[];
  /** Owner of the file system's top folder, `user:group`. Untouched if not given. */
  readonly owner?: string;
  /** Mode of the file system's top folder, octal. Untouched if not given. */
  readonly mode?: string;
  /** How many nodes may mount it at once, 2 to 16; fixed when the file system is made. Default 2. */
  readonly slots?: number;
}

/**
 * An OCFS2 cluster file system on a dual-primary {@link DrbdVolume}, mounted on both nodes: what is written on either is
 * read on the other at once, locks included.
 *
 * The file system is made only on a device that is proven blank; one that is there is kept. Mounts come back by
 * themselves after a reboot.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class Ocfs2Cluster extends pulumi.ComponentResource {
  /** Where it is mounted on both nodes. */
  readonly mountpoint: string;
  readonly nodes: NodePair;
  /** The file system's UUID. */
  readonly uuid: pulumi.Output<string>;
  /** What later steps on the two nodes depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: Ocfs2ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:storage:Ocfs2Cluster", name, {}, opts);
    check(name, args);
    const { volume } = args;
    const members = pulumi.all([memberOf(volume.nodes[0]), memberOf(volume.nodes[1])]);
    const steps = volume.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "ocfs2"),
          {
            role: ocfs2Role,
            step: `ocfs2-${name}`,
            node,
            params: members.apply((nodes) => ({
              cluster: args.cluster ?? DEFAULT_CLUSTER,
              label: name,
              nodes,
              node: node.name,
              port: args.port ?? DEFAULT_PORT,
              resource: volume.resource,
              minor: volume.minor,
              mountpoint: args.mountpoint as `/${string}`,
              mountOptions: args.mountOptions,
              slots: args.slots ?? 2,
              timings: storageTimings({ seconds: volume.detectionSeconds, fencingSeconds: volume.fencingSeconds }).o2cb,
              rootOwner: args.owner,
              rootMode: args.mode,
            })),
            after: volume.ready,
          },
          { parent: this },
        ),
    );
    this.mountpoint = args.mountpoint;
    this.nodes = volume.nodes;
    this.ready = steps;
    this.uuid = pulumi.all(steps.map((step) => step.result)).apply(([first]) => first?.uuid ?? "");
    this.registerOutputs({ mountpoint: this.mountpoint, uuid: this.uuid });
  }
}

function memberOf(node: HaNode): pulumi.Output<Ocfs2Node> {
  return node.addresses.interconnect.address.apply((address4) => ({ name: node.name, address4 }));
}

function check(name: string, args: Ocfs2ClusterArgs): void {
  const found = new Findings();
  const port = args.port ?? DEFAULT_PORT;
  const cluster = args.cluster ?? DEFAULT_CLUSTER;
  found.require(args.volume.mode.kind === "dual-primary", {
    path: "volume",
    given: args.volume.mode.kind,
    what: "two nodes can mount it only when both are Primary",
    allowed: "a volume in mode dual-primary",
    todo: "set the volume's mode, or use a file system for one node",
  });
  found.requireMountpoint("mountpoint", args.mountpoint, "/srv/www");
  found.require(/^[A-Za-z0-9]{1,16}$/.test(cluster), {
    path: "cluster",
    given: args.cluster,
    what: "is not a name for an o2cb cluster",
    allowed: "1 to 16 letters and digits",
    todo: `leave it out for "${DEFAULT_CLUSTER}"`,
  });
  found.requirePort("port", port, DEFAULT_PORT);
  for (const node of args.volume.nodes) {
    found.require(node.addresses.interconnect.family === "ipv4", {
      path: "volume.nodes",
      given: node.addresses.interconnect.family,
      what: `o2cb speaks IPv4 only, and ${node.name}'s interconnect is IPv6`,
      todo: "give the pair a VLAN or the private network as its interconnect",
    });
    claim(node, "mount point", args.mountpoint, `Ocfs2Cluster "${name}"`, "mountpoint", found);
    // All file systems of one o2cb cluster share its port.
    claim(node, "tcp port", port, `o2cb cluster "${cluster}"`, "port", found);
  }
  if (found.problems.length > 0) {
    throw new UserError(`Ocfs2Cluster "${name}" cannot be built:`, found.problems);
  }
}
