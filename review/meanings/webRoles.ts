import { beside, service } from "./serviceRoles";
import type { HostJudge, RoleMeaning } from "./roleTypes";
import { ended, harmless, later, OWN_TOOLS, ownProgram, refusedLive, reloads, SETTLING, unseen } from "./roleWords";
import { unfelt, type Verdict } from "./types";

/** Other values of these settings of a shell file are worse than of its others. */
function settings(names: readonly string[], moved: Verdict, otherwise: Verdict): HostJudge {
  const those = (text = ""): string =>
    text
      .split("\n")
      .filter((line) => names.includes(line.split("=")[0] ?? ""))
      .join("\n");
  return ({ old, new: now }) => (those(old) === those(now) ? otherwise : moved);
}

const named = (names: readonly string[], judge: HostJudge): Readonly<Record<string, HostJudge>> =>
  Object.fromEntries(names.map((name) => [name, judge]));

const elsewhere = (what: string, daemon: string): Verdict => ({
  rank: 4,
  why: `${what} is wanted somewhere else: it begins there anew, and what was made so far stays where it is`,
  effect: "service-restart",
  daemon,
  procedure: "quiet-hour",
});

const otherPair: Verdict = {
  rank: 2,
  why: "the two servers are to be another pair, of another kind, or somewhere else: the step refuses data that it did not make for that",
  effect: "stays-down",
  daemon: "MariaDB",
  procedure: "maintenance",
  refused: "data that belongs to another pair is refused; the design of a database is fixed for life",
};

