import { DrbdVolume, HaPair, Ocfs2Cluster } from "../components";
import { loadDualPrimary } from "../config";
import { fencingOf } from "./fencing";
import { webSite } from "./webSite";

/** Two web nodes that both write: replicated volumes, each with a cluster file system mounted on both; and the site on them, if one is wanted. */
export async function dualPrimary(
  all: Readonly<Record<string, string>>,
  project: string,
): Promise<Record<string, unknown>> {
  const config = await loadDualPrimary(all, project);
  const pair = new HaPair("web", config.pair);
  // No manager moves anything here: DRBD itself has a lost peer powered off.
  const fencing = fencingOf(config, pair);
  const shares = new Map<string, Ocfs2Cluster>();
  const storage = config.volumes.map(({ name, filesystem, ...settings }) => {
    const volume = new DrbdVolume(name, {
      nodes: pair.nodes,
      ...(fencing.kind === "linode" ? { fencing } : {}),
      ...settings,
    });
    const { mountpoint, mountOptions, owner, mode, slots } = filesystem;
    const site = new Ocfs2Cluster(name, { volume, mountpoint, mountOptions, owner, mode, slots, ...config.ocfs2 });
    shares.set(name, site);
    return [name, { device: volume.device, status: volume.status, mountpoint: site.mountpoint }] as const;
  });
  return {
    endpoints: pair.endpoints,
    sshPrivateKey: pair.sshPrivateKey,
    storage: Object.fromEntries(storage),
    ...webSite(config, pair, shares),
  };
}
