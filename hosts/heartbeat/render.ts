import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../contract";
import { linkFiles, type ManagedGroup, managedUnits, membersOf } from "../managerGroup";
import { dopdProgram, type HeartbeatConfig, renderHaCf, renderHaResources } from "./files";

/** What a Heartbeat v1 pair is made of. The same on both nodes. */
export interface HeartbeatParams extends Omit<HeartbeatConfig, "failback"> {
  /** The node this is for: the name of one of {@link HeartbeatConfig.nodes}. */
  readonly node: string;
  readonly groups: readonly ManagedGroup[];
  /** Whether this node's step runs last, and waits until every group runs somewhere. */
  readonly last: boolean;
}

/** The key by which heartbeats are authenticated: one line of letters and digits. */
export const heartbeatKey = "heartbeat-authkey";

const heartbeatResult = baseResult.extend({
  /** What this node holds: `none`, `local`, `foreign`, `all` or `transition`, in Heartbeat's own words. */
  holds: z.string(),
  /** Whether heartbeats of the peer arrive. */
  peerActive: z.boolean(),
  /** The node that runs each group that has a DRBD resource; empty where none does. */
  groups: z.record(z.string(), z.string()),
});

/** What the `heartbeat` step answers. */
export type HeartbeatResult = z.infer<typeof heartbeatResult>;

/** Heartbeat v1 on one host: it watches nodes, not services, and moves all groups of a dead one. */
export const heartbeatRole: HostRole<HeartbeatParams, HeartbeatResult> = {
  name: "heartbeat",
  packages: ["bsd-mailx", "cluster-glue", "heartbeat", "iputils-ping", "psmisc", "resource-agents"],
  packagesFor: ({ groups }) => [
    ...(groups.some((group) => membersOf(group, "mail").length > 0) ? ["bsd-mailx"] : []),
    "cluster-glue",
    "heartbeat",
    "iputils-ping",
    "psmisc",
    "resource-agents",
  ],
  script: assetPath("heartbeat/role.sh"),
  libraries: ["drbd"],
  secrets: [heartbeatKey],
  result: heartbeatResult,
  files: heartbeatFiles,
  variables: (params) => {
    const peer = params.nodes.find(({ name }) => name !== params.node);
    if (peer === undefined || !params.nodes.some(({ name }) => name === params.node)) {
      throw new Error(`node "${params.node}" is not one of ${params.nodes.map(({ name }) => name).join(", ")}`);
    }
    return {
      PEER: peer.name,
      LAST: params.last ? "yes" : "no",
      FENCING: params.plugs === undefined ? "no" : "yes",
      RESOURCES: params.groups
        .flatMap((group) => membersOf(group, "drbd").map(({ resource, minor }) => `${group.name}=${resource}=${minor}`))
        .join(" "),
      GROUPS_WANTED: params.groups.map(({ name }) => name).join(" "),
      MANAGED_UNITS: managedUnits(params.groups).join(" "),
      SETTLE: `${Math.ceil(params.timings.initdead) + 180}`,
    };
  },
};

function heartbeatFiles(params: HeartbeatParams): Record<AbsolutePath, HostFile> {
  const { groups } = params;
  const failback = groups.some((group) => group.failback);
  if (failback && groups.some((group) => !group.failback)) {
    throw new Error("heartbeat: auto_failback holds for all groups; give every group the same failback");
  }
  return {
    "/etc/ha.d/authkeys": {
      mode: "0600",
      content: `auth 1\n1 sha1 ${secretPlaceholder(heartbeatKey)}\n`,
      secret: heartbeatKey,
    },
    "/etc/ha.d/ha.cf": { mode: "0644", content: renderHaCf({ ...params, failback }) },
    "/etc/ha.d/haresources": { mode: "0644", content: renderHaResources(groups) },
    "/etc/ha.d/resource.d/linode-ha-address": { mode: "0755", content: asset("heartbeat/address.sh") },
    "/etc/ha.d/resource.d/linode-ha-mount": { mode: "0755", content: asset("heartbeat/mount.sh") },
    "/etc/ha.d/resource.d/linode-ha-unit": { mode: "0755", content: asset("heartbeat/unit.sh") },
    "/etc/linode-ha/health.d/60-heartbeat": {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/lib/linode-ha/heartbeat-health ${params.nodes.map(({ name }) => name).join(" ")}\n`,
    },
    ...(params.outdatePeer
      ? {
          [dopdProgram]: { mode: "0755", content: asset("heartbeat/dopd.sh") },
          "/usr/local/lib/linode-ha/outdate/drbdadm": { mode: "0755", content: asset("heartbeat/outdate.sh") },
        }
      : {}),
    "/usr/local/lib/linode-ha/heartbeat-groups": { mode: "0755", content: asset("heartbeat/groups.sh") },
    "/usr/local/lib/linode-ha/heartbeat-silence": { mode: "0755", content: asset("heartbeat/silence.sh") },
    "/etc/systemd/system/heartbeat.service.d/silence.conf": { mode: "0644", content: silenceUnit(params.timings) },
    "/etc/systemd/system/linode-ha-drbd@.service.d/silence.conf": {
      mode: "0644",
      content: `[Service]\nExecStartPre=${silenceCommand(params.timings)}\n`,
    },
    "/usr/local/lib/linode-ha/heartbeat-health": { mode: "0755", content: asset("heartbeat/health.sh") },
    ...linkFiles(groups),
  };
}

/** The seconds that a node which boots is silent: long enough that its peer must have called it dead, had it crashed. */
function silenceOf({ deadtime, keepalive }: HeartbeatParams["timings"]): number {
  // Its peer looks each quarter of a second; on a busy host later. Two heartbeats of room cost a crash nothing: the peer serves meanwhile.
  return Math.ceil(deadtime + 2 * keepalive);
}

function silenceCommand(timings: HeartbeatParams["timings"]): string {
  return `/usr/local/lib/linode-ha/heartbeat-silence ${silenceOf(timings)}`;
}

/** What Heartbeat's unit does before it starts; replication's does the same. */
function silenceUnit(timings: HeartbeatParams["timings"]): string {
  return `[Service]\nExecStartPre=${silenceCommand(timings)}\nTimeoutStartSec=${silenceOf(timings) + 60}\n`;
}
