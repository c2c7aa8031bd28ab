import { hasUnknown, isObject } from "../parse/values";
import { all, unfelt, type Meaning, type PropertyChange, type Verdict } from "./types";

interface Rule {
  readonly label: string;
  readonly action: string;
  /** One for each port (or range) and network. */
  readonly ways: readonly string[];
  /** Some of its networks are known only after the change. */
  readonly vague: boolean;
}

function rulesOf(value: unknown): readonly Rule[] {
  return (Array.isArray(value) ? value : []).filter(isObject).map((rule) => {
    const texts = (key: string): string[] => (Array.isArray(rule[key]) ? (rule[key] as unknown[]).map(String) : []);
    const networks = [...texts("ipv4s"), ...texts("ipv6s")];
    const ports = typeof rule["ports"] === "string" && rule["ports"] !== "" ? rule["ports"].split(",") : ["all"];
    const text = (key: string): string => (typeof rule[key] === "string" ? rule[key] : "");
    return {
      label: text("label"),
      action: text("action").toUpperCase(),
      ways: ports.flatMap((port) => networks.map((network) => `${text("protocol")} ${port.trim()} from ${network}`)),
      vague: hasUnknown(rule),
    };
  });
}

/** What no rule lets through any more. A rule whose networks nobody knows yet is taken for the one of the same label. */
function shut(old: readonly Rule[], now: readonly Rule[]): readonly Rule[] {
  const open = new Set(now.filter(({ action }) => action === "ACCEPT").flatMap(({ ways }) => ways));
  const vague = new Set(now.filter((rule) => rule.vague).map(({ label }) => label));
  return old
    .filter(({ action, label }) => action === "ACCEPT" && !vague.has(label))
    .map((rule) => ({ ...rule, ways: rule.ways.filter((way) => !open.has(way)) }))
    .filter(({ ways }) => ways.length > 0);
}

function inbound({ old, new: now }: PropertyChange): Verdict {
  const [before, after] = [rulesOf(old), rulesOf(now)];
  const denied = after.filter(({ action }) => action === "DROP").flatMap(({ ways }) => ways);
  const known = new Set(before.filter(({ action }) => action === "DROP").flatMap(({ ways }) => ways));
  const closed = [...shut(before, after).flatMap(({ ways }) => ways), ...denied.filter((way) => !known.has(way))];
  if (closed.length === 0) return unfelt("the firewall lets through all that it did, or more");
  const words = `the firewall no longer lets through ${closed.slice(0, 3).join(", ")}${closed.length > 3 ? ` and ${closed.length - 3} more` : ""}`;
  const gone = shut(before, after);
  if (
    denied.length === 0 &&
    gone.every(({ label, ways }) => label === "icmp" || ways.every((way) => way.startsWith("ICMP ")))
  ) {
    return { rank: 5, why: `${words}: path MTU discovery and IPv6 need it`, effect: "none", procedure: "none" };
  }
  if (
    gone.every(({ ways }) => ways.every((way) => way.startsWith("TCP 22 "))) &&
    closed.every((way) => way.startsWith("TCP 22 "))
  ) {
    return {
      rank: 5,
      why: `${words}: visitors feel nothing, but whoever deploys from there is locked out`,
      effect: "none",
      procedure: "none",
    };
  }
  const peers = gone.some(({ label }) => label.startsWith("peer-"));
  return {
    rank: 2,
    why: peers ? `${words}: the nodes no longer hear each other` : `${words}, on both nodes at the same moment`,
    effect: "stays-down",
    procedure: "both-nodes",
  };
}

function policy(direction: string): (change: PropertyChange) => Verdict {
  return ({ old, new: now }) =>
    String(old).toUpperCase() === "DROP" && String(now).toUpperCase() === "ACCEPT"
      ? unfelt(`${direction} traffic that no rule names is let through from now on: everything reaches the nodes`)
      : {
          rank: 2,
          why: `${direction} traffic that no rule names is dropped from now on, on both nodes at the same moment`,
          effect: "stays-down",
          procedure: "both-nodes",
        };
}

/** The pair's Cloud Firewall: what it no longer lets through ends on both nodes at once. */
export const firewallMeaning: Meaning = {
  called: "a firewall",
  create: unfelt("a new firewall; a node comes behind it by a step of its own"),
  delete: { rank: 5, why: "the firewall goes: everything reaches the nodes", effect: "none", procedure: "none" },
  replace: { rank: 5, why: "for a moment the nodes are behind no firewall", effect: "none", procedure: "none" },
  properties: {
    inbounds: inbound,
    outbounds: (change) => {
      const verdict = inbound(change);
      return verdict.rank === 6 ? verdict : { ...verdict, rank: 2, procedure: "both-nodes", effect: "stays-down" };
    },
    inboundPolicy: policy("incoming"),
    outboundPolicy: policy("outgoing"),
    disabled: ({ new: now }) =>
      now === true
        ? unfelt("the firewall is off: everything reaches the nodes")
        : {
            rank: 2,
            why: "the firewall is on from now on, for both nodes at the same moment",
            effect: "stays-down",
            procedure: "both-nodes",
          },
    linodes: { rank: 5, why: "which nodes are behind the firewall", effect: "none", procedure: "none" },
    ...all(["label", "tags"], unfelt("a name in the account")),
  },
};
