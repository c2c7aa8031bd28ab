import { z } from "zod";
import { assetPath, asset } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";
import { mountUnitName } from "../filesystem/render";
import type { StorageTimings } from "../timings";

/** One member of an OCFS2 cluster. */
export interface Ocfs2Node {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** o2cb speaks IPv4 only. */
  readonly address4: string;
}

/** A cluster file system on a replicated device, mounted on both nodes. */
export interface Ocfs2Params {
  /** Letters and digits, at most 16. */
  readonly cluster: string;
  /** At most 64 characters; the file system is known by it. */
  readonly label: string;
  readonly nodes: readonly [Ocfs2Node, Ocfs2Node];
  /** The node this is for. The first of {@link nodes} makes the file system where there is none. */
  readonly node: string;
  /** TCP port of both. Default 7777. */
  readonly port?: number;
  /** The DRBD resource below it and its minor number. */
  readonly resource: string;
  readonly minor: number;
  readonly mountpoint: AbsolutePath;
  /** Mount options beside `_netdev`, for example `["noatime", "acl"]`. */
  readonly mountOptions?: readonly string[];
  /** How many nodes may mount it at once. Default 2. */
  readonly slots?: number;
  readonly timings: StorageTimings["o2cb"];
  /** Owner and mode of the file system's own top folder, for example `www-data:www-data` and `0755`. Untouched if not given. */
  readonly rootOwner?: string;
  readonly rootMode?: string;
  /** Seconds that the second node waits for the file system. Default 300. */
  readonly waitSeconds?: number;
}

const ocfs2Result = baseResult.extend({
  /** `created` by this run, or `kept`. */
  filesystem: z.enum(["created", "kept"]),
  uuid: z.string(),
  label: z.string(),
  mountpoint: z.string(),
  mounted: z.boolean(),
  /** The unit to order services after: `RequiresMountsFor=` of the mount point does the same. */
  unit: z.string(),
});

/** What the `ocfs2` step answers. */
export type Ocfs2Result = z.infer<typeof ocfs2Result>;

/** OCFS2 on both nodes over a dual-primary DRBD device. */
export const ocfs2Role: HostRole<Ocfs2Params, Ocfs2Result> = {
  name: "ocfs2",
  packages: ["ocfs2-tools"],
  script: assetPath("ocfs2/role.sh"),
  libraries: ["blank", "drbd"],
  secrets: [],
  result: ocfs2Result,
  files: ocfs2Files,
  variables: (params) => ({
    RESOURCE: params.resource,
    MINOR: `${params.minor}`,
    CLUSTER: params.cluster,
    LABEL: params.label,
    SLOTS: `${params.slots ?? 2}`,
    FIRST: params.nodes[0].name,
    MOUNTPOINT: params.mountpoint,
    MOUNT_UNIT: mountUnitName(params.mountpoint),
    ROOT_OWNER: params.rootOwner ?? "",
    ROOT_MODE: params.rootMode ?? "",
    WAIT: `${params.waitSeconds ?? 300}`,
  }),
};

function ocfs2Files(params: Ocfs2Params): Record<AbsolutePath, HostFile> {
  check(params);
  const { timings } = params;
  const device = `/dev/drbd${params.minor}`;
  const options = ["_netdev", ...(params.mountOptions ?? ["noatime", "acl"])].join(",");
  return {
    "/etc/ocfs2/cluster.conf": { mode: "0644", content: renderCluster(params) },
    "/etc/default/o2cb": {
      mode: "0644",
      content: [
        "O2CB_ENABLED=true",
        "O2CB_STACK=o2cb",
        `O2CB_BOOTCLUSTER=${params.cluster}`,
        `O2CB_HEARTBEAT_THRESHOLD=${timings.heartbeatDeadThreshold}`,
        `O2CB_IDLE_TIMEOUT_MS=${timings.idleTimeoutMs}`,
        `O2CB_KEEPALIVE_DELAY_MS=${timings.keepaliveDelayMs}`,
        `O2CB_RECONNECT_DELAY_MS=${timings.reconnectDelayMs}`,
        "",
      ].join("\n"),
    },
    "/usr/local/lib/linode-ha/o2cb-unit": { mode: "0755", content: asset("ocfs2/unit.sh") },
    "/etc/systemd/system/linode-ha-o2cb.service": { mode: "0644", content: asset("ocfs2/linode-ha-o2cb.service") },
    [`/etc/systemd/system/${mountUnitName(params.mountpoint)}`]: {
      mode: "0644",
      content: [
        "[Unit]",
        `Description=OCFS2 ${params.label} on DRBD resource ${params.resource}`,
        `Requires=linode-ha-o2cb.service linode-ha-drbd@${params.resource}.service`,
        `After=linode-ha-o2cb.service linode-ha-drbd@${params.resource}.service network-online.target`,
        "",
        "[Mount]",
        `What=${device}`,
        `Where=${params.mountpoint}`,
        "Type=ocfs2",
        `Options=${options}`,
        "TimeoutSec=120",
        "",
        "[Install]",
        `WantedBy=linode-ha-storage@${params.resource}.target`,
        "",
      ].join("\n"),
    },
    [`/etc/linode-ha/health.d/60-ocfs2-${params.cluster}-${params.minor}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/lib/linode-ha/o2cb-unit health ${params.mountpoint}\n`,
    },
  };
}

function renderCluster(params: Ocfs2Params): string {
  return [
    "cluster:",
    `\theartbeat_mode = local`,
    `\tnode_count = ${params.nodes.length}`,
    `\tname = ${params.cluster}`,
    "",
    ...params.nodes.flatMap((node, number) => [
      "node:",
      `\tnumber = ${number}`,
      `\tcluster = ${params.cluster}`,
      `\tip_port = ${params.port ?? 7777}`,
      `\tip_address = ${node.address4}`,
      `\tname = ${node.name}`,
      "",
    ]),
  ].join("\n");
}

function check(params: Ocfs2Params): void {
  if (!/^[A-Za-z0-9]{1,16}$/.test(params.cluster)) {
    throw new Error(`OCFS2 cluster "${params.cluster}": letters and digits, at most 16, for example "web"`);
  }
  if (!/^[A-Za-z0-9._-]{1,60}$/.test(params.label)) {
    throw new Error(`OCFS2 label "${params.label}": letters, digits, dots and dashes, at most 60, for example "www"`);
  }
  for (const { name, address4 } of params.nodes) {
    if (!/^\d+(\.\d+){3}$/.test(address4))
      throw new Error(`OCFS2 node "${name}": "${address4}" is no IPv4 address; o2cb speaks nothing else`);
  }
  if (!params.nodes.some(({ name }) => name === params.node)) {
    throw new Error(
      `OCFS2 cluster "${params.cluster}": node "${params.node}" is not one of ${params.nodes.map(({ name }) => name).join(", ")}`,
    );
  }
}
