import { z } from "zod";
import { asset, assetPath } from "../../assets";
import { baseResult, type HostRole } from "../../contract";
import { type MariadbPairParams, mariadbPrograms } from "../mariadb-pair/config";

const replicationResult = baseResult.extend({
  role: z.enum(["writer", "reader"]).optional(),
  /** The node's position, as a list of GTIDs. */
  position: z.string().optional(),
});

/** What the last step answers. */
export type MariadbReplicationResult = z.infer<typeof replicationResult>;

const watchUnit = "linode-ha-mariadb-watch.service";

/** The service by which a manager says where is written. */
export const mariadbWriterUnit = "linode-ha-mariadb-writer.service";

/** Replication from the peer, and what looks after it. */
export const mariadbReplicationRole: HostRole<MariadbPairParams, MariadbReplicationResult> = {
  name: "services-mariadb-replication",
  packages: [],
  script: assetPath("services/mariadb-replication/role.sh"),
  libraries: ["mariadb"],
  secrets: [],
  result: replicationResult,
  files: ({ topology }) => ({
    "/etc/linode-ha/health.d/60-mariadb": {
      mode: "0755",
      content: asset("services/mariadb-replication/health.sh"),
    },
    ...(topology === "replica"
      ? {
          [`${mariadbPrograms}/watch`]: { mode: "0755", content: asset("services/mariadb-replication/watch.sh") },
          [`/etc/systemd/system/${watchUnit}`]: {
            mode: "0644",
            content: asset(`services/mariadb-replication/${watchUnit}`),
          },
          [`/etc/systemd/system/${mariadbWriterUnit}`]: {
            mode: "0644",
            content: asset(`services/mariadb-replication/${mariadbWriterUnit}`),
          },
        }
      : {}),
  }),
  variables: ({ topology }) => ({ WATCH_UNIT: topology === "replica" ? watchUnit : "" }),
};
