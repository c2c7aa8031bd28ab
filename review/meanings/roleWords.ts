/** What the tables of the roles are written with. */
import type { HostJudge } from "./roleTypes";
import type { Verdict } from "./types";

export const reloads = (daemon: string, why = `${daemon} takes it in as it runs`): Verdict => ({
  rank: 5,
  why,
  effect: "none",
  daemon,
  procedure: "none",
});
export const later = (why: string, daemon?: string): Verdict => ({ rank: 6, why, effect: "none", daemon });
export const refusedLive = (why: string, refused: string, daemon: string): Verdict => ({
  rank: 2,
  why,
  effect: "stays-down",
  daemon,
  procedure: "maintenance",
  refused,
});
export const ended = (why: string, daemon: string): Verdict => ({
  rank: 2,
  why,
  effect: "stays-down",
  daemon,
  procedure: "both-nodes",
});
export const harmless = later("the step runs again and finds what it wants already there");
export const ownProgram = (daemon: string, rank: 3 | 4 | 5): Verdict => ({
  rank,
  why: "the role's own program changed and runs again: it does what is missing, and interrupts nothing before it has proved that the peer carries the load",
  effect: rank === 5 ? "none" : rank === 4 ? "service-restart" : "node-down",
  daemon,
  procedure: rank === 5 ? "none" : "one-node",
});
export const unseen = (daemon: string, rank: 3 | 4 | 5): Verdict => ({
  rank,
  why: "what it puts on its host is known only after the change, for it follows from what changes here",
  effect: rank === 5 ? "none" : rank === 4 ? "service-restart" : "node-down",
  daemon,
  follows: true,
  procedure: rank === 5 ? "none" : "one-node",
});
export const SETTLING: Readonly<Record<string, HostJudge>> = {
  PACKAGES: reloads("apt", "packages that are missing are installed"),
  STEP: harmless,
  NODE: harmless,
};
/** Texts of the product's own that stand on a host and are read at their next use. */
export const OWN_TOOLS: readonly (readonly [RegExp, HostJudge])[] = [
  [/^\/etc\/linode-ha\/health\.d\//, later("what the next look at the node's health runs", "ha-health")],
  [/^\/usr\/local\/(s?bin|lib\/linode-ha)\//, reloads("the node's own tools", "read at its next use")],
  [
    /^\/etc\/systemd\/system\/.*\.(service|target)(\.d\/.*)?$/,
    reloads("systemd", "systemd reads its units anew; what runs goes on"),
  ],
];

/** Judges a file by both its texts; where it comes or goes as a whole there is nothing to compare. */
export function compared(without: Verdict, judge: (old: string, now: string) => readonly Verdict[]): HostJudge {
  return ({ old, new: now }) => (old === undefined || now === undefined ? without : judge(old, now));
}

/** One verdict for what is new, another for what changes or goes. */
export function fresh(made: Verdict, otherwise: Verdict): HostJudge {
  return ({ old }) => (old === undefined ? made : otherwise);
}
