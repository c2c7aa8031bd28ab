import { PacemakerCluster } from "../components/managers/pacemaker";
import { loadFailover } from "../config";
import { failoverParts, preferredOf } from "./failover";
import { failoverPair } from "./failoverPair";
import { fencingOf } from "./fencing";

/** Seconds until DRBD notices a dead peer. */
const DRBD_SECONDS = 3;

/** Two nodes that each prefer one group, a database here and a web site there, and can each carry both. */
export async function crossedPair(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadFailover("crossed-pair", all, project);
  // The source's start-up waits; the peers' authentication and what an I/O error does are the volume's own defaults.
  const { fencing, detection } = config;
  const { pair, nodes, groups, knownServices, ready, outputs } = failoverParts(
    config,
    failoverPair(config),
    { startup: { wfcTimeout: 15, degrWfcTimeout: 60 } },
    {
      // A side that has lost its peer writes on only when the cluster has been told to promote nobody else.
      ...(fencing.kind === "linode"
        ? { fencing: { kind: "pacemaker", confirmSeconds: fencing.confirmSeconds } as const }
        : {}),
      // Writes wait until DRBD has noticed that its peer is gone: it must not take as long as the membership does.
      detectionSeconds: Math.min(DRBD_SECONDS, detection.seconds),
    },
  );
  const cluster = new PacemakerCluster(
    "cluster",
    { nodes, groups, knownServices, fencing: fencingOf(config, pair, { preferred: preferredOf(config) }), detection },
    { dependsOn: [...ready] },
  );
  return { ...outputs, groups: cluster.groups };
}
