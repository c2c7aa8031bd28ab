import { domainMeanings } from "./dns";
import { firewallMeaning } from "./firewall";
import { address, guard, placement, rdns, sharing } from "./linodeNetwork";
import { disk, volume } from "./linodeStorage";
import { rebooting, reboots, rolledBy, WRITTEN_MEANWHILE } from "./linodeWords";
import { all, unfelt, type Meaning, type PropertyChange, type Verdict } from "./types";

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
