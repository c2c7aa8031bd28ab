import type { NfsMountParams } from "../../../hosts/nfs-mount/render";
import type { NfsParams } from "../../../hosts/services/nfs/render";

/** S1's file server. */
export const nfs: NfsParams = {
  volume: { resource: "files", minor: 0, type: "ext4", mountpoint: "/srv/files" },
  clients: ["10.20.0.12", "10.20.0.11", "2001:db8::/64"],
  scope: "files",
  leaseSeconds: 15,
  threads: 16,
  root: "kept",
};

export const mount: NfsMountParams = {
  server: "10.20.0.103",
  path: "/",
  mountpoint: "/srv/www",
  answerSeconds: 15,
  waitSeconds: 180,
};
