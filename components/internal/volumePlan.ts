import type { DrbdMode } from "../../hosts/drbd/render";
import { managerTimings } from "../../hosts/managerTimings";
import type { StorageTimings } from "../../hosts/timings";
import type { DrbdTuning, DrbdVolumeArgs } from "../drbdVolume";
import { UserError } from "./errors";
import { claim } from "./hostClaims";
import { checkVolumeFencing, fencedTuning } from "./volumeFencing";
import { checkTuning } from "./volumeTuning";
import { Findings, JFS_LOSES } from "./rules";

const DEFAULT_PORT = 7788;
const DEFAULT_DETECTION_SECONDS = 3;
/** What the source systems and DRBD's manual settle on for two primaries: merge what is harmless, stop at real conflicts. */
const DUAL_PRIMARY_NET = {
  afterSb0pri: "discard-zero-changes",
  afterSb1pri: "discard-secondary",
  afterSb2pri: "disconnect",
} as const;
const RESOURCE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** A volume's arguments with every default filled in. */
export interface VolumePlan {
  readonly port: number;
  readonly minor: number;
  readonly mode: DrbdMode;
  readonly initialSync: "skip-if-blank" | "full";
  readonly detectionSeconds: number;
  /** 0 without fencing. */
  readonly fencingSeconds: number;
  readonly timings: StorageTimings["drbd"];
  readonly tuning: DrbdTuning;
}

/**
 * Checks a volume's arguments and fills in the defaults.
 *
 * @throws UserError with every problem at once.
 */
export function planVolume(name: string, args: DrbdVolumeArgs): VolumePlan {
  const found = new Findings();
  const port = args.port ?? DEFAULT_PORT;
  const minor = args.minor ?? 0;
  found.require(RESOURCE_NAME.test(name), {
    path: "name",
    given: name,
    what: "is not a name for a DRBD resource",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "www"',
  });
  found.requirePort("port", port, DEFAULT_PORT);
  found.require(Number.isInteger(minor) && minor >= 0 && minor <= 255, {
    path: "minor",
    given: minor,
    what: "is not a device number",
    allowed: "0 to 255",
    todo: "leave it out for 0",
  });
  checkMode(args, found);
  checkTuning(args, found);
  const fencingSeconds = checkVolumeFencing(args, found);
  checkBacking(args, found);
  checkFilesystem(args, found);
  const detectionSeconds = args.detection?.seconds ?? DEFAULT_DETECTION_SECONDS;
  found.require(detectionSeconds >= 2 && detectionSeconds <= 30, {
    path: "detection.seconds",
    given: detectionSeconds,
    what: "is out of range",
    allowed: "2 to 30",
    todo: `leave it out for ${DEFAULT_DETECTION_SECONDS}`,
  });
  if (found.problems.length === 0) {
    const owner = `DrbdVolume "${name}"`;
    const { backing, filesystem } = args;
    for (const node of args.nodes) {
      claim(node, "tcp port", port, owner, "port", found);
      claim(node, "drbd minor", minor, owner, "minor", found);
      claim(node, "device", backing.kind === "device" ? backing.path : backing.name, owner, "backing", found);
      if (filesystem !== undefined) {
        claim(node, "mount point", filesystem.mountpoint, owner, "filesystem.mountpoint", found);
      }
    }
  }
  if (found.problems.length > 0) {
    throw new UserError(`DrbdVolume "${name}" cannot be built:`, found.problems);
  }
  const dual = args.mode.kind === "dual-primary";
  const timings = managerTimings({ seconds: detectionSeconds, fencingSeconds });
  const fenced = fencedTuning(args.fencing, timings);
  return {
    port,
    minor,
    mode:
      args.mode.kind === "dual-primary"
        ? { kind: "dual-primary" }
        : { kind: "single-primary", preferred: args.mode.preferred, promote: args.mode.promote ?? "boot" },
    initialSync: args.initialSync ?? "skip-if-blank",
    detectionSeconds,
    fencingSeconds,
    timings: timings.storage.drbd,
    tuning: {
      ...args.tuning,
      net: { ...(dual ? DUAL_PRIMARY_NET : {}), ...args.tuning?.net },
      ...(args.fencing === undefined
        ? {}
        : {
            disk: { ...fenced.disk, ...args.tuning?.disk },
            handlers: { ...fenced.handlers, ...args.tuning?.handlers },
          }),
    },
  };
}

function checkMode({ mode, nodes, tuning, fencing }: DrbdVolumeArgs, found: Findings): void {
  switch (mode.kind) {
    case "dual-primary":
      found.require(fencing !== undefined || mode.acceptUnfenced === true, {
        path: "mode.acceptUnfenced",
        given: mode.acceptUnfenced,
        what: "two primaries without fencing can diverge when the nodes lose each other",
        allowed: "true",
        todo: "give the volume the fencing of a LinodeFencing, set this to true if you accept that, or use one primary",
      });
      found.require((tuning?.net?.protocol ?? "C") === "C", {
        path: "tuning.net.protocol",
        given: tuning?.net?.protocol,
        what: "two primaries need every write on both sides",
        allowed: "C",
        todo: "leave it out",
      });
      return;
    case "single-primary": {
      const names = nodes.map((node) => node.name);
      found.require(names.includes(mode.preferred), {
        path: "mode.preferred",
        given: mode.preferred,
        what: "is not a node of this pair",
        allowed: names.join(", "),
        todo: "name one of them",
      });
    }
  }
}

function checkBacking({ backing, nodes }: DrbdVolumeArgs, found: Findings): void {
  if (backing.kind === "device") {
    found.require(/^\/dev\/[\w./-]+$/.test(backing.path), {
      path: "backing.path",
      given: backing.path,
      what: "is not a device",
      allowed: "a path below /dev that survives a reboot",
      todo: "use a link from /dev/disk/by-id",
    });
    return;
  }
  for (const node of nodes) {
    found.require(node.devices[backing.name] !== undefined, {
      path: "backing.name",
      given: backing.name,
      what: `${node.name} has no such ${backing.kind}`,
      allowed: Object.keys(node.devices).join(", ") || "none: the pair has no data disks or volumes",
      todo: `declare it in the pair's disks.${backing.kind === "disk" ? "raw" : "volumes"}`,
    });
  }
}

function checkFilesystem({ filesystem, mode }: DrbdVolumeArgs, found: Findings): void {
  if (filesystem === undefined) {
    return;
  }
  found.require(mode.kind === "single-primary", {
    path: "filesystem.type",
    given: filesystem.type,
    what: "is not a cluster file system: two primaries that mount it destroy it",
    allowed: "no file system here for mode dual-primary",
    todo: "leave it out and put an Ocfs2Cluster on the volume, or use one primary",
  });
  found.require(filesystem.type !== "jfs" || filesystem.acceptJournalLoss === true, {
    path: "filesystem.type",
    given: filesystem.type,
    what: JFS_LOSES,
    allowed: "ext4, xfs, btrfs",
    todo: "use xfs or ext4, or set filesystem.acceptJournalLoss to true if what was just written may be lost",
  });
  found.requireMountpoint("filesystem.mountpoint", filesystem.mountpoint, "/srv");
}
