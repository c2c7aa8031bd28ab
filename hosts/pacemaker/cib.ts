import { linksUnit, type ManagedGroup, type ManagedMember, memberName, membersOf, unitWord } from "../managerGroup";
import type { ManagerTimings } from "../managerTimings";
import { fencingDevices, fencingLocations, type PacemakerFencing } from "./fencing";
import { type Operation, operations } from "./operations";
import { nameValueSet, renderXml, xml, type XmlElement } from "./xml";

/** What the cluster's configuration is made of. */
export interface CibParams {
  readonly nodes: readonly [string, string];
  readonly groups: readonly ManagedGroup[];
  readonly timings: ManagerTimings;
  /** Undefined: nobody fences, and two nodes that lose each other may both go on. */
  readonly fencing?: PacemakerFencing;
}

/** The program that mails what the cluster did; beside the groups' own mails. */
export const alertProgram = "/usr/local/lib/linode-ha/pacemaker-alert";

/**
 * What starting and stopping a member may take, in seconds: the agents' own advice, or more. A start that fails sends the group away, and a
 * stop that fails has the node fenced: a host that is only busy must not come to that.
 */
const OPERATION_SECONDS = {
  filesystem: { start: 60, stop: 120, monitor: 60 },
  address: { start: 60, stop: 60, monitor: 60 },
  unit: { start: 100, stop: 100, monitor: 60 },
  mail: { start: 60, stop: 60 },
} as const;

/**
 * The cluster's configuration: everything below `<configuration>` that is this project's, and nothing else.
 *
 * It is merged into the live one (`cib-merge`), which also holds what is not: the nodes, what an operator switched (maintenance
 * mode, a resource's target role, a ban), and the constraint by which DRBD's fencing handler keeps an outdated side from being promoted.
 */
export function renderCib(params: CibParams): string {
  const { groups } = params;
  return renderXml(
    xml("configuration", {}, [
      xml("crm_config", {}, nameValueSet("cluster_property_set", "linode-ha-options", properties(params))),
      xml("resources", {}, [
        ...fencingDevices(params),
        ...groups.flatMap((group) =>
          membersOf(group, "drbd").map(({ resource }) => drbdClone(resource, group, params)),
        ),
        ...groups.map((group, index) => groupElement(group, 2 ** (groups.length - 1 - index), params)),
      ]),
      xml("constraints", {}, [...fencingLocations(params), ...groups.flatMap((group) => constraintsOf(group, params))]),
      ...alerts(groups),
    ]),
  );
}

function properties({ fencing, timings }: CibParams): Record<string, string | number | undefined> {
  return {
    "stonith-enabled": fencing === undefined ? "false" : "true",
    "stonith-timeout": fencing === undefined ? undefined : `${timings.fencing.total}s`,
    "priority-fencing-delay": fencing?.survivor.kind === "active" ? `${timings.fencing.delay}s` : undefined,
    // A survivor of two keeps its quorum (corosync's two_node); what has none must not run anything.
    "no-quorum-policy": "stop",
    // A node that takes over is busy by nature: the cluster must not hold its operations back for that, one at a time.
    "load-threshold": "0%",
  };
}

/** Pacemaker wants two looks at one resource at different intervals, by which it tells them apart. */
function drbdClone(resource: string, group: ManagedGroup, { timings }: CibParams): XmlElement {
  const id = drbdId(resource);
  const { start, promote, demote, stop } = timings.drbd;
  return xml("clone", { id: cloneId(resource) }, [
    ...nameValueSet("meta_attributes", `${cloneId(resource)}-meta_attributes`, {
      promotable: true,
      "promoted-max": 1,
      "promoted-node-max": 1,
      "clone-max": 2,
      "clone-node-max": 1,
      notify: true,
      interleave: true,
      "failure-timeout": failureTimeout(group),
    }),
    xml("primitive", { id, class: "ocf", provider: "linbit", type: "drbd" }, [
      ...nameValueSet("instance_attributes", `${id}-instance_attributes`, { drbd_resource: resource }),
      operations(id, [
        { name: "start", timeout: start },
        { name: "promote", timeout: promote },
        { name: "demote", timeout: demote },
        { name: "stop", timeout: stop },
        { name: "notify", timeout: promote },
        { name: "monitor", interval: group.monitorSeconds, timeout: 60, role: "Promoted" },
        { name: "monitor", interval: group.monitorSeconds * 2, timeout: 60, role: "Unpromoted" },
      ]),
    ]),
  ]);
}

/** The id of a resource's primitive; the agent's promotion score is the attribute `master-ID`. */
export function drbdId(resource: string): string {
  return `drbd-${resource}`;
}

function cloneId(resource: string): string {
  return `${drbdId(resource)}-clone`;
}

/**
 * `priority` is on one member only: the cluster adds up those of all that run on a node, and powers of two never add up to a tie.
 */
function groupElement(group: ManagedGroup, priority: number, { fencing }: CibParams): XmlElement {
  const counted = fencing?.survivor.kind === "active" ? priority : undefined;
  const members = group.runs.flatMap((member) => primitives(group, member, fencing !== undefined));
  return xml("group", { id: group.name }, [
    ...nameValueSet("meta_attributes", `${group.name}-meta_attributes`, {
      "resource-stickiness": stickiness(group),
      "migration-threshold": group.migrationThreshold,
      "failure-timeout": failureTimeout(group),
    }),
    ...members.map((build, index) => build(index === 0 ? counted : undefined)),
  ]);
}

