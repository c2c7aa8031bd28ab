import { expandAddress, linksUnit, type ManagedGroup, type ManagedMember } from "../managerGroup";
import type { HeartbeatTimings } from "../managerTimings";

/** A way for heartbeats to a node. */
export interface HeartbeatLink {
  /** The interface that its peer sends through. */
  readonly interface: string;
  readonly address: string;
}

/** A node as Heartbeat knows it. */
export interface HeartbeatNode {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** At least one. */
  readonly links: readonly HeartbeatLink[];
}

/** What `ha.cf` is made of. The same on both nodes: what a node would send to itself, Heartbeat leaves out. */
export interface HeartbeatConfig {
  readonly nodes: readonly [HeartbeatNode, HeartbeatNode];
  readonly timings: HeartbeatTimings;
  /** UDP port. */
  readonly port: number;
  readonly failback: boolean;
  /** Addresses that answer pings while a node's network works, for example the gateway; the node that reaches fewer gives up. */
  readonly pingNodes: readonly string[];
  /** The Linodes' ids by node name, for the STONITH plugin; undefined: nobody fences. */
  readonly plugs?: Readonly<Record<string, string>>;
  /** Whether DRBD may ask the peer, through Heartbeat, to mark its side outdated. */
  readonly outdatePeer: boolean;
}

const LIBEXEC = "/usr/libexec/heartbeat";

/** Heartbeat's `dopd`, with a `drbdadm outdate` that succeeds only when the side is Outdated. */
export const dopdProgram = "/usr/local/lib/linode-ha/dopd";

/** `ha.cf`. The order matters: a port counts only for the media after it. */
export function renderHaCf(config: HeartbeatConfig): string {
  const { nodes, timings, port, failback, pingNodes, plugs, outdatePeer } = config;
  if (nodes.some(({ links }) => links.length === 0)) {
    throw new Error("heartbeat: each node needs at least one address for heartbeats");
  }
  return [
    "autojoin none",
    "logfacility daemon",
    `keepalive ${heartbeatTime(timings.keepalive)}`,
    `warntime ${heartbeatTime(timings.warntime)}`,
    `deadtime ${heartbeatTime(timings.deadtime)}`,
    `initdead ${heartbeatTime(timings.initdead)}`,
    ...(pingNodes.length === 0 ? [] : [`deadping ${heartbeatTime(timings.deadping)}`]),
    `udpport ${port}`,
    ...nodes.flatMap(({ links }) =>
      links.map((link) => `${link.address.includes(":") ? "ucast6" : "ucast"} ${link.interface} ${link.address}`),
    ),
    `auto_failback ${failback ? "on" : "off"}`,
    ...nodes.map(({ name }) => `node ${name}`),
    ...pingNodes.map((address) => `${address.includes(":") ? "ping6" : "ping"} ${address}`),
    ...(pingNodes.length === 0
      ? []
      : [`respawn hacluster ${LIBEXEC}/ipfail`, "apiauth ipfail gid=haclient uid=hacluster"]),
    // As root: it runs drbdadm.
    ...(outdatePeer ? [`respawn root ${dopdProgram}`, "apiauth dopd gid=haclient uid=root,hacluster"] : []),
    ...(plugs === undefined ? [] : stonithLines(nodes, plugs)),
    "",
  ].join("\n");
}

function stonithLines(nodes: HeartbeatConfig["nodes"], plugs: Readonly<Record<string, string>>): readonly string[] {
  const [first, second] = nodes.map(({ name }) => name) as [string, string];
  return [
    [first, second],
    [second, first],
  ].map(([from, to]) => {
    const plug = plugs[to ?? ""];
    if (plug === undefined || !/^[1-9][0-9]*$/.test(plug)) {
      throw new Error(
        `heartbeat: node "${to ?? ""}" needs its Linode's id for fencing, given: ${JSON.stringify(plug)}`,
      );
    }
    return `stonith_host ${from ?? ""} external/linode ${to ?? ""}:${plug}`;
  });
}

/** Whole seconds as they are, fractions as milliseconds. */
export function heartbeatTime(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}` : `${Math.round(seconds * 1000)}ms`;
}

/**
 * `haresources`: a line a group, its preferred node first, then what it runs in the order of starting. Heartbeat knows a group by the
 * first thing that it runs, which is why no two groups may begin with the same; the comment before a line is for whoever reads it.
 */
export function renderHaResources(groups: readonly ManagedGroup[]): string {
  const lines = groups.map((group) => ({ group, jobs: group.runs.flatMap((member) => jobsOf(member, group)) }));
  const keys = lines.map(({ jobs }) => jobs[0] ?? "");
  if (new Set(keys).size < keys.length || keys.includes("")) {
    throw new Error(`heartbeat: groups must begin with different things; these begin with: ${keys.join(", ")}`);
  }
  return lines
    .map(({ group, jobs }) => `# group ${group.name}\n${[group.preferred, ...jobs].join(" \\\n  ")}\n`)
    .join("");
}

/** One member in the words of `haresources`; `::` separates, so no value may hold it. */
function jobsOf(member: ManagedMember, group: ManagedGroup): readonly string[] {
  const job = (...parts: readonly string[]): string => {
    if (parts.some((part) => part === "" || /\s|::|[#\\]/.test(part))) {
      throw new Error(`heartbeat: group "${group.name}": haresources cannot hold ${JSON.stringify(parts)}`);
    }
    return parts.join("::");
  };
  const unit = (name: string): string => job("linode-ha-unit", name);
  switch (member.kind) {
    case "drbd":
      return [job("drbddisk", member.resource)];
    case "filesystem": {
      const options = member.options.length === 0 ? [] : [member.options.join(",")];
      return [job("linode-ha-mount", `/dev/drbd${member.minor}`, member.mountpoint, member.type, ...options)];
    }
    case "address":
      return addressJobs(member, job);
    case "service":
      return [unit(member.unit)];
    case "links":
      return [unit(linksUnit(group.name))];
    case "mail":
      return [job("MailTo", member.to, group.name)];
  }
}

function addressJobs(
  { address, prefixLength, interface: device, method }: Extract<ManagedMember, { kind: "address" }>,
  job: (...parts: readonly string[]) => string,
): readonly string[] {
  // Heartbeat's IPaddr2 insists on an option that its agent refuses for IPv6, and its IPv6addr takes eight seconds.
  const agent = address.includes(":") ? "linode-ha-address" : "IPaddr2";
  const plain = expandAddress(address);
  switch (method.kind) {
    case "arp":
      return [job(agent, `${plain}/${prefixLength}/${device}`)];
    case "bgp":
      return [
        job("linode-ha-address", `${plain}/${address.includes(":") ? 128 : 32}/lo`),
        job("linode-ha-unit", method.unit),
      ];
    case "owned":
      return [job("linode-ha-unit", method.unit)];
  }
}
