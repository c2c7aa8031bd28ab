import type { AbsolutePath } from "../../contract";

/** How two MariaDB servers stand to each other. `multi-master`: both write; `replica`: one writes, the other follows. */
export type MariadbTopology = "multi-master" | "replica";

/** One of the two servers. */
export interface MariadbMember {
  /** Equals `uname -n` there; also the name in its certificate. */
  readonly name: string;
  /** Where the other reaches it. */
  readonly address: string;
  /** MariaDB's `server_id`. */
  readonly serverId: number;
  /** MariaDB's `gtid_domain_id`: each writer's own, the same for both of a writer and its replica. */
  readonly domainId: number;
}

/** What both servers, and their commands, are configured by. */
export interface MariadbPairParams {
  readonly topology: MariadbTopology;
  readonly members: readonly [MariadbMember, MariadbMember];
  /** The node this is for: the name of one of {@link members}. */
  readonly node: string;
  /** `replica` only: who writes at the beginning. */
  readonly primary: string;
  /** Of the component's own: hexadecimal digits that tell this pair's data from any other's. */
  readonly cluster: string;
  /** The folder, or the mount point, that the data is below. */
  readonly base: AbsolutePath;
  /** Whether `base` must be mounted; false where it is a plain folder. */
  readonly mounted: boolean;
  readonly port: number;
  /** Addresses that move between the two; both listen on them, whoever has them. */
  readonly alsoListen?: readonly string[];
  readonly bufferPoolMiB: number;
  readonly maxConnections: number;
  /** How long a node may be away and still be caught up with. */
  readonly binlogDays: number;
  /** Seconds behind the other from which on the health check complains. */
  readonly lagSeconds: number;
  /** `replica` only: how long a commit waits for the replica, and how long a take-over needs no word about the writer. */
  readonly ackSeconds: number;
  /** The component's name, from which the steps have theirs. */
  readonly component: string;
}

/** Names of the steps of a component on each node, in their order. */
export function mariadbSteps(component: string): Record<"server" | "trust" | "seed" | "replication", string> {
  return {
    server: `mariadb-${component}`,
    trust: `mariadb-trust-${component}`,
    seed: `mariadb-seed-${component}`,
    replication: `mariadb-replication-${component}`,
  };
}

/** The node's own side and its peer's. */
export function sidesOf(params: MariadbPairParams): {
  readonly own: MariadbMember;
  readonly peer: MariadbMember;
  /** 1 or 2. */
  readonly position: 1 | 2;
} {
  const [first, second] = params.members;
  if (params.node === first.name) return { own: first, peer: second, position: 1 };
  if (params.node === second.name) return { own: second, peer: first, position: 2 };
  throw new Error(`node "${params.node}" is not one of ${first.name}, ${second.name}`);
}

/** The passwords that the two servers and their application share: letters and digits. */
export const mariadbPairSecrets = {
  replication: "mariadb-replication",
  health: "mariadb-health",
  site: "mariadb-password",
} as const;

/** The folder with the commands that the steps and the peer call. */
export const mariadbPrograms: AbsolutePath = "/usr/local/lib/linode-ha/mariadb";

/** The folder with the server's key and certificates. */
export const mariadbTls: AbsolutePath = "/etc/mysql/linode-ha";

/** The server's settings. */
export function renderMariadbPair(params: MariadbPairParams): string {
  const { own } = sidesOf(params);
  return [
    "# Managed: written anew by each deployment. Settings of your own belong into a file that sorts after this one.",
    "[mariadbd]",
    `datadir = ${params.base}/data`,
    "socket = /run/mysqld/mysqld.sock",
    `bind-address = ${["127.0.0.1", own.address, ...(params.alsoListen ?? [])].join(",")}`,
    `port = ${params.port}`,
    "skip-name-resolve",
    `innodb_buffer_pool_size = ${params.bufferPoolMiB}M`,
    `max_connections = ${params.maxConnections}`,
    "",
    "# An acknowledged write, and its place in the log, survive a power cut.",
    "innodb_flush_log_at_trx_commit = 1",
    "sync_binlog = 1",
    "",
    "# Replication by GTID and by rows; a row that is not as expected stops it.",
    `server_id = ${own.serverId}`,
    `gtid_domain_id = ${own.domainId}`,
    "gtid_strict_mode = ON",
    "log_bin = mariadb-bin",
    "relay_log = relay",
    "log_slave_updates = ON",
    "binlog_format = ROW",
    "binlog_row_image = FULL",
    "slave_exec_mode = STRICT",
    "master_verify_checksum = ON",
    "slave_net_timeout = 10",
    "# A peer may be away as long as the log is kept: it is never given up.",
    "master_retry_count = 0",
    "slave_parallel_threads = 4",
    "slave_parallel_mode = optimistic",
    `binlog_expire_logs_seconds = ${params.binlogDays * 86_400}`,
    "",
    "# The key was made on this host and never leaves it; trusted.crt is this node's certificate and its peer's.",
    `ssl_key = ${mariadbTls}/node.key`,
    `ssl_cert = ${mariadbTls}/node.crt`,
    `ssl_ca = ${mariadbTls}/trusted.crt`,
    "tls_version = TLSv1.2,TLSv1.3",
    "",
    ...topologyLines(params),
    "",
  ].join("\n");
}

function topologyLines(params: MariadbPairParams): string[] {
  switch (params.topology) {
    case "multi-master":
      return [
        "# Two writers: numbers that never meet, and no table whose rows the other could not tell apart.",
        "auto_increment_increment = 2",
        `auto_increment_offset = ${sidesOf(params).position}`,
        "innodb_force_primary_key = ON",
        // Temporary tables are not replicated, and applications make them without a key.
        "default_tmp_storage_engine = Aria",
      ];
    case "replica":
      return [
        "# Nobody writes, and nothing is followed, before linode-ha-mariadb-watch knows which of the two this server is.",
        "read_only = ON",
        "skip_slave_start = ON",
        `rpl_semi_sync_master_timeout = ${params.ackSeconds * 1000}`,
        "rpl_semi_sync_master_wait_point = AFTER_SYNC",
        // A writer that stopped waiting as soon as its replica is out of reach could acknowledge what a take-over then lacks.
        "rpl_semi_sync_master_wait_no_slave = ON",
      ];
  }
}

/** What the commands on the host read. */
export function pairSettings(params: MariadbPairParams): Record<string, string> {
  const { own, peer } = sidesOf(params);
  const steps = mariadbSteps(params.component);
  return {
    TOPOLOGY: params.topology,
    CLUSTER: params.cluster,
    NODE_NAME: own.name,
    PEER_NAME: peer.name,
    ADDRESS: own.address,
    PEER_ADDRESS: peer.address,
    PORT: `${params.port}`,
    BASE: params.base,
    MOUNTED: params.mounted ? "yes" : "no",
    OWN_DOMAIN: `${own.domainId}`,
    PEER_DOMAIN: `${peer.domainId}`,
    INITIAL_ROLE: params.topology === "replica" && own.name !== params.primary ? "reader" : "writer",
    LAG_SECONDS: `${params.lagSeconds}`,
    ACK_SECONDS: `${params.ackSeconds}`,
    SEED_STEP: steps.seed,
    REPLICATION_STEP: steps.replication,
  };
}
