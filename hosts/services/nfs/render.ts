import * as net from "node:net";
import { asset } from "../../assets";
import type { AbsolutePath, HostFile } from "../../contract";
import { serviceRole, type ServiceVolume } from "../common/render";

/** A folder of a replicated volume, given to other hosts by NFSv4. */
export interface NfsParams {
  readonly volume: ServiceVolume;
  /** Hosts and networks that may mount it. */
  readonly clients: readonly string[];
  /** What both nodes call themselves towards clients: who has locks from the one may have them back from the other. */
  readonly scope: string;
  /** Seconds for which a silent client keeps its locks, and for which clients may have theirs back after a failover. */
  readonly leaseSeconds: number;
  /** Threads of the kernel's server. */
  readonly threads: number;
  /** `kept`: root on a client is root here, too. */
  readonly root: "kept" | "squashed";
}

/** What clients see as `/`. */
export function nfsFolder({ mountpoint }: Pick<ServiceVolume, "mountpoint">): AbsolutePath {
  return `${mountpoint}/export`;
}

/** Where the server notes its clients, so that the other node knows who may have locks back. */
export function nfsState({ mountpoint }: Pick<ServiceVolume, "mountpoint">): AbsolutePath {
  return `${mountpoint}/.nfs-clients`;
}

/** The server's settings. Version 4.1 and 4.2 alone: they need one port, and say when all locks are back. */
export function renderNfs(params: NfsParams): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(params.scope)) throw new Error(`scope "${params.scope}": not a name`);
  return [
    "# Managed: written anew by each deployment.",
    "[nfsd]",
    `threads = ${params.threads}`,
    "udp = n",
    "tcp = y",
    "vers3 = n",
    "vers4 = y",
    "vers4.0 = n",
    "vers4.1 = y",
    "vers4.2 = y",
    `lease-time = ${params.leaseSeconds}`,
    `grace-time = ${params.leaseSeconds}`,
    "",
    "[nfsdcld]",
    `storagedir = ${nfsState(params.volume)}`,
    "",
  ].join("\n");
}

/**
 * What is given to whom. The folder is the root of all that clients see, with a number of its own: were the nodes' own folders above it seen, or
 * the number the device's, a client would hold handles that the other node does not know.
 */
export function renderExports(params: NfsParams): string {
  const root = params.root === "kept" ? "no_root_squash" : "root_squash";
  const options = `rw,sync,fsid=0,no_subtree_check,sec=sys,${root}`;
  const clients = [...new Set(params.clients)].sort().map((client) => {
    const [address = ""] = client.split("/");
    if (net.isIP(address) === 0) throw new Error(`client "${client}": neither an address nor a network`);
    return `${client}(${options})`;
  });
  if (clients.length === 0) throw new Error("nfs: nobody may mount it");
  return [
    "# Managed: written anew by each deployment.",
    [nfsFolder(params.volume), ...clients].join(" \\\n  "),
    "",
  ].join("\n");
}

/** What the package's units must not do on their own: at a boot, or on the node that does not have the volume. */
const onlyWhereServed = "[Unit]\nConditionPathExists=/run/linode-ha/nfs\n";

function dropIns(params: NfsParams): Record<AbsolutePath, HostFile> {
  const text = (content: string): HostFile => ({ mode: "0644", content });
  return {
    "/etc/systemd/system/nfs-server.service.d/linode-ha.conf": text(
      [
        onlyWhereServed,
        "[Service]",
        "# The kernel tells clients the name that this host has at that moment.",
        "ExecStart=",
        `ExecStart=/usr/bin/unshare --uts /bin/sh -c 'hostname "$$1" && exec /usr/sbin/rpc.nfsd' sh ${params.scope}`,
        "",
      ].join("\n"),
    ),
    "/etc/systemd/system/nfsdcld.service.d/linode-ha.conf": text(onlyWhereServed),
  };
}

/** The kernel's NFS server, its export and its memory on a replicated volume. */
export const nfsRole = serviceRole<NfsParams>({
  name: "nfs",
  unit: "linode-ha-nfs.service",
  packages: ["nfs-kernel-server"],
  onChange: "reload",
  files: (params) => ({
    "/etc/nfs.conf.d/linode-ha.conf": { mode: "0644", content: renderNfs(params) },
    "/etc/exports.d/linode-ha.exports": { mode: "0644", content: renderExports(params) },
    "/etc/systemd/system/linode-ha-nfs.service": {
      mode: "0644",
      content: asset("services/nfs/linode-ha-nfs.service"),
    },
    ...dropIns(params),
  }),
  settings: ({ volume }) => ({ EXPORT: nfsFolder(volume), STATE: nfsState(volume) }),
  dataPaths: ({ volume }) => [nfsFolder(volume), nfsState(volume)],
});
