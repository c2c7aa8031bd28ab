import type * as pulumi from "@pulumi/pulumi";
import {
  address,
  drbd,
  DrbdVolume,
  FloatingIp,
  MariadbMultiMaster,
  MariadbReplica,
  MariadbServer,
  mount,
  type PacemakerCluster,
  type ReplicatedVolume,
  service,
  type ServiceGroup,
} from "../components";
import { LAMP_DEVICES, type LampTiersConfig } from "../config";
import { makeTier, manage, type Tier, VLAN_INTERFACE, volumeOf } from "./lampTier";

/** Seconds beside detection and fencing until a take-over begins. */
const ACK_MARGIN_SECONDS = 20;

/** What the other tiers take of the database. */
export interface LampDatabase {
  readonly tier: Tier;
  readonly name: string;
  readonly user: string;
  readonly password: pulumi.Output<string>;
  readonly multiMaster: boolean;
  /** What replicates its data, where a volume does. */
  readonly volumes: readonly ReplicatedVolume[];
  readonly manager: PacemakerCluster;
  readonly ready: readonly pulumi.Resource[];
}

/** The database on a pair of its own, in one of the three designs. Web servers write to one address in each of them. */
export function lampDatabase(config: LampTiersConfig, sshFrom: readonly pulumi.Input<string>[]): LampDatabase {
  const tier = makeTier("db", config.tiers.database, config, sshFrom);
  switch (config.database.design) {
    case "drbd":
      return onVolume(config, tier);
    case "replica":
      return withReplica(config, tier);
    case "multi-master":
      return multiMaster(config, tier);
  }
}

function floatingOf({ pair }: Tier, { moving, hosts }: LampTiersConfig, names: readonly ("database" | "reads")[]) {
  const prefixLength = Number(hosts.cidr.split("/")[1]);
  const addresses = Object.fromEntries(
    names.map((name) => [name, { address: moving[name], prefixLength, interface: VLAN_INTERFACE }]),
  );
  return new FloatingIp("db-floating", { nodes: pair.nodes, arp: { addresses } });
}

/** One server, whose data is on both nodes: what was acknowledged is there after every failover. */
function onVolume(config: LampTiersConfig, tier: Tier): LampDatabase {
  const { nodes } = tier.pair;
  const filesystem = { type: "ext4", mountpoint: "/srv/mariadb" } as const;
  const volume = new DrbdVolume("mariadb", {
    nodes,
    backing: { kind: "volume", name: LAMP_DEVICES.database },
    mode: { kind: "single-primary", preferred: tier.preferred, promote: "manager" },
    filesystem,
    ...volumeOf(config),
  });
  const at = given(floatingOf(tier, config, ["database"]), "database");
  const server = new MariadbServer("db", {
    volume,
    filesystem,
    address: at,
    clients: config.webAddresses,
    bufferPoolMiB: config.database.bufferPoolMiB,
  });
  const group: ServiceGroup = {
    name: "db",
    preferred: tier.preferred,
    runs: [drbd(server.volume), mount(server.volume, filesystem), address(at), service(server.unit)],
  };
  const manager = manage(tier, [group], [server.unit], config);
  return {
    tier,
    name: server.database,
    user: server.user,
    password: server.password,
    multiMaster: false,
    volumes: [volume],
    manager,
    ready: manager.ready,
  };
}

/** What both designs with two servers are told. */
function twoServers(config: LampTiersConfig, { pair }: Tier, alsoListen: readonly string[]) {
  return {
    nodes: pair.nodes,
    storage: { kind: "volume", name: LAMP_DEVICES.database } as const,
    clients: config.webAddresses,
    alsoListen,
    bufferPoolMiB: config.database.bufferPoolMiB,
    serverIds: config.database.serverIds,
  };
}

/** Two servers, one of which follows. Writing moves with its address; reading has an address of its own, at the follower while both are well. */
function withReplica(config: LampTiersConfig, tier: Tier): LampDatabase {
  const { moving, fencing, detection } = config;
  const floating = floatingOf(tier, config, ["database", "reads"]);
  const confirmed = fencing.kind === "linode" ? fencing.confirmSeconds : 0;
  const server = new MariadbReplica("db", {
    ...twoServers(config, tier, [moving.database, moving.reads]),
    primary: tier.preferred,
    ackSeconds: config.database.ackSeconds ?? Math.ceil(detection.seconds) + confirmed + ACK_MARGIN_SECONDS,
  });
  const [, second] = tier.pair.nodes;
  const groups: ServiceGroup[] = [
    {
      name: "db",
      preferred: tier.preferred,
      runs: [service(server.writerUnit), address(given(floating, "database"))],
    },
    { name: "reads", preferred: second.name, failback: true, runs: [address(given(floating, "reads"))] },
  ];
  const manager = manage(tier, groups, [server.writerUnit], config, server.ready);
  return accounts(server, tier, manager, false);
}

/** Two servers that replicate both ways. One is written to, by its address: the other has all that it was told, and needs no promotion. */
function multiMaster(config: LampTiersConfig, tier: Tier): LampDatabase {
  const floating = floatingOf(tier, config, ["database"]);
  const server = new MariadbMultiMaster("db", twoServers(config, tier, [config.moving.database]));
  const group: ServiceGroup = {
    name: "db",
    preferred: tier.preferred,
    runs: [address(given(floating, "database"))],
  };
  const manager = manage(tier, [group], [], config, server.ready);
  return accounts(server, tier, manager, true);
}

function accounts(
  server: MariadbReplica | MariadbMultiMaster,
  tier: Tier,
  manager: PacemakerCluster,
  isMultiMaster: boolean,
): LampDatabase {
  const { database: name, user, password } = server;
  const ready = [...server.ready, ...manager.ready];
  return { tier, name, user, password, multiMaster: isMultiMaster, volumes: [], manager, ready };
}

function given({ addresses }: FloatingIp, name: string) {
  const found = addresses[name];
  if (found === undefined) throw new Error(`address "${name}" was lost on the way`);
  return found;
}
