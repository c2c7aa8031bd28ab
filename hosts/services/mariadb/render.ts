import type { AbsolutePath } from "../../contract";
import { serviceRole, type ServiceVolume } from "../common/render";

/** A MariaDB server that runs where its volume is. */
export interface MariadbParams {
  readonly volume: ServiceVolume;
  /** The floating address that it listens on. Clients follow it; nothing listens on the nodes' own addresses. */
  readonly bindAddress: string;
  /** Default 3306. */
  readonly port?: number;
  /** MiB of InnoDB's buffer pool. Default 128. */
  readonly bufferPoolMiB?: number;
  readonly maxConnections?: number;
  /** Made together with the data; its password is the secret {@link mariadbSecret}. */
  readonly account: {
    readonly database: string;
    readonly user: string;
    /** Hosts that it may come from, as the server sees them: addresses of the nodes. */
    readonly clients: readonly string[];
  };
}

/** Password of the account; letters and digits. */
export const mariadbSecret = "mariadb-password";

/** The folder of the data: below the mount point, so that the file system's own `lost+found` is no database. */
export function mariadbData({ mountpoint }: Pick<ServiceVolume, "mountpoint">): AbsolutePath {
  return `${mountpoint}/data`;
}

/** The server's settings. */
export function renderMariadb(params: MariadbParams): string {
  return [
    "# Managed: written anew by each deployment. Settings of your own belong into a file that sorts after this one.",
    "[mariadbd]",
    `datadir = ${mariadbData(params.volume)}`,
    "socket = /run/mysqld/mysqld.sock",
    `bind-address = ${params.bindAddress}`,
    `port = ${params.port ?? 3306}`,
    // A failover must lose no acknowledged write: the log is on the volume, on both nodes, before the client hears.
    "innodb_flush_log_at_trx_commit = 1",
    `innodb_buffer_pool_size = ${params.bufferPoolMiB ?? 128}M`,
    `max_connections = ${params.maxConnections ?? 100}`,
    // Names of clients would be asked of a name server at each connection.
    "skip-name-resolve",
    "",
  ].join("\n");
}

/** MariaDB with its data directory on a replicated volume, bound to a floating address. */
export const mariadbRole = serviceRole<MariadbParams>({
  name: "mariadb",
  unit: "mariadb.service",
  packages: ["mariadb-client", "mariadb-server"],
  secrets: [mariadbSecret],
  onChange: "restart",
  files: (params) => ({
    "/etc/mysql/mariadb.conf.d/90-linode-ha.cnf": { mode: "0644", content: renderMariadb(params) },
  }),
  settings: ({ volume, account }) => ({
    DATADIR: mariadbData(volume),
    DATABASE: account.database,
    DB_USER: account.user,
    CLIENTS: account.clients.join(" "),
  }),
  dataPaths: ({ volume }) => [mariadbData(volume)],
});
