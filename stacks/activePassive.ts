import { HeartbeatPair } from "../components/managers/heartbeat";
import { IpForwarding } from "../components/services/ipForwarding";
import { loadFailover } from "../config";
import { failoverParts, fencingOf } from "./failover";

const INTERFACES = { vlan: "eth1", private: "eth0", public6: "eth0" } as const;

/** Two nodes under Heartbeat: one serves, the other takes all of it over. */
export async function activePassive(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadFailover("active-passive", all, project);
  const { pair, nodes, groups, knownServices, ready, outputs } = failoverParts(config, {
    net: { maxBuffers: 2048, koCount: 4 },
    disk: { onIoError: "detach", alExtents: 257 },
    startup: { wfcTimeout: 0, degrWfcTimeout: 120 },
  });
  const forwarding = config.loadBalancing ? new IpForwarding("balancing", { nodes }).ready : [];
  const { kind } = config.pair.interconnect;
  const manager = new HeartbeatPair(
    "heartbeat",
    {
      nodes,
      groups,
      knownServices,
      fencing: fencingOf(config, pair),
      detection: config.detection,
      heartbeats: [{ via: "interconnect", interface: INTERFACES[kind] }],
      pingNodes: config.pingNodes,
    },
    { dependsOn: [...ready, ...forwarding] },
  );
  return { ...outputs, groups: manager.groups };
}
