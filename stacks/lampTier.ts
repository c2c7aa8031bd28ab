import * as pulumi from "@pulumi/pulumi";
import { HaPair, type HaPairArgs, type ManagerFencing, PacemakerCluster, type ServiceGroup } from "../components";
import type { VolumeFencing } from "../components/drbdVolume";
import type { LampTiersConfig, TierConfig } from "../config";
import { fencingOf } from "./fencing";

/** Seconds until DRBD notices a dead peer: its writes wait for as long. */
const DRBD_SECONDS = 3;
/** The VLAN is the hosts' second interface. */
export const VLAN_INTERFACE = "eth1";

/** A kind of hosts, on the one VLAN that all of them share. */
export function onVlan({
  interconnect,
  ...tier
}: TierConfig): Omit<HaPairArgs, "nodes"> & { nodes: readonly string[] } {
  return { ...tier, interconnect: { ...interconnect, label: `${pulumi.getStack()}-lamp` } };
}

/** Two nodes, and what powers a lost one of them off. */
export interface Tier {
  readonly name: string;
  readonly pair: HaPair;
  readonly fencing: ManagerFencing;
  readonly preferred: string;
}

/** Makes a pair of the system. */
export function makeTier(
  name: string,
  settings: TierConfig,
  config: LampTiersConfig,
  sshFrom: readonly pulumi.Input<string>[] = [],
): Tier {
  const { nodes, ...rest } = onVlan(settings);
  const [first = "", second = ""] = nodes;
  const pair = new HaPair(name, { ...rest, access: { ...rest.access, sshFrom }, nodes: [first, second] });
  const fencing = fencingOf(config, pair, { preferred: first }, `${name}-fencing`);
  return { name, pair, fencing, preferred: first };
}

/** How a volume that a manager moves is watched over. */
export function volumeOf(config: LampTiersConfig): {
  readonly fencing?: VolumeFencing;
  readonly detection: { readonly seconds: number };
} {
  const { fencing, detection } = config;
  return {
    ...(fencing.kind === "linode"
      ? { fencing: { kind: "pacemaker", confirmSeconds: fencing.confirmSeconds } as const }
      : {}),
    detection: { seconds: Math.min(DRBD_SECONDS, detection.seconds) },
  };
}

/** The pair's manager. */
export function manage(
  { name, pair, fencing }: Tier,
  groups: readonly ServiceGroup[],
  knownServices: readonly string[],
  config: LampTiersConfig,
  after: readonly pulumi.Resource[] = [],
): PacemakerCluster {
  return new PacemakerCluster(
    `${name}-cluster`,
    { nodes: pair.nodes, groups, knownServices, fencing, detection: config.detection },
    { dependsOn: [...after] },
  );
}
