import { hasUnknown } from "../parse/values";
import { all, unfelt, type Meaning, type Verdict } from "./types";

export const guard: Meaning = {
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

export const placement: Meaning = {
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

export const address: Meaning = {
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

export const sharing: Meaning = {
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

export const rdns: Meaning = {
  called: "a name in reverse DNS",
  create: unfelt("mail servers look at it, clients do not"),
  delete: unfelt("mail servers look at it, clients do not"),
  replace: unfelt("mail servers look at it, clients do not"),
  properties: all(
    ["address", "rdns", "waitForAvailable", "reserved"],
    unfelt("mail servers look at it, clients do not"),
  ),
};
