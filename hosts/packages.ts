import { baseRole } from "./base/render";
import type { HostRole } from "./contract";
import { dnsWatchRole } from "./dns-watch/render";
import { drbdActivateRole } from "./drbd-activate/render";
import { drbdRole } from "./drbd/render";
import { fencingRole } from "./fencing/render";
import { filesystemRole } from "./filesystem/render";
import { floatingIpRole } from "./floating-ip/render";
import { heartbeatSettledRole } from "./heartbeat-settled/render";
import { heartbeatRole } from "./heartbeat/render";
import { localFilesystemRole } from "./local-filesystem/render";
import { manualFailoverRole } from "./manual-failover/render";
import { nfsMountRole } from "./nfs-mount/render";
import { ocfs2Role } from "./ocfs2/render";
import { pacemakerRole } from "./pacemaker/render";
import { apacheRole } from "./services/apache/render";
import { backupSourceRole } from "./services/backup-source/render";
import { backupRole } from "./services/backup/render";
import { certificateRole } from "./services/certificate/render";
import { disasterSourceRole } from "./services/disaster-source/render";
import { disasterRole } from "./services/disaster/render";
import { forwardingRole } from "./services/forwarding/render";
import { lighttpdRole } from "./services/lighttpd/render";
import { mailRelayRole } from "./services/mail-relay/render";
import { mariadbServerSideRole } from "./services/mariadb-pair/render";
import { mariadbReplicationRole } from "./services/mariadb-replication/render";
import { mariadbSeedRole } from "./services/mariadb-seed/render";
import { mariadbTrustRole } from "./services/mariadb-trust/render";
import { mariadbRole } from "./services/mariadb/render";
import { monitoringRole } from "./services/monitoring/render";
import { nginxProxyRole } from "./services/nginx-proxy/render";
import { nfsRole } from "./services/nfs/render";
import { packageDriftRole } from "./services/package-drift/render";
import { postgresqlRole } from "./services/postgresql/render";
import { wordpressPackagesRole } from "./services/wordpress-packages/render";
import { wordpressRole } from "./services/wordpress/render";

/** Every role there is. */
export const roles: readonly Pick<HostRole<never, unknown>, "name" | "packages">[] = [
  baseRole,
  dnsWatchRole,
  drbdRole,
  drbdActivateRole,
  fencingRole,
  filesystemRole,
  floatingIpRole,
  heartbeatRole,
  heartbeatSettledRole,
  localFilesystemRole,
  manualFailoverRole,
  nfsMountRole,
  ocfs2Role,
  pacemakerRole,
  apacheRole,
  backupRole,
  backupSourceRole,
  certificateRole,
  disasterRole,
  disasterSourceRole,
  forwardingRole,
  lighttpdRole,
  mailRelayRole,
  mariadbReplicationRole,
  mariadbRole,
  mariadbSeedRole,
  mariadbServerSideRole,
  mariadbTrustRole,
  monitoringRole,
  nginxProxyRole,
  nfsRole,
  packageDriftRole,
  postgresqlRole,
  wordpressPackagesRole,
  wordpressRole,
];

/** The Debian packages that the roles together may install, sorted: what an image must be able to provide. */
export const packages: readonly string[] = [...new Set(roles.flatMap((role) => role.packages))].sort();
