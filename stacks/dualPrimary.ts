import * as pulumi from "@pulumi/pulumi";
import { DrbdVolume, HaPair, LinodeFencing, Ocfs2Cluster } from "../components";
import type { VolumeFencing } from "../components/drbdVolume";
import { loadDualPrimary, type DualPrimaryConfig } from "../config";

/** Two web nodes that both write: replicated volumes, each with a cluster file system mounted on both. */
export async function dualPrimary(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadDualPrimary(all, project);
  const pair = new HaPair("web", config.pair);
  const fencing = fencingOf(config, pair);
  const sites = config.volumes.map(({ name, filesystem, ...settings }) => {
    const volume = new DrbdVolume(name, { nodes: pair.nodes, fencing, ...settings });
    const { mountpoint, mountOptions, owner, mode, slots } = filesystem;
    const site = new Ocfs2Cluster(name, { volume, mountpoint, mountOptions, owner, mode, slots, ...config.ocfs2 });
    return [name, { device: volume.device, status: volume.status, mountpoint: site.mountpoint }] as const;
  });
  return {
    endpoints: pair.endpoints,
    sshPrivateKey: pair.sshPrivateKey,
    storage: Object.fromEntries(sites),
  };
}

/** No manager moves anything here: DRBD itself has a lost peer powered off. */
function fencingOf(config: DualPrimaryConfig, pair: HaPair): VolumeFencing | undefined {
  const { fencing, fencingToken = "", detection } = config;
  if (fencing.kind === "none") return undefined;
  const { confirmSeconds, apiUrl, caCertificates } = fencing;
  return new LinodeFencing("fencing", {
    nodes: pair.nodes,
    token: pulumi.secret(fencingToken),
    confirmSeconds,
    apiUrl,
    caCertificates,
    detection,
  }).fencing;
}
