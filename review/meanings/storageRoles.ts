import { judgeDrbdFile } from "./drbdFile";
import type { HostJudge, RoleMeaning } from "./roleTypes";
import {
  compared,
  ended,
  harmless,
  later,
  OWN_TOOLS,
  ownProgram,
  refusedLive,
  reloads,
  SETTLING,
  unseen,
} from "./roleWords";
import { unfelt, type Verdict } from "./types";

const MOUNTS: HostJudge = {
  rank: 4,
  why: "it is mounted somewhere else: what is open at the old place ends",
  effect: "service-restart",
  procedure: "quiet-hour",
};
const FORMAT: Verdict = {
  rank: 1,
  why: "another file system is wanted on a device that has one",
  effect: "stays-down",
  procedure: "format",
  refused: "the host formats nothing that is not proven blank",
};

export const base: RoleMeaning = {
  called: "the node's basics",
  created: unfelt("names, hosts file, time and health command of a node"),
  removed: unfelt("the node keeps its name, its hosts file and its clock"),
  unseen: unseen("the node's basics", 5),
  program: ownProgram("the node's basics", 5),
  files: [
    [/^\/etc\/hosts$/, later("read at the next look-up of a name")],
    [/^\/etc\/chrony\//, reloads("chrony")],
    [/^\/root\/\.ssh\//, reloads("sshd", "who may log in, from the next login on")],
    [/^\/etc\/(hostname|cloud\/.*|apt\/.*)$/, later("read at the next boot or upgrade")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    TIMEZONE: reloads("the node's clock", "programs that start from now on show another time"),
    HOSTNAME_WANTED: {
      rank: 2,
      why: "the node gets another name while its daemons know the old one",
      effect: "stays-down",
      procedure: "both-nodes",
    },
    BOOT_WAIT: harmless,
  },
};

export const drbd: RoleMeaning = {
  called: "replication",
  created: unfelt("a new resource; its metadata is written only to a device that is proven blank"),
  removed: ended("the replicated device is taken down; data and metadata stay on the disks", "DRBD"),
  unseen: unseen("DRBD", 3),
  program: ownProgram("DRBD", 4),
  secret: reloads(
    "DRBD",
    "the secret with which the sides know each other, counted from their next connection on: until both nodes have it, sides that part cannot connect again",
  ),
  files: [
    [/^\/etc\/drbd\.d\/[^/]+\.res$/, compared(ended("the resource's file comes or goes", "DRBD"), judgeDrbdFile)],
    [/^\/etc\/drbd\.d\/global_common\.conf$/, reloads("DRBD")],
    [/^\/etc\/linode-ha\/drbd\//, later("what the node's units read at its next boot", "DRBD's units")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    DEVICE: {
      rank: 1,
      why: "another device takes the place of the one with the data; the host refuses one that is not blank",
      effect: "stays-down",
      procedure: "format",
    },
    MINOR: { ...ended("the replicated device gets another number: whatever uses it on either node ends", "DRBD") },
    RESOURCE: ended("the resource gets another name", "DRBD"),
    STAMP: {
      rank: 4,
      why: "the volume's own devices are taken for another's: later steps refuse them until that is put right by hand",
      effect: "none",
      procedure: "protection",
    },
    ADOPT: { rank: 1, why: "metadata that something else made is taken over", effect: "none", procedure: "protection" },
    INITIAL_SYNC: later("counts for a first sync only"),
    DEVICE_WAIT: harmless,
    SIZE_BYTES: later("checked against the device"),
    KEEPER: {
      ...ended("who promotes the resource changes on a node that runs", "DRBD's keeper"),
      procedure: "maintenance",
    },
  },
};

export const activate: RoleMeaning = {
  called: "the state of replication",
  created: unfelt("waits until both sides are the same, then ends"),
  removed: unfelt("nothing of it stays on a host"),
  unseen: unseen("DRBD", 3),
  program: ownProgram("DRBD", 4),
  files: OWN_TOOLS,
  variables: {
    ...SETTLING,
    INITIAL_SYNC: later("counts for a first sync only"),
    PREFERRED: later("who is promoted where nobody is"),
    FIRST: later("who leads a first sync"),
    CONNECT_WAIT: harmless,
    STALL_WAIT: harmless,
    RESOURCE: ended("the resource gets another name", "DRBD"),
    MINOR: ended("the replicated device gets another number", "DRBD"),
    MODE: { ...ended("which side may write changes while it writes", "DRBD"), procedure: "maintenance" },
  },
};

export const ocfs2: RoleMeaning = {
  called: "the cluster file system",
  created: unfelt("made only on a device that is proven blank; mounted on both nodes"),
  removed: ended("it is unmounted; the data stays on the device", "OCFS2"),
  unseen: unseen("o2cb", 3),
  program: ownProgram("o2cb", 4),
  files: [
    [
      /^\/etc\/ocfs2\/cluster\.conf$/,
      ended("members, addresses or ports of the cluster change, which both nodes must have at once", "o2cb"),
    ],
    [
      /^\/etc\/default\/o2cb$/,
      refusedLive(
        "the cluster's times must change on both nodes together, with the file system unmounted on both",
        "the hosts put the file in place and stop: the kernel takes it only while no OCFS2 is mounted",
        "o2cb",
      ),
    ],
    [/\.mount$/, later("mount options count from the next mount on", "systemd")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    MOUNTPOINT: MOUNTS,
    MOUNT_UNIT: MOUNTS,
    LABEL: FORMAT,
    CLUSTER: ended("the cluster gets another name, which both nodes must have at once", "o2cb"),
    SLOTS: later("counts when the file system is made"),
    FIRST: later("who makes the file system"),
    ROOT_OWNER: reloads("the file system", "owner of its top folder, at once"),
    ROOT_MODE: reloads("the file system", "mode of its top folder, at once"),
    WAIT: harmless,
    RESOURCE: ended("another resource is wanted below the file system", "OCFS2"),
    MINOR: ended("another device is wanted below the file system", "OCFS2"),
  },
};

export const filesystem: RoleMeaning = {
  called: "the file system",
  created: unfelt("made only on a device that is proven blank"),
  removed: ended("it is unmounted; the data stays on the device", "systemd"),
  unseen: unseen("the file system", 3),
  program: ownProgram("the file system", 4),
  files: [[/\.mount$/, later("mount options count from the next mount on", "systemd")], ...OWN_TOOLS],
  variables: {
    ...SETTLING,
    TYPE: FORMAT,
    LABEL: FORMAT,
    MOUNTPOINT: MOUNTS,
    MOUNT_UNIT: MOUNTS,
    MOUNT: { rank: 4, why: "who mounts it changes", effect: "service-restart", procedure: "quiet-hour" },
    RESOURCE: ended("another resource is wanted below the file system", "the file system"),
    MINOR: ended("another device is wanted below the file system", "the file system"),
  },
};
