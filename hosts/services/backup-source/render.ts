import type { z } from "zod";
import { asset, assetPath } from "../../assets";
import { baseResult, type HostRole, secretPlaceholder } from "../../contract";
import { knownHost, peerAccess } from "../../peer/access";
import type { BackupContent, BackupHost } from "../backup/render";
import { shellLines } from "../common/render";

/** A node that is backed up, and restored. */
export interface BackupSourceParams {
  readonly name: string;
  readonly content: BackupContent;
  readonly target: BackupHost;
  /** The public key with which the target asks. */
  readonly sourceKey: string;
}

/** The secret of the step: the key with which the node asks for what it restores. */
export const backupSourceSecret = "backup-restore-key";

/** What a node gives to its backup, and the command that restores. */
export const backupSourceRole: HostRole<BackupSourceParams, z.infer<typeof baseResult>> = {
  name: "services-backup-source",
  packages: ["mariadb-client", "openssh-client", "rsync"],
  packagesFor: ({ content }) => [
    "openssh-client",
    "rsync",
    ...(content.database === undefined ? [] : ["mariadb-client"]),
  ],
  script: assetPath("services/backup-source/role.sh"),
  libraries: ["peer"],
  secrets: [backupSourceSecret],
  result: baseResult,
  files: ({ name, content, target, sourceKey }) => ({
    "/usr/local/lib/linode-ha/backup-source": { mode: "0755", content: asset("services/backup-source/source.sh") },
    "/usr/local/sbin/ha-restore": { mode: "0755", content: asset("services/backup-source/restore.sh") },
    [`/etc/linode-ha/backup/${name}/source`]: {
      mode: "0644",
      content: shellLines({
        DATABASE: content.database ?? "",
        FOLDER: content.folder ?? "",
        MOUNTPOINT: content.mountpoint ?? "",
        TARGET_NAME: target.name,
        TARGET_ADDRESS: target.address,
      }),
    },
    [`/etc/linode-ha/backup/${name}/target.known`]: {
      mode: "0644",
      content: knownHost(target.address, target.hostKey),
    },
    [`/etc/linode-ha/backup/${name}/target.key`]: {
      mode: "0600",
      content: `${secretPlaceholder(backupSourceSecret)}\n`,
      secret: backupSourceSecret,
    },
    ...peerAccess({
      grant: `backup-${name}`,
      address: target.address,
      peerName: target.name,
      key: sourceKey,
      command: `/usr/local/lib/linode-ha/backup-source ${name}`,
    }),
  }),
  variables: () => ({}),
};
