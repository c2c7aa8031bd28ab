import * as pulumi from "@pulumi/pulumi";
import type { NodePair } from "../haNode";
import type { Findings } from "../internal/rules";

/** What makes sure that a lost node is off before its services start elsewhere. */
export type ManagerFencing =
  | {
      /** Through the Linode API, with `fence_linode`; the fencing step of both nodes must be done before (`ready`). */
      readonly kind: "linode";
      /** The Linodes' ids by node name. */
      readonly linodeIds: Readonly<Record<string, pulumi.Input<string | number>>>;
      /** Address of the API; only where it is not the provider's own. */
      readonly apiUrl?: string;
      /** Path on the nodes of the certificates that the API's must be signed by; only where it is not the system's. */
      readonly caFile?: string;
      /** Seconds within which a fencing is confirmed, 5 to 300. Default 60. */
      readonly confirmSeconds?: number;
      /** What must be there before a manager may rely on it. */
      readonly ready?: readonly pulumi.Resource[];
    }
  | {
      readonly kind: "none";
      /** Must be true: two nodes that lose each other, and not their clients, then both run everything, and one side's writes are lost. */
      readonly acceptUnfenced: boolean;
    };

/** Puts everything that is wrong with the fencing into `found`; returns the seconds that it may take, 0 without. */
export function checkFencing(fencing: ManagerFencing, nodes: NodePair, found: Findings): number {
  switch (fencing.kind) {
    case "none":
      found.require(fencing.acceptUnfenced, {
        path: "fencing.acceptUnfenced",
        given: fencing.acceptUnfenced,
        what: "without fencing, nodes that lose each other may both go on writing",
        allowed: "true",
        todo: 'set it to true if you accept that, or use fencing of kind "linode"',
      });
      return 0;
    case "linode": {
      const seconds = fencing.confirmSeconds ?? 60;
      found.require(Number.isInteger(seconds) && seconds >= 5 && seconds <= 300, {
        path: "fencing.confirmSeconds",
        given: seconds,
        what: "is out of range",
        allowed: "5 to 300",
        todo: "leave it out for 60",
      });
      for (const node of nodes) {
        found.require(fencing.linodeIds[node.name] !== undefined, {
          path: `fencing.linodeIds.${node.name}`,
          what: `${node.name} has no Linode's id here, and could not be fenced`,
          allowed: Object.keys(fencing.linodeIds).join(", ") || "a number for each node",
          todo: "give the ids of both nodes",
        });
      }
      return Number.isInteger(seconds) ? Math.min(300, Math.max(5, seconds)) : 60;
    }
  }
}

/** The Linodes' ids as text, by node name; undefined without fencing. */
export function plugsOf(fencing: ManagerFencing): pulumi.Output<Record<string, string> | undefined> {
  if (fencing.kind === "none") {
    return pulumi.output(undefined);
  }
  return pulumi
    .all(fencing.linodeIds)
    .apply((ids) => Object.fromEntries(Object.entries(ids).map(([node, id]) => [node, String(id)])));
}

/** What a manager's steps wait for. */
export function fencingReady(fencing: ManagerFencing): readonly pulumi.Resource[] {
  return fencing.kind === "linode" ? (fencing.ready ?? []) : [];
}
