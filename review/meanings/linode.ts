import { typesOf, type Step } from "../parse";
import { hasUnknown } from "../parse/values";
import { domainMeanings } from "./dns";
import { firewallMeaning } from "./firewall";
import { all, unfelt, type Meaning, type PropertyChange, type Verdict } from "./types";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** The product's pairs let one node change at a time; resources of anybody else's have nobody who does. */
const rolledBy = (step: Step): "rolled" | "at-once" =>
  typesOf(step.urn).includes("linode-ha:pair:HaPair") ? "rolled" : "at-once";

const WRITTEN_MEANWHILE = { words: "what is written while the node is away" };

/** The node restarts, one after the other where the product does it. */
function reboots(step: Step, why: string): Verdict {
  const nodeDown = rolledBy(step);
  return {
    rank: 3,
    why:
      nodeDown === "rolled"
        ? `${why}; the program restarts one node at a time, and only while its peer is healthy`
        : why,
    effect: "node-down",
    resync: WRITTEN_MEANWHILE,
    nodeDown,
    procedure: nodeDown === "rolled" ? "rolled" : "one-node",
  };
}

const rebooting =
  (why: string) =>
  ({ step }: PropertyChange): Verdict =>
    reboots(step, why);

const lost = (why: string): Verdict => ({ rank: 1, why, effect: "stays-down", procedure: "data" });

/** A Linode and, with it, its disks. */
const instance: Meaning = {
  called: "a Linode",
  create: unfelt("a new Linode; nothing uses it yet"),
  delete: {
    rank: 3,
    why: "the Linode is deleted, and every disk of its own with it",
    effect: "node-down",
    nodeDown: "at-once",
    procedure: "one-node",
  },
  replace: {
    rank: 3,
    why: "the Linode is deleted and made anew; nothing keeps the program from doing both nodes at once",
    effect: "node-down",
    resync: WRITTEN_MEANWHILE,
    nodeDown: "at-once",
    procedure: "one-node",
  },
  properties: {
    ...all(
      ["alerts", "backupsEnabled", "group", "label", "tags", "watchdogEnabled", "placementGroupExternallyManaged"],
      unfelt("the vendor changes it without touching the running Linode"),
    ),
    placementGroup: unfelt("where the vendor may place it; the Linode runs on"),
    sharedIpv4s: {
      rank: 3,
      why: "which addresses the Linode may announce",
      effect: "node-down",
      procedure: "one-node",
    },
    metadatas: unfelt("user data is read at a first boot only"),
    type: rebooting("the Linode is shut down, resized, perhaps moved to another machine, and booted"),
    migrationType: rebooting("how a resize is done: it may shut the Linode down"),
    resizeDisk: rebooting("disks are resized with the Linode off"),
    region: rebooting("the Linode is migrated to another region, and is off for as long as that takes"),
    privateIp: rebooting("the Linode gets a private address and restarts with it"),
    ...all(
      ["booted", "bootConfigLabel", "disks", "configs", "swapSize", "interfaces", "maintenancePolicy"],
      rebooting("the vendor restarts the Linode for it, or switches it off"),
    ),
    ...all(
      [
        "image",
        "rootPass",
        "authorizedKeys",
        "authorizedUsers",
        "stackscriptId",
        "stackscriptData",
        "backupId",
        "diskEncryption",
        "ipv4s",
      ],
      {
        rank: 3,
        why: "the vendor replaces the Linode for it, and every disk of its own",
        effect: "node-down",
        resync: WRITTEN_MEANWHILE,
        nodeDown: "at-once",
        procedure: "one-node",
      },
    ),
  },
};

/** How a Linode boots. Whatever changes in it, the provider restarts the Linode. */
const config: Meaning = {
  called: "a configuration profile",
  create: unfelt("a new profile, for a Linode that has not booted yet"),
  delete: {
    rank: 3,
    why: "the profile that the Linode boots with is deleted",
    effect: "node-down",
    nodeDown: "at-once",
    procedure: "one-node",
  },
  replace: {
    rank: 3,
    why: "the profile is deleted and made anew, and the Linode restarts with the new one",
    effect: "node-down",
    resync: WRITTEN_MEANWHILE,
    nodeDown: "at-once",
    procedure: "one-node",
  },
  properties: {
    ...all(
      [
        "label",
        "comments",
        "kernel",
        "rootDevice",
        "device",
        "devices",
        "helpers",
        "runLevel",
        "virtMode",
        "memoryLimit",
      ],
      rebooting("the provider restarts the Linode for each change of its profile"),
    ),
    booted: rebooting("the Linode is booted or switched off"),
    interfaces,
    linodeId: {
      rank: 3,
      why: "the profile goes to another Linode",
      effect: "node-down",
      nodeDown: "at-once",
      procedure: "one-node",
    },
  },
};

