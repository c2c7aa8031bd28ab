import * as pulumi from "@pulumi/pulumi";
import type { AbsolutePath } from "../hosts/contract";
import { localFilesystemRole, type OwnFilesystem } from "../hosts/local-filesystem/render";
import type { HaNode } from "./haNode";
import { UserError } from "./internal/errors";
import { claim } from "./internal/hostClaims";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings } from "./internal/rules";

/** Settings of a {@link LocalFilesystem}. */
export interface LocalFilesystemArgs {
  readonly node: HaNode;
  /** The volume or disk, by the name that the node's pair or group gave it. */
  readonly device: string;
  /** Default `ext4`; `btrfs` for the snapshots of `Backups`. */
  readonly type?: OwnFilesystem;
  /** Where it is mounted, also after a reboot: an absolute path, for example `/srv/backup`. */
  readonly mountpoint: string;
}

/**
 * A file system on a device of a host's own, which nothing replicates. Made once, only on a device that is proven blank; one that is there is kept.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class LocalFilesystem extends pulumi.ComponentResource {
  readonly mountpoint: string;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: LocalFilesystemArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:storage:LocalFilesystem", name, {}, opts);
    check(name, args);
    const { node, device, type = "ext4", mountpoint } = args;
    this.ready = [
      new HostStep(
        childName(name, node.name, "filesystem"),
        {
          role: localFilesystemRole,
          step: `filesystem-${name}`,
          node,
          params: pulumi.output(node.devices[device] ?? "").apply((path) => ({
            device: path,
            type,
            label: name.slice(0, 12),
            mountpoint: mountpoint as AbsolutePath,
          })),
        },
        { parent: this },
      ),
    ];
    this.mountpoint = mountpoint;
    this.registerOutputs({ mountpoint });
  }
}

function check(name: string, { node, device, mountpoint }: LocalFilesystemArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "backup"',
  });
  found.require(node.devices[device] !== undefined, {
    path: "device",
    given: device,
    what: `${node.name} has no such device`,
    allowed: Object.keys(node.devices).join(", ") || "none: it has no data disks or volumes",
    todo: "declare it in the disks of its pair or group",
  });
  found.requireMountpoint("mountpoint", mountpoint, "/srv/backup");
  if (found.problems.length === 0) {
    claim(node, "mount point", mountpoint, `LocalFilesystem "${name}"`, "mountpoint", found);
    claim(node, "device", device, `LocalFilesystem "${name}"`, "device", found);
  }
  if (found.problems.length > 0) throw new UserError(`LocalFilesystem "${name}" cannot be built:`, found.problems);
}
