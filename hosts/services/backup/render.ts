import type { z } from "zod";
import { asset, assetPath } from "../../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../../contract";
import { knownHost, peerAccess } from "../../peer/access";
import { shellLines } from "../common/render";

/** A host of a backup, as the others reach it. */
export interface BackupHost {
  /** Equals `uname -n` there. */
  readonly name: string;
  readonly address: string;
  /** The public key of its sshd. */
  readonly hostKey: string;
}

/** What is backed up. */
export interface BackupContent {
  /** Name of the database; absent: none. */
  readonly database?: string;
  /** The folder with the files; absent: none. */
  readonly folder?: AbsolutePath;
  /** Where the folder's file system must be mounted; absent: wherever it is. */
  readonly mountpoint?: AbsolutePath;
}

/** A host that backs nodes up. */
export interface BackupTargetParams {
  readonly name: string;
  /** In the order in which they are asked; any one of them has everything. */
  readonly sources: readonly BackupHost[];
  readonly content: BackupContent;
  /** Where the snapshots are: on btrfs. */
  readonly base: AbsolutePath;
  /** When it begins each night, `HH:MM`. */
  readonly at: string;
  readonly keepDays: number;
  /** Hours after which the last good one is too old. */
  readonly alarmHours: number;
  readonly rehearsalDays: number;
  /** The public key with which a node restores. */
  readonly restoreKey: string;
}

/** The secret of the step: the key with which the nodes are asked. */
export const backupTargetSecret = "backup-source-key";

const programs = "/usr/local/lib/linode-ha";

/** Snapshots of what nodes have, fetched every night. */
export const backupRole: HostRole<BackupTargetParams, z.infer<typeof baseResult>> = {
  name: "services-backup",
  packages: ["btrfs-progs", "mariadb-client", "mariadb-server", "openssh-client", "rsync"],
  packagesFor: ({ content }) => [
    ...["btrfs-progs", "openssh-client", "rsync"],
    ...(content.database === undefined ? [] : ["mariadb-client", "mariadb-server"]),
  ],
  script: assetPath("services/backup/role.sh"),
  libraries: ["peer"],
  secrets: [backupTargetSecret],
  result: baseResult,
  files: targetFiles,
  variables: ({ name, base }) => ({ NAME: name, BASE: base }),
};

function targetFiles(params: BackupTargetParams): Record<AbsolutePath, HostFile> {
  const { name, sources, content } = params;
  if (sources.length === 0) throw new Error("backup: no node is given");
  const folder: AbsolutePath = `/etc/linode-ha/backup/${name}`;
  const unit = (file: string, text: string): [AbsolutePath, HostFile] => [
    `/etc/systemd/system/${file}`,
    { mode: "0644", content: text },
  ];
  return {
    "/usr/local/sbin/ha-backup": { mode: "0755", content: asset("services/backup/backup.sh") },
    [`${programs}/backup-answer`]: { mode: "0755", content: asset("services/backup/answer.sh") },
    [`${folder}/settings`]: {
      mode: "0644",
      content: shellLines({
        SOURCES: sources.map((source) => `${source.name}@${source.address}`).join(" "),
        BASE: params.base,
        KEEP_DAYS: `${params.keepDays}`,
        ALARM_HOURS: `${params.alarmHours}`,
        REHEARSAL_DAYS: `${params.rehearsalDays}`,
        DATABASE: content.database ?? "",
        FILES: content.folder === undefined ? "no" : "yes",
      }),
    },
    [`${folder}/source.key`]: {
      mode: "0600",
      content: `${secretPlaceholder(backupTargetSecret)}\n`,
      secret: backupTargetSecret,
    },
    [`${folder}/sources.known`]: {
      mode: "0644",
      content: sources.map(({ address, hostKey }) => knownHost(address, hostKey)).join(""),
    },
    ...Object.fromEntries(
      sources.flatMap((source) =>
        Object.entries(
          peerAccess({
            grant: `restore-${name}-${source.name}`,
            address: source.address,
            peerName: source.name,
            key: params.restoreKey,
            command: `${programs}/backup-answer ${name}`,
          }),
        ),
      ),
    ),
    ...Object.fromEntries([
      unit("linode-ha-backup@.service", asset("services/backup/linode-ha-backup@.service")),
      unit("linode-ha-backup-rehearsal@.service", asset("services/backup/linode-ha-backup-rehearsal@.service")),
      unit(
        `linode-ha-backup@${name}.timer`,
        timer(`Backup ${name}`, [`OnCalendar=*-*-* ${params.at}:00`, "Persistent=yes"]),
      ),
      unit(
        `linode-ha-backup-rehearsal@${name}.timer`,
        timer(`Rehearsals of ${name}`, ["OnBootSec=1h", `OnUnitActiveSec=${params.rehearsalDays}d`]),
      ),
    ]),
    [`/etc/linode-ha/health.d/85-backup-${name}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/sbin/ha-backup ${name} status\n`,
    },
  };
}

function timer(description: string, when: readonly string[]): string {
  return [
    "[Unit]",
    `Description=${description}`,
    "",
    "[Timer]",
    ...when,
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}
