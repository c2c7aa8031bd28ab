import { lineDiff } from "../lineDiff";
import type { Verdict } from "./types";

/** Lines that went and came. */
function changed(old: string, now: string): readonly { readonly sign: "-" | "+"; readonly text: string }[] {
  return lineDiff(old, now, 0).flatMap(({ sign, text }) =>
    sign === " " || text.trim() === "" ? [] : [{ sign, text: text.trim() }],
  );
}

const HEARTBEAT = "Heartbeat";

/** What a line of Heartbeat's `ha.cf` means. It reads the file anew one node after the other, and keeps what it holds. */
export function judgeHaCf(old: string, now: string): readonly Verdict[] {
  const lines = changed(old, now);
  const came = (start: string): boolean => lines.some(({ sign, text }) => sign === "+" && text.startsWith(start));
  return lines.map(({ sign, text }): Verdict => {
    const [word = ""] = text.split(/\s+/);
    const weaker = (why: string): Verdict => ({
      rank: 1,
      why,
      effect: "none",
      daemon: HEARTBEAT,
      procedure: "protection",
    });
    if (sign === "-" && word === "stonith_host" && !came(text.split(/\s+/).slice(0, 2).join(" "))) {
      return weaker("a lost node is no longer powered off before its services start elsewhere");
    }
    if (
      sign === "-" &&
      text.endsWith("/dopd") &&
      !lines.some((line) => line.sign === "+" && line.text.endsWith("/dopd"))
    ) {
      return weaker("a lost peer's data is no longer marked as outdated");
    }
    if (["node", "ucast", "bcast", "mcast", "udpport", "baud", "serial", "crm"].includes(word)) {
      return {
        rank: 2,
        why: "who hears whom: until both nodes have it each takes the other for dead, and both take all groups",
        effect: "stays-down",
        daemon: HEARTBEAT,
        procedure: "both-nodes",
      };
    }
    if (word === "auto_failback") {
      return {
        rank: 3,
        why: "whether a group goes back to its node by itself",
        effect: "node-down",
        daemon: HEARTBEAT,
        procedure: "quiet-hour",
      };
    }
    return {
      rank: 5,
      why: "Heartbeat reads its settings anew, one node after the other, and keeps what it holds",
      effect: "none",
      daemon: HEARTBEAT,
      procedure: "none",
    };
  });
}

/** What a line of a group that a person moves means. */
export function judgeGroup(old: string, now: string): readonly Verdict[] {
  return changed(old, now).map(({ sign, text }): Verdict => {
    if (!text.startsWith("run "))
      return { rank: 6, why: "what `ha-group` reads at its next use", effect: "none", daemon: "ha-group" };
    if (sign === "+")
      return { rank: 6, why: "a new member, started with the group's next start", effect: "none", daemon: "ha-group" };
    return {
      rank: 4,
      why: "a member of the group changes or goes",
      effect: "service-restart",
      daemon: "ha-group",
      procedure: "quiet-hour",
      refused: "the host refuses it on the node where the member runs: nothing would ever stop it",
    };
  });
}
