import * as net from "node:net";
import type { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostRole } from "../contract";
import { mountUnitName } from "../filesystem/render";

/** What a host mounts from a server that moves. */
export interface NfsMountParams {
  /** The address that moves with the server. */
  readonly server: string;
  /** What the server calls it. */
  readonly path: AbsolutePath;
  readonly mountpoint: AbsolutePath;
  /** Seconds after which a silent connection is given up and made anew. */
  readonly answerSeconds: number;
  /** Seconds that the step waits for the server. */
  readonly waitSeconds: number;
}

/** A mount that waits through a failover, however long that takes. */
export const nfsMountRole: HostRole<NfsMountParams, z.infer<typeof baseResult>> = {
  name: "nfs-mount",
  packages: ["nfs-common"],
  script: assetPath("nfs-mount/role.sh"),
  secrets: [],
  result: baseResult,
  files: (params) => ({
    [`/etc/systemd/system/${mountUnitName(params.mountpoint)}`]: { mode: "0644", content: renderMount(params) },
    "/usr/local/lib/linode-ha/nfs-mount-health": { mode: "0755", content: asset("nfs-mount/health.sh") },
    [`/etc/linode-ha/health.d/60-nfs-${mountUnitName(params.mountpoint)
      .replace(/\.mount$/, "")
      .replace(/[^A-Za-z0-9-]/g, "")}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/lib/linode-ha/nfs-mount-health ${params.mountpoint}\n`,
    },
  }),
  variables: ({ server, mountpoint, waitSeconds }) => ({
    SERVER: server,
    MOUNTPOINT: mountpoint,
    MOUNT_UNIT: mountUnitName(mountpoint),
    WAIT_SECONDS: `${waitSeconds}`,
  }),
};

/** The mount unit. `hard`: a program waits for its file, and is never told an error that a failover caused. */
export function renderMount({ server, path, mountpoint, answerSeconds }: NfsMountParams): string {
  if (net.isIP(server) === 0) throw new Error(`server "${server}": not an address`);
  const options = [
    "vers=4.2",
    "proto=tcp",
    "hard",
    // The unit is in tenths of a second; with two repetitions the connection is made anew after three times as long.
    `timeo=${Math.max(10, Math.round((answerSeconds * 10) / 3))}`,
    "retrans=2",
    "noatime",
    "_netdev",
    // At a boot before the server's: tried again for as long as that takes. Nothing but the mount's own users waits.
    "retry=100000",
  ];
  return [
    "[Unit]",
    `Description=NFS of ${server} on ${mountpoint}`,
    "After=network-online.target",
    "Wants=network-online.target",
    "",
    "[Mount]",
    `What=${server.includes(":") ? `[${server}]` : server}:${path}`,
    `Where=${mountpoint}`,
    "Type=nfs4",
    `Options=${options.join(",")}`,
    "TimeoutSec=infinity",
    "# A host must be able to shut down although the server is away.",
    "LazyUnmount=yes",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
