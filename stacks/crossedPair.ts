import { PacemakerCluster } from "../components/managers/pacemaker";
import { loadFailover } from "../config";
import { failoverParts, fencingOf } from "./failover";

/** Two nodes that each prefer one group, a database here and a web site there, and can each carry both. */
export async function crossedPair(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadFailover("crossed-pair", all, project);
  // The source's start-up waits; the peers' authentication and what an I/O error does are the volume's own defaults.
  const { pair, nodes, groups, knownServices, ready, outputs } = failoverParts(config, {
    startup: { wfcTimeout: 15, degrWfcTimeout: 60 },
  });
  const cluster = new PacemakerCluster(
    "cluster",
    { nodes, groups, knownServices, fencing: fencingOf(config, pair), detection: config.detection },
    { dependsOn: [...ready] },
  );
  return { ...outputs, groups: cluster.groups };
}
