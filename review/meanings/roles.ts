import { fencing, floating, heartbeat, manual, pacemaker, settled } from "./managerRoles";
import type { RoleMeaning } from "./roleTypes";
import { beside, service } from "./serviceRoles";
import { backups, certificate, databasePair, localFilesystem, replication, seed, wordpress } from "./webRoles";
import { activate, base, drbd, filesystem, ocfs2 } from "./storageRoles";

/** The one table of what each role of a host means. To add a role, add its entry here. */
export const roleMeanings: Readonly<Record<string, RoleMeaning>> = {
  base,
  drbd,
  "drbd-activate": activate,
  ocfs2,
  filesystem,
  "floating-ip": floating,
  fencing,
  pacemaker,
  heartbeat,
  "heartbeat-settled": settled,
  "manual-failover": manual,
  "services-apache": service("Apache", "reload"),
  "services-lighttpd": service("lighttpd", "reload"),
  "services-mariadb": service("MariaDB", "restart"),
  "services-postgresql": service("PostgreSQL", "restart"),
  "services-mail-relay": beside("mail", "nullmailer"),
  "services-forwarding": beside("packet forwarding", "the kernel"),
  "local-filesystem": localFilesystem,
  "services-mariadb-pair": databasePair,
  "services-mariadb-trust": beside("what the databases show each other", "MariaDB"),
  "services-mariadb-seed": seed,
  "services-mariadb-replication": replication,
  "services-wordpress-packages": beside("the site's packages", "nothing that runs"),
  "services-wordpress": wordpress,
  "services-nginx-proxy": service("nginx", "reload"),
  "services-certificate": certificate,
  "services-backup": backups,
  "services-backup-source": beside("what backups are fetched from", "the backup's next run"),
  "dns-watch": beside("the watch over the site's names", "the watch, which starts anew"),
  "services-package-drift": beside("the comparison of packages", "nothing that runs"),
};
