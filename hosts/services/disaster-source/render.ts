import { asset, assetPath } from "../../assets";
import { type AbsolutePath, type BaseResult, baseResult, type HostRole } from "../../contract";
import { peerAccess } from "../../peer/access";
import type { BackupHost } from "../backup/render";
import { shellLines } from "../common/render";

/** What a second site may have of one node. */
export interface DisasterSourceParams {
  readonly name: string;
  /** Name of the database; absent: it has none. */
  readonly database?: string;
  readonly port: number;
  /** The site's files; absent: it has none. */
  readonly files?: { readonly folder: AbsolutePath; readonly mountpoint: AbsolutePath };
  /** The second site's host. */
  readonly target: Omit<BackupHost, "hostKey">;
  /** The public key that it comes with. */
  readonly key: string;
}

/** Password of the account with which the second site follows. */
export const disasterSecret = "disaster-replication";
/** That account. */
export const disasterAccount = "ha_disaster";

/** Lets a second site follow the database and fetch the files. */
export const disasterSourceRole: HostRole<DisasterSourceParams, BaseResult> = {
  name: "services-disaster-source",
  packages: ["rsync", "socat"],
  script: assetPath("services/disaster-source/role.sh"),
  libraries: ["peer"],
  secrets: [disasterSecret],
  result: baseResult,
  files: ({ name, database, port, files, target, key }) => ({
    "/usr/local/lib/linode-ha/disaster-source": {
      mode: "0755",
      content: asset("services/disaster-source/source.sh"),
    },
    [`/etc/linode-ha/disaster/${name}/source`]: {
      mode: "0644",
      content: shellLines({
        DATABASE: database ?? "",
        PORT: `${port}`,
        FOLDER: files?.folder ?? "",
        MOUNTPOINT: files?.mountpoint ?? "",
      }),
    },
    ...peerAccess({
      grant: `disaster-${name}`,
      address: target.address,
      peerName: target.name,
      key,
      command: `/usr/local/lib/linode-ha/disaster-source ${name}`,
    }),
  }),
  variables: ({ database }) => ({ DATABASE: database ?? "", ACCOUNT: disasterAccount }),
};