/** Two servers that replicate each other. */
export const databasePair: RoleMeaning = {
  ...service("MariaDB", "restart"),
  called: "a database on each node",
  created: unfelt("installed on both nodes, without data"),
  removed: ended("MariaDB goes; its data stays on its file system", "MariaDB"),
  files: [
    [
      /^\/etc\/linode-ha\/mariadb-pair$/,
      settings(
        ["TOPOLOGY", "CLUSTER", "BASE", "OWN_DOMAIN", "PEER_DOMAIN"],
        otherPair,
        reloads("the pair's own tools", "read at their next use"),
      ),
    ],
    [/^\/etc\/systemd\/system\//, later("counts from its next start on", "systemd")],
    ...OWN_TOOLS,
    [
      /^\//,
      {
        rank: 6,
        why: "the server goes on with its former settings until a person restarts it: one node, then, when both are well again, the other",
        effect: "none",
        daemon: "MariaDB",
        procedure: "restart-later",
      },
    ],
  ],
  variables: {
    ...SETTLING,
    CERTIFICATE_ROUND: later("another TLS certificate is made; the server shows it from its next start on", "MariaDB"),
    CERTIFICATE_DAYS: later("counts for the next certificate that is made"),
  },
};

/** A device with a file system of one node's own. */
export const localFilesystem: RoleMeaning = {
  called: "a node's own file system",
  created: unfelt("made on an empty device, and mounted"),
  removed: ended("unmounted; what is on the device stays", "the mount"),
  unseen: unseen("the mount", 4),
  program: ownProgram("the mount", 4),
  files: [[/^\/etc\/systemd\/system\/.*\.mount$/, later("counts from the next mount on", "systemd")], ...OWN_TOOLS],
  variables: {
    ...SETTLING,
    ...named(
      ["DEVICE", "TYPE", "LABEL"],
      refusedLive(
        "another device, or another file system on it: nothing is formatted that is not empty",
        "a device with something else on it is refused",
        "the mount",
      ),
    ),
    ...named(["MOUNTPOINT", "MOUNT_UNIT"], elsewhere("the file system", "the mount")),
  },
};

/** WordPress on a node, from the shared files. */
export const wordpress: RoleMeaning = {
  called: "the site",
  created: unfelt("made on the first node, found by the others"),
  removed: ended("the site is no longer served; its files and its tables stay", "nginx"),
  unseen: unseen("nginx", 5),
  program: ownProgram("nginx", 5),
  secret: reloads("WordPress", "read with the next page; other salts log everybody out"),
  files: [
    [
      /^\/etc\/linode-ha\/wordpress\/[^/]+\/settings$/,
      settings(
        ["HOST", "MOUNTPOINT", "FOLDER"],
        elsewhere("the site", "nginx"),
        reloads("WordPress' tools", "read at their next use"),
      ),
    ],
    ...OWN_TOOLS,
    [/^\/etc\/systemd\/system\//, later("counts from its next start on", "systemd")],
    [/^\//, reloads("nginx and PHP")],
  ],
  variables: { ...SETTLING, ...named(["NAME", "HOST", "MOUNTPOINT", "MOUNT_UNIT"], elsewhere("the site", "nginx")) },
};

/** A certificate of several nodes. */
export const certificate: RoleMeaning = {
  ...beside("the certificate", "the certificate's tools"),
  created: unfelt("issued by the authority on one node, and taken by the others"),
  removed: ended("no longer renewed; a server that shows it goes on with it until it ends", "nginx"),
  secret: reloads("the certificate's tools", "read at the next renewal"),
  variables: { ...SETTLING, NAME: elsewhere("the certificate", "nginx") },
};

/** Backups as the host has them that fetches them. */
export const backups: RoleMeaning = {
  ...beside("backups", "the backups' timers"),
  removed: ended("nothing is fetched any more; what was, stays", "backups"),
  variables: { ...SETTLING, NAME: elsewhere("the backup", "backups"), BASE: elsewhere("the backup", "backups") },
};

/** The accounts and the first data of a database pair. */
export const seed: RoleMeaning = {
  ...beside("the database's first data and accounts", "MariaDB"),
  secret: reloads(
    "MariaDB",
    "the account has the other password at once; clients that know the former one are refused",
  ),
  variables: {
    ...SETTLING,
    ...named(["DATABASE", "DB_USER"], reloads("MariaDB", "made beside those of the former name, which stay")),
    CLIENTS: reloads(
      "MariaDB",
      "accounts of hosts that are new are made; those of hosts that are no longer named stay",
    ),
  },
};

/** What watches over the replication of a database pair. */
export const replication: RoleMeaning = {
  ...beside("the replication between the databases", "the watch over it"),
  variables: { ...SETTLING, WATCH_UNIT: harmless },
};

/** An NFS server that its pair's manager starts. */
export const nfsServer: RoleMeaning = {
  ...service("the NFS server", "reload"),
  created: unfelt("installed on both nodes; the manager starts it"),
};

/** An NFS mount on a client. */
export const nfsMount: RoleMeaning = {
  ...localFilesystem,
  called: "the files of an NFS server",
  created: unfelt("mounted"),
  removed: ended("unmounted; what is on the server stays", "the mount"),
  files: [
    [
      /^\/etc\/systemd\/system\/.*\.mount$/,
      later("it stays mounted as it was until a person mounts it anew, which interrupts what uses it", "systemd"),
    ],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    ...named(["SERVER", "MOUNTPOINT", "MOUNT_UNIT"], elsewhere("the mount", "the mount")),
    WAIT_SECONDS: harmless,
  },
};

/** The second site, which nobody is served from before a disaster. */
export const disaster: RoleMeaning = {
  ...beside("the second site", "its copies, and MariaDB there, which starts anew"),
  removed: ended("it no longer follows; what it has, stays", "the second site"),
  variables: {
    ...SETTLING,
    NAME: elsewhere("the second site's copy", "the second site"),
    ...named(["DATABASE", "DB_USER"], elsewhere("the second site's copy", "the second site")),
  },
};

/** What the second site fetches from. */
export const disasterSource: RoleMeaning = {
  ...beside("what the second site fetches from", "its next fetch"),
  variables: { ...SETTLING, ...named(["DATABASE", "ACCOUNT"], reloads("MariaDB", "the account that reads is made")) },
};

/** Exporters, checks and mails. */
export const monitoring: RoleMeaning = {
  ...beside("monitoring", "the exporter and its timers"),
  variables: { ...SETTLING, MAIL_TO: harmless, VERIFY: reloads("systemd", "the timers of the volumes to verify") },
};
