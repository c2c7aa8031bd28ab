import { asset, assetPath } from "../../assets";
import {
  type AbsolutePath,
  type BaseResult,
  baseResult,
  type HostFile,
  type HostRole,
  secretPlaceholder,
} from "../../contract";
import { knownHost } from "../../peer/access";
import type { BackupHost } from "../backup/render";
import { shellLines } from "../common/render";
import { disasterAccount, disasterSecret } from "../disaster-source/render";

/** A second site, on one host. */
export interface DisasterParams {
  readonly name: string;
  /** Nodes of the first site with the database, in the order in which they are asked. */
  readonly databases: readonly BackupHost[];
  /** Nodes of the first site with the files. */
  readonly fileHosts: readonly BackupHost[];
  readonly database?: { readonly name: string; readonly user: string };
  /** Where the files are to be. */
  readonly folder?: AbsolutePath;
  /** MariaDB's `server_id` here: none of the first site's. */
  readonly serverId: number;
  readonly bufferPoolMiB: number;
  /** Minutes between two looks at the files. */
  readonly minutes: number;
  /** How far behind is too far. */
  readonly alarmSeconds: number;
  /** What is started by a promotion. */
  readonly start: readonly string[];
}

/** The secrets of the step: the key, the replication's password, and that of the site's own account. */
export const disasterSecrets = { key: "disaster-key", replication: disasterSecret, site: "disaster-site" } as const;

/** Where the connection to the first site's database is, on the second site itself. */
const TUNNEL_PORT = 3307;
/** Transactions of this site's own, once it is the site. */
const OWN_DOMAIN = 99;

/** Follows a first site's database and files, until a person makes it the site. */
export const disasterRole: HostRole<DisasterParams, BaseResult> = {
  name: "services-disaster",
  packages: ["mariadb-client", "mariadb-server", "openssh-client", "rsync"],
  script: assetPath("services/disaster/role.sh"),
  secrets: Object.values(disasterSecrets),
  result: baseResult,
  files: disasterFiles,
  variables: ({ name, database }) => ({
    NAME: name,
    DATABASE: database?.name ?? "",
    DB_USER: database?.user ?? "",
  }),
};

const listed = (hosts: readonly BackupHost[]): string =>
  hosts.map(({ name, address }) => `${name}@${address}`).join(" ");

function disasterFiles(params: DisasterParams): Record<AbsolutePath, HostFile> {
  const { name, database } = params;
  const folder: AbsolutePath = `/etc/linode-ha/disaster/${name}`;
  const text = (content: string): HostFile => ({ mode: "0644", content });
  const secret = (which: keyof typeof disasterSecrets): HostFile => ({
    mode: "0600",
    content: `${secretPlaceholder(disasterSecrets[which])}\n`,
    secret: disasterSecrets[which],
  });
  const known = new Map([...params.databases, ...params.fileHosts].map((host) => [host.address, host]));
  return {
    "/usr/local/sbin/ha-disaster": { mode: "0755", content: asset("services/disaster/site.sh") },
    [`${folder}/settings`]: text(
      shellLines({
        DATABASES: listed(params.databases),
        FILES: listed(params.fileHosts),
        DATABASE: database?.name ?? "",
        FOLDER: params.folder ?? "",
        TUNNEL_PORT: `${TUNNEL_PORT}`,
        ACCOUNT: disasterAccount,
        ALARM_SECONDS: `${params.alarmSeconds}`,
        START: params.start.join(" "),
      }),
    ),
    [`${folder}/known`]: text([...known.values()].map(({ address, hostKey }) => knownHost(address, hostKey)).join("")),
    [`${folder}/key`]: secret("key"),
    [`${folder}/replication.secret`]: secret("replication"),
    ...(database === undefined
      ? {}
      : { "/etc/mysql/mariadb.conf.d/95-linode-ha-disaster.cnf": text(renderDisasterServer(params)) }),
    ...units(params),
    [`/etc/linode-ha/health.d/85-disaster-${name}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/sbin/ha-disaster ${name} status\n`,
    },
  };
}

/** The server's settings: nobody writes here but the replication, and nothing but the site's database comes by it. */
export function renderDisasterServer({ database, serverId, bufferPoolMiB }: DisasterParams): string {
  return [
    "# Managed: written anew by each deployment. What a promotion adds sorts after it.",
    "[mariadbd]",
    "bind-address = 127.0.0.1",
    "skip-name-resolve",
    `innodb_buffer_pool_size = ${bufferPoolMiB}M`,
    "innodb_flush_log_at_trx_commit = 1",
    "sync_binlog = 1",
    `server_id = ${serverId}`,
    `gtid_domain_id = ${OWN_DOMAIN}`,
    "log_bin = mariadb-bin",
    "relay_log = relay",
    "log_slave_updates = ON",
    "binlog_format = ROW",
    "binlog_expire_logs_seconds = 604800",
    "master_retry_count = 0",
    `replicate_wild_do_table = ${database?.name ?? "none"}.%`,
    "read_only = ON",
    "",
  ].join("\n");
}

function units({ name, minutes }: DisasterParams): Record<AbsolutePath, HostFile> {
  const unit = (file: string, lines: readonly string[]): [AbsolutePath, HostFile] => [
    `/etc/systemd/system/${file}`,
    { mode: "0644", content: [...lines, ""].join("\n") },
  ];
  return Object.fromEntries([
    unit(`linode-ha-disaster-${name}.socket`, [
      "[Unit]",
      "Description=The first site's database, on this host",
      "",
      "[Socket]",
      `ListenStream=127.0.0.1:${TUNNEL_PORT}`,
      "Accept=yes",
      "",
      "[Install]",
      "WantedBy=sockets.target",
    ]),
    unit(`linode-ha-disaster-${name}@.service`, [
      "[Unit]",
      "Description=A connection to the first site's database",
      "",
      "[Service]",
      `ExecStart=-/usr/local/sbin/ha-disaster ${name} tunnel`,
      "StandardInput=socket",
      "StandardOutput=socket",
      "StandardError=journal",
    ]),
    unit("linode-ha-disaster-files@.service", [asset("services/disaster/linode-ha-disaster-files@.service").trimEnd()]),
    unit(`linode-ha-disaster-files@${name}.timer`, [
      "[Unit]",
      "Description=Files of the first site, every so often",
      "",
      "[Timer]",
      "OnBootSec=5min",
      `OnUnitInactiveSec=${minutes}min`,
      "",
      "[Install]",
      "WantedBy=timers.target",
    ]),
  ]);
}
