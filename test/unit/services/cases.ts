import type { ServiceVolume } from "../../../hosts/services/common/render";
import type { ApacheParams } from "../../../hosts/services/apache/render";
import type { LighttpdParams } from "../../../hosts/services/lighttpd/render";
import type { MariadbParams } from "../../../hosts/services/mariadb/render";
import type { PostgresqlParams } from "../../../hosts/services/postgresql/render";

export const mysqlVolume: ServiceVolume = { resource: "mysql", minor: 0, type: "jfs", mountpoint: "/var/mysql" };
export const wwwVolume: ServiceVolume = { resource: "www", minor: 1, type: "ext4", mountpoint: "/var/www" };

/** S2's database. */
export const mariadb: MariadbParams = {
  volume: mysqlVolume,
  bindAddress: "192.168.128.99",
  account: { database: "site", user: "site", clients: ["192.168.128.11", "192.168.128.12", "192.168.128.99"] },
};

/** S2's web server. */
export const lighttpd: LighttpdParams = {
  volume: wwwVolume,
  sites: [
    { host: "www.example.org", aliases: ["example.org"] },
    { host: "static.example.org", frontController: false },
  ],
};

const srv: ServiceVolume = { resource: "data", minor: 0, type: "ext4", mountpoint: "/srv" };

/** S4's web server, its configuration on the volume. */
export const apache: ApacheParams = {
  volume: srv,
  sites: [{ host: "www.example.org" }],
  configuration: "/srv/etc-apache2",
};

/** S4's database. */
export const postgresql: PostgresqlParams = {
  volume: srv,
  listenAddress: "10.20.0.100",
  account: { database: "site", user: "site", clients: ["10.20.0.1", "10.20.0.2", "10.20.0.100"] },
};