/** On two different networks the nodes cannot replicate: no order of restarts keeps the pair whole. */
function interfaces({ old, new: now, step }: PropertyChange): Verdict {
  if (vlans(old) === vlans(now)) return reboots(step, "the Linode restarts with other interfaces");
  return {
    rank: 2,
    why: "the network between the nodes changes: whichever moves first cannot reach its peer any more",
    effect: "stays-down",
    resync: WRITTEN_MEANWHILE,
    nodeDown: rolledBy(step),
    procedure: "both-nodes",
    ...(rolledBy(step) === "rolled" ? { refused: "the program does not restart running nodes for it" } : {}),
  };
}

function vlans(value: unknown): string {
  const list = Array.isArray(value) ? (value as { purpose?: string; label?: string; ipamAddress?: string }[]) : [];
  const own = list.filter(({ purpose }) => purpose === "vlan");
  return JSON.stringify(own.map(({ label, ipamAddress }) => [label, ipamAddress]));
}

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

const disk: Meaning = {
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

const volume: Meaning = {
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

const guard: Meaning = {
  called: "a node's place behind the firewall",
  create: unfelt("the node comes behind the firewall"),
  delete: {
    rank: 5,
    why: "the node is no longer behind the firewall: everything reaches it",
    effect: "none",
    procedure: "none",
  },
  replace: { rank: 5, why: "for a moment the node is behind no firewall", effect: "none", procedure: "none" },
  properties: all(["firewallId", "entityId", "entityType"], {
    rank: 5,
    why: "for a moment the node is behind no firewall",
    effect: "none",
  }),
};

const placement: Meaning = {
  called: "a placement group",
  create: unfelt("where the vendor places the nodes"),
  delete: unfelt("the vendor may place both nodes on one machine from now on"),
  replace: unfelt("the nodes are without a placement group for a moment"),
  properties: all(
    ["label", "placementGroupPolicy", "placementGroupType", "region", "tags"],
    unfelt("where the vendor places the nodes"),
  ),
};

const addressGone: Verdict = {
  rank: 2,
  why: "the address goes back to the vendor, and no node has it any more; it cannot be had again",
  effect: "stays-down",
  procedure: "both-nodes",
};

const address: Meaning = {
  called: "a floating address",
  create: unfelt("a new address; nobody announces it yet"),
  delete: addressGone,
  replace: {
    ...addressGone,
    why: "the address goes back to the vendor, and another one takes its place: clients know the old one",
  },
  properties: {
    ...all(["linodeId", "public", "prefixLength", "routeTarget"], addressGone),
    rdns: unfelt("its name in reverse DNS"),
    applyImmediately: unfelt("whether the Linode restarts for it"),
    reserved: unfelt("who keeps the address when its Linode goes"),
  },
};

const sharing: Meaning = {
  called: "which addresses a node may announce",
  create: unfelt("the node may announce them from now on"),
  delete: {
    rank: 2,
    why: "the vendor takes the announcement away at once: where this node announces, the address is dead",
    effect: "stays-down",
    procedure: "move-away",
  },
  replace: {
    rank: 3,
    why: "the list is empty for a moment, and what the node announces is taken away",
    effect: "node-down",
    procedure: "move-away",
  },
  properties: {
    addresses: ({ old, new: now }) => {
      const before = Array.isArray(old) ? (old as unknown[]) : [];
      const after = new Set(Array.isArray(now) ? (now as unknown[]) : []);
      if (!hasUnknown(now) && before.every((each) => after.has(each)))
        return unfelt("the node may announce more addresses");
      return {
        rank: 3,
        why: "the node may no longer announce an address, and cannot take it over",
        effect: "node-down",
        procedure: "move-away",
      };
    },
    linodeId: { rank: 3, why: "another node may announce them", effect: "node-down", procedure: "move-away" },
  },
};

const rdns: Meaning = {
  called: "a name in reverse DNS",
  create: unfelt("mail servers look at it, clients do not"),
  delete: unfelt("mail servers look at it, clients do not"),
  replace: unfelt("mail servers look at it, clients do not"),
  properties: all(
    ["address", "rdns", "waitForAvailable", "reserved"],
    unfelt("mail servers look at it, clients do not"),
  ),
};

/** The vendor's resources that a pair is made of. */
export const linodeMeanings: Readonly<Record<string, Meaning>> = {
  "linode:index/instance:Instance": instance,
  "linode:index/instanceConfig:InstanceConfig": config,
  "linode:index/instanceDisk:InstanceDisk": disk,
  "linode:index/volume:Volume": volume,
  "linode:index/firewall:Firewall": firewallMeaning,
  "linode:index/firewallDevice:FirewallDevice": guard,
  "linode:index/placementGroup:PlacementGroup": placement,
  "linode:index/instanceIp:InstanceIp": address,
  "linode:index/ipv6Range:Ipv6Range": address,
  "linode:index/instanceSharedIps:InstanceSharedIps": sharing,
  "linode:index/rdns:Rdns": rdns,
  ...domainMeanings,
};
