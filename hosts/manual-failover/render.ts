import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole } from "../contract";
import { linkFiles, linksUnit, type ManagedGroup, type ManagedMember, managedUnits, membersOf } from "../managerGroup";

/** One group on one host, moved by a person. The same values on both nodes. */
export interface ManualFailoverParams {
  readonly group: ManagedGroup;
  readonly nodes: readonly [string, string];
  /** The node this is for: one of {@link nodes}. */
  readonly node: string;
  /** The peer's addresses; if one of them answers, the peer is not off, whatever anybody says. */
  readonly peerAddresses: readonly string[];
  /** Seconds that a start waits for the peer to be connected. Default 10. */
  readonly connectSeconds?: number;
}

const manualResult = baseResult.extend({
  /** Whether everything of the group runs on this node. */
  active: z.boolean(),
});

/** What the `manual-failover` step answers. */
export type ManualFailoverResult = z.infer<typeof manualResult>;

/** `ha-group` and one group of it, on one host. */
export const manualFailoverRole: HostRole<ManualFailoverParams, ManualFailoverResult> = {
  name: "manual-failover",
  packages: ["bsd-mailx", "iproute2", "iputils-arping", "iputils-ping", "psmisc"],
  packagesFor: ({ group }) => [
    ...(membersOf(group, "mail").length > 0 ? ["bsd-mailx"] : []),
    "iproute2",
    "iputils-arping",
    "iputils-ping",
    "psmisc",
  ],
  script: assetPath("manual-failover/role.sh"),
  libraries: ["drbd"],
  secrets: [],
  result: manualResult,
  files: (params) => ({
    [`/etc/linode-ha/groups/${params.group.name}`]: { mode: "0644", content: renderGroup(params) },
    "/usr/local/sbin/ha-group": { mode: "0755", content: asset("manual-failover/ha-group.sh") },
    "/usr/local/lib/linode-ha/group-members.sh": { mode: "0644", content: asset("manual-failover/group-members.sh") },
    "/usr/local/lib/linode-ha/drbd.sh": { mode: "0644", content: asset("lib/drbd.sh") },
    "/etc/systemd/system/linode-ha-group@.service": {
      mode: "0644",
      content: asset("manual-failover/linode-ha-group@.service"),
    },
    "/usr/local/lib/linode-ha/peer-watch": { mode: "0755", content: asset("manual-failover/peer-watch.sh") },
    "/etc/systemd/system/linode-ha-peer-watch@.service": {
      mode: "0644",
      content: asset("manual-failover/linode-ha-peer-watch@.service"),
    },
    ...ordering(params.group),
    ...linkFiles([params.group]),
  }),
  variables: (params) => ({
    GROUP: params.group.name,
    PEER: peerOf(params),
    PREFERRED: params.group.preferred,
    RESOURCES: membersOf(params.group, "drbd")
      .map(({ resource, minor }) => `${resource}=${minor}`)
      .join(" "),
    MANAGED_UNITS: managedUnits([params.group]).join(" "),
  }),
};

function peerOf({ nodes, node }: ManualFailoverParams): string {
  const peer = nodes.find((name) => name !== node);
  if (peer === undefined || !nodes.includes(node)) {
    throw new Error(`node "${node}" is not one of ${nodes.join(", ")}`);
  }
  return peer;
}

/** At a shutdown the group is stopped before the resources below it are. */
function ordering(group: ManagedGroup): Record<AbsolutePath, HostFile> {
  const units = membersOf(group, "drbd").map(({ resource }) => `linode-ha-drbd@${resource}.service`);
  const path: AbsolutePath = `/etc/systemd/system/linode-ha-group@${group.name}.service.d/order.conf`;
  return units.length === 0
    ? {}
    : { [path]: { mode: "0644", content: `[Unit]\nWants=${units.join(" ")}\nAfter=${units.join(" ")}\n` } };
}

/** The group's file, read by `ha-group` a line at a time. */
export function renderGroup(params: ManualFailoverParams): string {
  const { group, node, peerAddresses, connectSeconds } = params;
  return [
    "# Written by linode-ha; edits are lost.",
    `node ${node}`,
    `peer ${peerOf(params)}`,
    `preferred ${group.preferred}`,
    `connect-wait ${connectSeconds ?? 10}`,
    ...(peerAddresses.length === 0 ? [] : [`peer-addresses ${peerAddresses.join(" ")}`]),
    ...group.runs.flatMap((member) => wordsOf(member, group).map((words) => `run ${checked(words).join(" ")}`)),
    "",
  ].join("\n");
}

function checked(words: readonly string[]): readonly string[] {
  const bad = words.find((word) => !/^[^\s"'\\]+$/.test(word));
  if (bad !== undefined) {
    throw new Error(`a group's file cannot hold ${JSON.stringify(bad)}: no blanks, quotes or backslashes`);
  }
  return words;
}

function wordsOf(member: ManagedMember, group: ManagedGroup): readonly (readonly string[])[] {
  switch (member.kind) {
    case "drbd":
      return [["drbd", member.resource, `${member.minor}`]];
    case "filesystem": {
      const options = member.options.length === 0 ? "defaults" : member.options.join(",");
      return [["filesystem", `/dev/drbd${member.minor}`, member.mountpoint, member.type, options]];
    }
    case "address": {
      const { address, method } = member;
      if (method.kind === "owned") {
        return [["unit", method.unit]];
      }
      return method.kind === "arp"
        ? [["address", address, `${member.prefixLength}`, member.interface]]
        : [
            ["address", address, address.includes(":") ? "128" : "32", "lo"],
            ["unit", method.unit],
          ];
    }
    case "service":
      return [["unit", member.unit]];
    case "links":
      return [["unit", linksUnit(group.name)]];
    case "mail":
      return [["mail", member.to]];
  }
}
