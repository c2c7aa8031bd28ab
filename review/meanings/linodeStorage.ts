import type { Step } from "../parse";
import { lost, reboots, rolledBy, WRITTEN_MEANWHILE } from "./linodeWords";
import { all, unfelt, type Meaning, type PropertyChange, type Verdict } from "./types";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

type DiskKind = "data" | "boot" | "swap";

function diskKind({ old, new: now }: Step): DiskKind {
  const inputs = { ...old?.inputs, ...now?.inputs };
  if (inputs["filesystem"] === "swap") return "swap";
  return inputs["image"] === undefined ? "data" : "boot";
}

function diskBytes({ old }: Step): number | undefined {
  const size = old?.inputs["size"] ?? old?.outputs["size"];
  return typeof size === "number" ? size * MIB : undefined;
}

function diskGone(step: Step, replaced: boolean): Verdict {
  const bytes = diskBytes(step);
  switch (diskKind(step)) {
    case "data":
      return {
        ...lost(
          replaced
            ? "the raw disk is deleted with all that is on it, and a blank one takes its place"
            : "the raw disk is deleted with all that is on it",
        ),
        ...(replaced ? { resync: { words: "the whole disk", bytes } } : {}),
      };
    case "boot":
      return {
        rank: 3,
        why: replaced
          ? "the node gets a new boot disk and is set up anew; replicated data is on other disks and stays"
          : "the node's boot disk is deleted",
        effect: "node-down",
        resync: WRITTEN_MEANWHILE,
        // The program lets one node a run be renewed, and refuses the other.
        nodeDown: replaced ? rolledBy(step) : "at-once",
        procedure: "one-node",
      };
    case "swap":
      return {
        ...reboots(step, ""),
        why: "the swap disk goes: the Linode is off for it, unless its profile is without it already",
      };
  }
}

function diskSize({ old, new: now, step }: PropertyChange): Verdict {
  if (typeof old !== "number" || typeof now !== "number") return lost("nobody can say whether the disk shrinks");
  if (now < old && diskKind(step) !== "swap") {
    return lost(`the disk shrinks from ${old} to ${now} MiB: what lies beyond is cut off`);
  }
  return reboots(step, "the Linode is off while its disk is resized");
}

/** A disk of a Linode's own: raw ones carry replicated data. */
export const disk: Meaning = {
  called: "a disk",
  create: unfelt("a new disk; nothing is on it yet"),
  delete: (step) => diskGone(step, false),
  replace: (step) => diskGone(step, true),
  properties: {
    size: diskSize,
    label: unfelt("a name in the account"),
    ...all(
      [
        "image",
        "filesystem",
        "rootPass",
        "authorizedKeys",
        "authorizedUsers",
        "stackscriptId",
        "stackscriptData",
        "linodeId",
        "diskEncryption",
      ],
      ({ step }) => diskGone(step, true),
    ),
  },
};

const volumeBytes = ({ old }: Step): number | undefined => {
  const size = old?.inputs["size"] ?? old?.outputs["size"];
  return typeof size === "number" ? size * GIB : undefined;
};

const volumeReplaced = (step: Step): Verdict => ({
  ...lost("the volume is deleted with all that is on it, and a blank one takes its place"),
  resync: { words: "the whole volume", bytes: volumeBytes(step) },
});

/** A Block Storage volume, which outlives its Linode. */
export const volume: Meaning = {
  called: "a volume",
  create: unfelt("a new volume; nothing is on it yet"),
  delete: lost("the volume is deleted with all that is on it"),
  replace: volumeReplaced,
  properties: {
    size: ({ old, new: now }) => {
      if (typeof old !== "number" || typeof now !== "number") return lost("nobody can say whether the volume shrinks");
      return now < old
        ? {
            ...lost(
              `the volume shrinks from ${old} to ${now} GiB; the vendor refuses that, and a new one loses the data`,
            ),
            refused: "the vendor's API refuses to shrink a volume",
          }
        : unfelt("the volume grows; DRBD and the file system take it when they are told to (`drbdadm resize`)");
    },
    tags: unfelt("a mark in the account"),
    label: {
      rank: 3,
      why: "the node finds the volume by its label, and from its next boot on not any more",
      effect: "node-down",
      procedure: "one-node",
    },
    linodeId: {
      rank: 3,
      why: "the volume is taken from the node that uses it",
      effect: "node-down",
      resync: WRITTEN_MEANWHILE,
      nodeDown: "at-once",
      procedure: "one-node",
    },
    ...all(["region", "sourceVolumeId", "encryption"], ({ step }) => volumeReplaced(step)),
  },
};
