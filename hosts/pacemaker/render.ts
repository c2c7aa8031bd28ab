import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../contract";
import { linkFiles, type ManagedGroup, managedUnits, memberName, membersOf } from "../managerGroup";
import type { ManagerTimings } from "../managerTimings";
import { alertProgram, drbdId, renderCib } from "./cib";
import { type CorosyncNode, corosyncFixed, type CorosyncQuorum, renderCorosync } from "./corosync";
import type { PacemakerFencing } from "./fencing";
import { scoresFiles, scoresTimer } from "./scores";

/** What a cluster of two nodes is made of. The same on both, so that the two halves cannot differ. */
export interface PacemakerParams {
  /** The cluster's name; fixed once it runs. */
  readonly cluster: string;
  /** The first has the node id 1; their order is fixed once the cluster runs. */
  readonly nodes: readonly [CorosyncNode, CorosyncNode];
  /** The node this is for: the name of one of {@link nodes}. */
  readonly node: string;
  readonly quorum: CorosyncQuorum;
  readonly groups: readonly ManagedGroup[];
  readonly timings: ManagerTimings;
  readonly fencing?: PacemakerFencing;
  /** Seconds to wait for the peer to join, and again for what must start or move. Default 300. */
  readonly settleSeconds?: number;
}

/** The key that every packet of the membership is encrypted and authenticated with: 128 to 4095 characters of one line. */
export const corosyncKey = "corosync-authkey";

const pacemakerResult = baseResult.extend({
  /** The node that runs each group; empty where none does. */
  groups: z.record(z.string(), z.string()),
  /** Whether the peer is a member now. */
  peerOnline: z.boolean(),
  /** Whether an operator has switched maintenance mode on: then nothing is started, moved or stopped. */
  maintenance: z.boolean(),
});

/** What the `pacemaker` step answers. */
export type PacemakerResult = z.infer<typeof pacemakerResult>;

/** The paths of what this role puts on a host for itself. */
const FOLDER = "/etc/linode-ha/pacemaker";

/** Membership and manager on one host, and this project's part of the cluster's configuration. */
export const pacemakerRole: HostRole<PacemakerParams, PacemakerResult> = {
  name: "pacemaker",
  packages: [
    "bsd-mailx",
    "corosync",
    "corosync-qdevice",
    "pacemaker",
    "pacemaker-cli-utils",
    "python3",
    "resource-agents",
  ],
  packagesFor: ({ groups, quorum }) => [
    ...(groups.some((group) => membersOf(group, "mail").length > 0) ? ["bsd-mailx"] : []),
    "corosync",
    ...(quorum.kind === "qnetd" ? ["corosync-qdevice"] : []),
    "pacemaker",
    "pacemaker-cli-utils",
    "python3",
    "resource-agents",
  ],
  script: assetPath("pacemaker/role.sh"),
  libraries: ["drbd"],
  secrets: [corosyncKey],
  result: pacemakerResult,
  files: pacemakerFiles,
  variables: (params) => ({
    PEER: peerOf(params),
    FIXED: corosyncFixed({ ...params, timings: params.timings.corosync }),
    QDEVICE: params.quorum.kind === "qnetd" ? "yes" : "no",
    FENCING: params.fencing === undefined ? "no" : "yes",
    GROUPS_AND_LAST: params.groups.map((group) => `${group.name}=${lastOf(group)}`).join(" "),
    RESOURCES: params.groups
      .flatMap((group) => membersOf(group, "drbd").map(({ resource, minor }) => `${resource}=${minor}`))
      .join(" "),
    MANAGED_UNITS: managedUnits(params.groups).join(" "),
    SCORES_TIMER: drbdIds(params.groups).length > 0 ? scoresTimer : "",
    SETTLE: `${params.settleSeconds ?? 300}`,
  }),
};

/** The ids of the cluster's DRBD primitives. */
function drbdIds(groups: readonly ManagedGroup[]): string[] {
  return groups.flatMap((group) => membersOf(group, "drbd").map(({ resource }) => drbdId(resource)));
}

function peerOf({ nodes, node }: PacemakerParams): string {
  const peer = nodes.find(({ name }) => name !== node);
  if (peer === undefined || !nodes.some(({ name }) => name === node)) {
    throw new Error(`node "${node}" is not one of ${nodes.map(({ name }) => name).join(", ")}`);
  }
  return peer.name;
}

/** The last resource of a group that serves: members start in order, so where it runs, the group runs. A mail that fails stops nothing. */
function lastOf(group: ManagedGroup): string {
  const own = group.runs.filter(({ kind }) => kind !== "drbd");
  const last = own.filter(({ kind }) => kind !== "mail").at(-1) ?? own.at(-1);
  if (last === undefined) {
    throw new Error(`group "${group.name}" has nothing but DRBD resources`);
  }
  const announced = last.kind === "address" && last.method.kind === "bgp";
  return `${group.name}-${memberName(last)}${announced ? "-announce" : ""}`;
}

function pacemakerFiles(params: PacemakerParams): Record<AbsolutePath, HostFile> {
  const { groups, nodes, timings, fencing } = params;
  const mails = groups.some((group) => membersOf(group, "mail").length > 0);
  return {
    "/etc/corosync/corosync.conf": {
      mode: "0644",
      content: renderCorosync({ ...params, timings: timings.corosync }),
    },
    "/etc/corosync/authkey": { mode: "0400", content: `${secretPlaceholder(corosyncKey)}\n`, secret: corosyncKey },
    [`${FOLDER}/cib.xml`]: {
      mode: "0644",
      content: renderCib({ nodes: [nodes[0].name, nodes[1].name], groups, timings, fencing }),
    },
    "/usr/local/lib/linode-ha/cib-merge": { mode: "0755", content: asset("pacemaker/cib-merge") },
    "/usr/local/lib/linode-ha/pacemaker-health": { mode: "0755", content: asset("pacemaker/health.sh") },
    "/etc/linode-ha/health.d/60-pacemaker": {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/lib/linode-ha/pacemaker-health ${fencing === undefined ? "unfenced" : "fenced"} ${nodes
        .map(({ name }) => name)
        .join(" ")}\n`,
    },
    ...(mails ? { [alertProgram]: { mode: "0755", content: asset("pacemaker/alert.sh") } } : {}),
    ...scoresFiles(drbdIds(groups)),
    ...linkFiles(groups),
  };
}
