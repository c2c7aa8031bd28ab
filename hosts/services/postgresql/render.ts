import type { AbsolutePath } from "../../contract";
import { serviceRole, type ServiceVolume } from "../common/render";

/** A PostgreSQL server that runs where its volume is. */
export interface PostgresqlParams {
  readonly volume: ServiceVolume;
  /** The floating address that it listens on, beside its socket. */
  readonly listenAddress: string;
  /** Default 5432. */
  readonly port?: number;
  /** Made together with the data; its password is the secret {@link postgresqlSecret}. */
  readonly account: {
    readonly database: string;
    readonly user: string;
    /** Addresses that it may come from. */
    readonly clients: readonly string[];
  };
}

/** Password of the account; letters and digits. */
export const postgresqlSecret = "postgresql-password";

/** The folder of the data on the volume. */
export function postgresqlData({ mountpoint }: Pick<ServiceVolume, "mountpoint">): AbsolutePath {
  return `${mountpoint}/postgresql`;
}

/** The server's settings. */
export function renderPostgresql(params: PostgresqlParams): string {
  return [
    "# Managed: written anew by each deployment.",
    `data_directory = '${postgresqlData(params.volume)}'`,
    "hba_file = '/etc/linode-ha/postgresql/pg_hba.conf'",
    `listen_addresses = '${params.listenAddress}'`,
    `port = ${params.port ?? 5432}`,
    "unix_socket_directories = '/run/postgresql'",
    "password_encryption = scram-sha-256",
    // A failover must lose no acknowledged write.
    "fsync = on",
    "synchronous_commit = on",
    "",
  ].join("\n");
}

/** Who may log in. */
export function renderHba({ account }: PostgresqlParams): string {
  const bits = (address: string): string => (address.includes(":") ? "/128" : "/32");
  return [
    "# Managed: written anew by each deployment.",
    "local all postgres peer",
    ...account.clients.map(
      (client) => `host ${account.database} ${account.user} ${client}${bits(client)} scram-sha-256`,
    ),
    "",
  ].join("\n");
}

/** The unit: the distribution's own wraps clusters of its own making, enabled each by a link of its own. */
const UNIT = [
  "[Unit]",
  "Description=PostgreSQL on a replicated volume",
  "After=network.target",
  "",
  "[Service]",
  "Type=notify",
  "User=postgres",
  "Group=postgres",
  "RuntimeDirectory=postgresql",
  "RuntimeDirectoryMode=2775",
  "ExecStart=/usr/local/lib/linode-ha/services/postgresql start",
  "ExecReload=/bin/kill -HUP $MAINPID",
  "KillMode=mixed",
  "KillSignal=SIGINT",
  "TimeoutStartSec=300",
  "TimeoutStopSec=90",
  "OOMScoreAdjust=-900",
  "",
].join("\n");

/** PostgreSQL with its data on a replicated volume, listening on a floating address. */
export const postgresqlRole = serviceRole<PostgresqlParams>({
  name: "postgresql",
  unit: "linode-ha-postgresql.service",
  // The distribution makes a cluster of its own at installation, which would take the socket.
  otherUnits: ["postgresql.service"],
  packages: ["postgresql"],
  secrets: [postgresqlSecret],
  onChange: "restart",
  files: (params) => ({
    "/etc/linode-ha/postgresql/postgresql.conf": { mode: "0644", content: renderPostgresql(params) },
    "/etc/linode-ha/postgresql/pg_hba.conf": { mode: "0640", owner: "root:postgres", content: renderHba(params) },
    "/etc/systemd/system/linode-ha-postgresql.service": { mode: "0644", content: UNIT },
  }),
  settings: ({ volume, account }) => ({
    DATADIR: postgresqlData(volume),
    DATABASE: account.database,
    DB_USER: account.user,
  }),
  dataPaths: ({ volume }) => [postgresqlData(volume)],
});
