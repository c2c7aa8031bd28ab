import type { BaseParams } from "../../../hosts/base/render";
import type { DrbdActivateParams } from "../../../hosts/drbd-activate/render";
import type { DrbdParams, DrbdSide } from "../../../hosts/drbd/render";
import type { FilesystemParams } from "../../../hosts/filesystem/render";
import type { Ocfs2Params } from "../../../hosts/ocfs2/render";
import { storageTimings } from "../../../hosts/timings";

const timings = storageTimings({ seconds: 3 });

const sides4: readonly [DrbdSide, DrbdSide] = [
  { name: "web1", address: "10.20.0.1", family: "ipv4", device: "/dev/disk/by-id/scsi-0Linode_Volume_web1-www" },
  { name: "web2", address: "10.20.0.2", family: "ipv4", device: "/dev/disk/by-id/scsi-0Linode_Volume_web2-www" },
];
const sides6: readonly [DrbdSide, DrbdSide] = [
  { name: "alice", address: "2001:db8:1::a", family: "ipv6", device: "/dev/sdc" },
  { name: "gertrude", address: "2001:db8:1::b", family: "ipv6", device: "/dev/sdc" },
];

/** Two primaries on block storage volumes (stack `dual-primary`). */
export const dualPrimary: DrbdParams = {
  resource: "www",
  minor: 0,
  port: 7788,
  nodes: sides4,
  node: "web1",
  mode: { kind: "dual-primary" },
  identity: "0123456789abcdef",
  initialSync: "skip-if-blank",
  timings: timings.drbd,
  net: { afterSb0pri: "discard-zero-changes", afterSb1pri: "discard-secondary", afterSb2pri: "disconnect" },
};

/** One of a crossed pair's, over IPv6, with handlers (stack `crossed-pair`). */
export const crossedPair: DrbdParams = {
  resource: "mysql",
  minor: 0,
  port: 7801,
  nodes: sides6,
  node: "alice",
  mode: { kind: "single-primary", preferred: "alice", promote: "manager" },
  identity: "0123456789abcdef",
  initialSync: "full",
  net: { cramHmacAlg: "sha1" },
  disk: { resyncRateKiB: 4096 },
  handlers: {
    priOnInconDegr: "/usr/lib/drbd/notify-pri-on-incon-degr.sh; /usr/lib/drbd/notify-emergency-reboot.sh",
    localIoError: "/usr/lib/drbd/notify-io-error.sh",
    splitBrain: "/usr/lib/drbd/notify-split-brain.sh root",
  },
  startup: { wfcTimeout: 15, degrWfcTimeout: 60 },
};

/** Tuned by hand (stacks `active-passive` and `manual-failover`). */
export const tuned: DrbdParams = {
  ...crossedPair,
  resource: "srv",
  minor: 1,
  port: 7789,
  nodes: sides4,
  node: "web2",
  mode: { kind: "single-primary", preferred: "web2", promote: "boot" },
  sizeBytes: 10737418240,
  net: { maxBuffers: 2048, koCount: 4, cramHmacAlg: "sha1", verifyAlg: "crc32c" },
  disk: { onIoError: "detach", alExtents: 257, resyncRateKiB: 10240 },
  handlers: undefined,
  startup: { wfcTimeout: 10, degrWfcTimeout: 10 },
};

export const activate: DrbdActivateParams = {
  resource: "www",
  minor: 0,
  nodes: ["web1", "web2"],
  node: "web2",
  mode: { kind: "dual-primary" },
  initialSync: "skip-if-blank",
};

export const ocfs2: Ocfs2Params = {
  cluster: "web",
  label: "www",
  nodes: [
    { name: "web1", address4: "10.20.0.1" },
    { name: "web2", address4: "10.20.0.2" },
  ],
  node: "web1",
  resource: "www",
  minor: 0,
  mountpoint: "/srv/www",
  timings: timings.o2cb,
};

export const filesystem: FilesystemParams = {
  resource: "srv",
  minor: 1,
  type: "ext4",
  label: "srv",
  mountpoint: "/srv/site-data",
  mount: "manager",
};

export const base: BaseParams = {
  node: "web1",
  hosts: [
    { name: "web1", fqdn: "web1.example.org", public4: "198.51.100.11", public6: "2001:db8:1::11", inner: "10.20.0.1" },
    { name: "web2", fqdn: "web2.example.org", public4: "198.51.100.12", public6: "2001:db8:1::12", inner: "10.20.0.2" },
  ],
  extraHosts: [{ address: "198.51.100.99", names: ["site.example.org"] }],
  authorizedKeys: [],
  timezone: "Etc/UTC",
};
