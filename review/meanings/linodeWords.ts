/** What the tables of the vendor's resources are written with. */
import { typesOf, type Step } from "../parse";
import type { PropertyChange, Verdict } from "./types";

/** The product's pairs let one node change at a time; resources of anybody else's have nobody who does. */
export const rolledBy = (step: Step): "rolled" | "at-once" =>
  typesOf(step.urn).includes("linode-ha:pair:HaPair") ? "rolled" : "at-once";

export const WRITTEN_MEANWHILE = { words: "what is written while the node is away" };

/** The node restarts, one after the other where the product does it. */
export function reboots(step: Step, why: string): Verdict {
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

export const rebooting =
  (why: string) =>
  ({ step }: PropertyChange): Verdict =>
    reboots(step, why);

export const lost = (why: string): Verdict => ({ rank: 1, why, effect: "stays-down", procedure: "data" });
