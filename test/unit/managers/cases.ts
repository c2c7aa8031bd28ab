import type { HeartbeatParams } from "../../../hosts/heartbeat/render";
import type { ManagedGroup } from "../../../hosts/managerGroup";
import { managerTimings } from "../../../hosts/managerTimings";
import type { ManualFailoverParams } from "../../../hosts/manual-failover/render";
import type { CibParams } from "../../../hosts/pacemaker/cib";
import type { CorosyncParams } from "../../../hosts/pacemaker/corosync";
import type { PacemakerParams } from "../../../hosts/pacemaker/render";

const common = { monitorSeconds: 10, migrationThreshold: 3, failureTimeoutSeconds: 600 } as const;

/** S2: database preferred on alice, web on gertrude. */
export const crossedGroups: readonly ManagedGroup[] = [
  {
    ...common,
    name: "db",
    preferred: "alice",
    scores: { preferred: 100, other: 10 },
    failback: true,
    runs: [
      { kind: "drbd", resource: "mysql", minor: 0 },
      {
        kind: "address",
        name: "private",
        address: "192.168.128.99",
        prefixLength: 17,
        interface: "eth0",
        method: { kind: "arp" },
      },
      {
        kind: "filesystem",
        resource: "mysql",
        minor: 0,
        type: "jfs",
        mountpoint: "/var/mysql",
        options: ["noatime"],
      },
      { kind: "service", unit: "mariadb.service" },
      { kind: "mail", to: "root" },
    ],
  },
  {
    ...common,
    name: "www",
    preferred: "gertrude",
    scores: { preferred: 100, other: 10 },
    failback: true,
    runs: [
      { kind: "drbd", resource: "www", minor: 1 },
      { kind: "filesystem", resource: "www", minor: 1, type: "ext4", mountpoint: "/var/www", options: ["noatime"] },
      {
        kind: "address",
        name: "public",
        address: "203.0.113.99",
        prefixLength: 32,
        interface: "lo",
        method: { kind: "bgp", unit: "linode-ha-announce@public.service" },
      },
      { kind: "service", unit: "lighttpd.service" },
      { kind: "mail", to: "root" },
    ],
  },
];

/** S2's cluster; its own 15 s to notice a dead node. */
export const crossedCib: CibParams = {
  nodes: ["alice", "gertrude"],
  groups: crossedGroups,
  timings: managerTimings({ seconds: 15, fencingSeconds: 30 }),
  fencing: { plugs: { alice: "1001", gertrude: "1002" }, survivor: { kind: "node", name: "alice" } },
};

export const crossedCorosync: CorosyncParams = {
  cluster: "ag",
  nodes: [
    { name: "alice", addresses: ["192.168.128.11", "2001:db8:1::a"] },
    { name: "gertrude", addresses: ["192.168.128.12", "2001:db8:1::b"] },
  ],
  quorum: { kind: "two-node" },
  timings: crossedCib.timings.corosync,
};

/** S3: one group of two resources, the address first. */
export const activePassiveGroups: readonly ManagedGroup[] = [
  {
    ...common,
    name: "site",
    preferred: "lb1",
    scores: { preferred: 100, other: 10 },
    failback: false,
    runs: [
      {
        kind: "address",
        name: "shared",
        address: "172.16.1.254",
        prefixLength: 24,
        interface: "eth1",
        method: { kind: "arp" },
      },
      { kind: "drbd", resource: "www", minor: 0 },
      { kind: "filesystem", resource: "www", minor: 0, type: "ext4", mountpoint: "/var/www/html", options: [] },
      { kind: "drbd", resource: "mysql", minor: 1 },
      { kind: "filesystem", resource: "mysql", minor: 1, type: "ext4", mountpoint: "/var/lib/mysql", options: [] },
      { kind: "service", unit: "mariadb.service" },
      { kind: "service", unit: "apache2.service" },
      { kind: "mail", to: "root" },
    ],
  },
];

/** S4: one resource, links, address, PostgreSQL, Apache. */
export const manualGroups: readonly ManagedGroup[] = [
  {
    ...common,
    name: "srv",
    preferred: "node1",
    scores: { preferred: 100, other: 10 },
    failback: false,
    runs: [
      { kind: "drbd", resource: "srv", minor: 1 },
      { kind: "filesystem", resource: "srv", minor: 1, type: "ext4", mountpoint: "/srv", options: [] },
      {
        kind: "links",
        links: [
          { path: "/etc/apache2", target: "/srv/etc-apache2" },
          { path: "/var/www", target: "/srv/var-www" },
        ],
      },
      {
        kind: "address",
        name: "shared",
        address: "2001:db8:5::99",
        prefixLength: 64,
        interface: "eth1",
        method: { kind: "arp" },
      },
      { kind: "service", unit: "postgresql.service" },
      { kind: "service", unit: "apache2.service" },
    ],
  },
];

/** S2's cluster as the role takes it. */
export const crossedPacemaker = (node: string): PacemakerParams => ({
  cluster: crossedCorosync.cluster,
  nodes: crossedCorosync.nodes,
  node,
  quorum: crossedCorosync.quorum,
  groups: crossedGroups,
  timings: crossedCib.timings,
  fencing: crossedCib.fencing,
});

/** S3's pair, with its own 30 s. */
export const activePassiveHeartbeat = (node: string): HeartbeatParams => ({
  nodes: [
    { name: "lb1", links: [{ interface: "eth1", address: "172.16.1.247" }] },
    { name: "lb2", links: [{ interface: "eth1", address: "172.16.1.248" }] },
  ],
  node,
  groups: activePassiveGroups,
  timings: managerTimings({ seconds: 30 }).heartbeat,
  port: 694,
  pingNodes: ["172.16.1.1"],
  plugs: { lb1: "1001", lb2: "1002" },
  outdatePeer: true,
  last: node === "lb2",
});

/** S2 under Heartbeat v1: its own 15 s, failback on, a line a group. */
export const crossedHeartbeat = (node: string): HeartbeatParams => ({
  nodes: [
    { name: "alice", links: [{ interface: "eth0", address: "192.168.128.11" }] },
    { name: "gertrude", links: [{ interface: "eth0", address: "192.168.128.12" }] },
  ],
  node,
  groups: crossedGroups,
  timings: managerTimings({ seconds: 15 }).heartbeat,
  port: 694,
  pingNodes: [],
  outdatePeer: false,
  last: node === "gertrude",
});

/** S4's one group. */
export const manualFailover = (node: string): ManualFailoverParams => ({
  group: manualGroups[0]!,
  nodes: ["node1", "node2"],
  node,
  peerAddresses: node === "node1" ? ["10.0.0.2", "198.51.100.2"] : ["10.0.0.1", "198.51.100.1"],
});
