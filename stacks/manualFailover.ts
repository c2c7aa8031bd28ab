import { ManualFailover } from "../components/managers/manual";
import { PackageDrift } from "../components/services/packageDrift";
import { loadFailover } from "../config";
import { failoverParts } from "./failover";
import { failoverPair } from "./failoverPair";

/** Two nodes whose services a person moves. */
export async function manualFailover(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadFailover("manual-failover", all, project);
  const { nodes, groups, knownServices, ready, outputs } = failoverParts(config, failoverPair(config), {
    startup: { wfcTimeout: 10, degrWfcTimeout: 10 },
  });
  const manager = new ManualFailover(
    "hand",
    { nodes, groups, knownServices, connectSeconds: config.connectSeconds },
    { dependsOn: [...ready] },
  );
  // After everything else has installed what it needs.
  const drift = new PackageDrift("packages", { nodes, after: manager.ready });
  return { ...outputs, groups: manager.groups, packageDrift: drift.differences };
}
