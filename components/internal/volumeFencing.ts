import { fencingPaths, outdateFirst } from "../../hosts/fencing/render";
import type { DrbdDiskOptions, DrbdHandlers } from "../../hosts/drbd/options";
import type { ManagerTimings } from "../../hosts/managerTimings";
import type { DrbdVolumeArgs, VolumeFencing } from "../drbdVolume";
import { checkFencing } from "../managers/fencing";
import type { Findings } from "./rules";

/** Puts everything that is wrong with a volume's fencing into `found`; returns the seconds that it may take, 0 without. */
export function checkVolumeFencing({ fencing, mode, nodes, tuning }: DrbdVolumeArgs, found: Findings): number {
  if (fencing === undefined) {
    return 0;
  }
  const managed = mode.kind === "single-primary" && mode.promote === "manager";
  found.require(managed === (fencing.kind !== "linode"), {
    path: "fencing.kind",
    given: fencing.kind,
    what: managed
      ? "a manager moves this volume, and has to know what happens to its nodes"
      : "no manager moves this volume, and nobody would answer its handler",
    allowed: managed ? "pacemaker, heartbeat" : "linode",
    todo: managed
      ? "name the manager here, and give it the fencing"
      : "give the volume the fencing of a LinodeFencing of its pair",
  });
  const own = [tuning?.disk?.fencing, tuning?.handlers?.fencePeer, tuning?.handlers?.unfencePeer];
  found.require(
    own.every((value) => value === undefined),
    {
      path: "tuning.handlers",
      given: own.filter((value) => value !== undefined),
      what: "is set here and follows from the volume's fencing too",
      todo: "leave fencing, fencePeer and unfencePeer out of the tuning, or leave out the volume's fencing",
    },
  );
  switch (fencing.kind) {
    case "linode":
      return checkFencing(fencing, nodes, found);
    case "pacemaker":
      return checkFencing({ ...fencing, kind: "linode", linodeIds: namesOf(nodes) }, nodes, found);
    case "heartbeat":
      return fencing.off === undefined ? 0 : checkFencing(fencing.off, nodes, found);
  }
}

/** The cluster has the ids; here only the seconds are checked. */
function namesOf(nodes: DrbdVolumeArgs["nodes"]): Record<string, string> {
  return Object.fromEntries(nodes.map(({ name }) => [name, name]));
}

/** What DRBD does when the peer is lost. */
export function fencedTuning(
  fencing: VolumeFencing | undefined,
  { fencing: { handler } }: ManagerTimings,
): { readonly disk: DrbdDiskOptions; readonly handlers: DrbdHandlers } {
  switch (fencing?.kind) {
    case undefined:
      return { disk: {}, handlers: {} };
    case "linode":
      return { disk: { fencing: "resource-and-stonith" }, handlers: { fencePeer: fencingPaths.drbdHandler } };
    case "pacemaker":
      return {
        disk: { fencing: "resource-and-stonith" },
        handlers: {
          fencePeer: `${fencingPaths.pacemakerHandler} --timeout ${handler}`,
          // On both sides: one that boots has often resynced before its cluster manager is up, and could not say so.
          unfencePeer: "/usr/lib/drbd/crm-unfence-peer.sh",
          afterResyncTarget: "/usr/lib/drbd/crm-unfence-peer.sh",
        },
      };
    case "heartbeat":
      return fencing.off === undefined
        ? { disk: { fencing: "resource-only" }, handlers: { fencePeer: "/usr/libexec/heartbeat/drbd-peer-outdater" } }
        : {
            disk: { fencing: "resource-and-stonith" },
            handlers: { fencePeer: `${fencingPaths.drbdHandler} ${outdateFirst}` },
          };
  }
}
