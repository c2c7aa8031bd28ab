import { HeartbeatPair } from "../components/managers/heartbeat";
import { IpForwarding } from "../components/services/ipForwarding";
import { loadFailover } from "../config";
import { failoverParts, preferredOf } from "./failover";
import { failoverPair } from "./failoverPair";
import { fencingOf } from "./fencing";

const INTERFACES = { vlan: "eth1", private: "eth0", public6: "eth0" } as const;
const HEARTBEAT_PORT = 694;
/**
 * DRBD notices a dead peer long before Heartbeat's 30 s: its writes wait for as long, and the side that writes has to shoot first when the
 * two lose each other.
 */
const DRBD_SECONDS = 3;
/** Two Heartbeats that lose each other notice it within one heartbeat, which is 2 s at most. */
const FENCING_DELAY_SECONDS = 3;

/** Two nodes under Heartbeat: one serves, the other takes all of it over. */
export async function activePassive(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadFailover("active-passive", all, project);
  const { kind } = config.pair.interconnect;
  // Heartbeats need a second network: without one nobody can tell a dead peer from a broken replication link, and `dopd` reaches nobody.
  const second = kind !== "private";
  const base = failoverPair(config, second ? { peerUdpPorts: [HEARTBEAT_PORT] } : {});
  const fencing = fencingOf(config, base.pair, { preferred: preferredOf(config), delaySeconds: FENCING_DELAY_SECONDS });
  const { nodes, groups, knownServices, ready, outputs } = failoverParts(
    config,
    base,
    {
      net: { maxBuffers: 2048, koCount: 4 },
      disk: { onIoError: "detach", alExtents: 257 },
      startup: { wfcTimeout: 0, degrWfcTimeout: 120 },
    },
    {
      fencing: { kind: "heartbeat", ...(fencing.kind === "linode" ? { off: fencing } : {}) },
      detectionSeconds: Math.min(DRBD_SECONDS, config.detection.seconds),
    },
  );
  const forwarding = config.loadBalancing ? new IpForwarding("balancing", { nodes }).ready : [];
  const manager = new HeartbeatPair(
    "heartbeat",
    {
      nodes,
      groups,
      knownServices,
      fencing,
      detection: config.detection,
      heartbeats: [
        { via: "interconnect", interface: INTERFACES[kind] },
        ...(second ? [{ via: "private4", interface: "eth0" } as const] : []),
      ],
      port: HEARTBEAT_PORT,
      pingNodes: config.pingNodes,
      outdatePeer: true,
    },
    { dependsOn: [...ready, ...forwarding] },
  );
  return { ...outputs, groups: manager.groups };
}