/** Without failback, staying must be worth more than any difference between the nodes; the cluster adds up the members'. */
function stickiness(group: ManagedGroup): number {
  return group.failback ? 0 : group.scores.preferred - group.scores.other + 1;
}

function failureTimeout({ failureTimeoutSeconds }: ManagedGroup): string {
  return `${failureTimeoutSeconds}s`;
}

interface Agent {
  readonly class: "ocf" | "systemd";
  readonly provider?: string;
  readonly type: string;
}

/** A member's primitives, each still to be told its priority. */
function primitives(
  group: ManagedGroup,
  member: ManagedMember,
  fenced: boolean,
): readonly ((priority: number | undefined) => XmlElement)[] {
  const id = `${group.name}-${memberName(member)}`;
  const build =
    (
      own: string,
      agent: Agent,
      values: Readonly<Record<string, string | number | undefined>>,
      ops: readonly Operation[],
    ) =>
    (priority: number | undefined): XmlElement =>
      xml("primitive", { id: own, ...agent }, [
        ...nameValueSet("meta_attributes", `${own}-meta_attributes`, { priority }),
        ...nameValueSet("instance_attributes", `${own}-instance_attributes`, values),
        operations(own, ops),
      ]);
  const timed = (kind: "filesystem" | "address" | "unit"): readonly Operation[] => {
    const { start, stop, monitor } = OPERATION_SECONDS[kind];
    return [
      { name: "start", timeout: start },
      { name: "stop", timeout: stop },
      { name: "monitor", interval: group.monitorSeconds, timeout: monitor },
    ];
  };
  const unit = (own: string, name: string) =>
    build(own, { class: "systemd", type: name.replace(/\.service$/, "") }, {}, timed("unit"));
  switch (member.kind) {
    case "drbd":
      return [];
    case "filesystem":
      return [
        build(
          id,
          { class: "ocf", provider: "heartbeat", type: "Filesystem" },
          {
            device: `/dev/drbd${member.minor}`,
            directory: member.mountpoint,
            fstype: member.type,
            options: member.options.join(","),
            // JFS does not replay its journal when it is mounted: its fsck does, and without it a crashed side cannot be mounted.
            run_fsck: member.type === "jfs" ? "force" : undefined,
          },
          timed("filesystem"),
        ),
      ];
    case "address": {
      const { method } = member;
      if (method.kind === "owned") {
        return [unit(id, method.unit)];
      }
      const onLo = method.kind === "bgp";
      const address = build(
        id,
        { class: "ocf", provider: "heartbeat", type: "IPaddr2" },
        {
          ip: member.address,
          cidr_netmask: onLo ? hostPrefix(member.address) : member.prefixLength,
          nic: onLo ? "lo" : member.interface,
          // The kernel's look for a duplicate takes seconds. Where the peer is fenced first, there is none to be found.
          nodad: member.address.includes(":") && fenced ? "true" : undefined,
        },
        timed("address"),
      );
      return onLo ? [address, unit(`${id}-announce`, method.unit)] : [address];
    }
    case "service":
      return [unit(id, member.unit)];
    case "links":
      return [unit(id, linksUnit(group.name))];
    case "mail": {
      const { start, stop } = OPERATION_SECONDS.mail;
      // That a mail could not be sent must not stop, or move, what it tells about.
      return [
        build(
          id,
          { class: "ocf", provider: "heartbeat", type: "MailTo" },
          { email: member.to, subject: `(${group.name})` },
          [
            { name: "start", timeout: start, onFail: "ignore" },
            { name: "stop", timeout: stop, onFail: "ignore" },
          ],
        ),
      ];
    }
  }
}

function hostPrefix(address: string): number {
  return address.includes(":") ? 128 : 32;
}

function constraintsOf(group: ManagedGroup, { nodes }: CibParams): readonly XmlElement[] {
  const { name, preferred, scores } = group;
  return [
    ...nodes.map((node) =>
      xml("rsc_location", {
        id: `${name}-on-${node}`,
        rsc: name,
        node,
        score: node === preferred ? scores.preferred : scores.other,
      }),
    ),
    ...membersOf(group, "drbd").flatMap(({ resource }) => [
      xml("rsc_colocation", {
        id: `${name}-with-drbd-${resource}`,
        rsc: name,
        "with-rsc": cloneId(resource),
        "with-rsc-role": "Promoted",
        score: "INFINITY",
      }),
      xml("rsc_order", {
        id: `${name}-after-drbd-${resource}`,
        first: cloneId(resource),
        "first-action": "promote",
        then: name,
        "then-action": "start",
        kind: "Mandatory",
      }),
    ]),
  ];
}

/** Mail of what no group's own mail can tell: that a node was fenced, or could not be. */
function alerts(groups: readonly ManagedGroup[]): readonly XmlElement[] {
  const recipients = [...new Set(groups.flatMap((group) => membersOf(group, "mail").map(({ to }) => to)))].sort();
  if (recipients.length === 0) {
    return [];
  }
  return [
    xml("alerts", {}, [
      xml("alert", { id: "linode-ha-mail", path: alertProgram }, [
        xml("select", {}, [xml("select_fencing", {})]),
        ...recipients.map((to) => xml("recipient", { id: `linode-ha-mail-${unitWord(to)}`, value: to })),
      ]),
    ]),
  ];
}
