import type * as pulumi from "@pulumi/pulumi";
import { DrbdVolume, HaPair, type NodePair, UserError } from "../components";
import type { DrbdTuning } from "../components/drbdVolume";
import type { ManagerFencing } from "../components/managers/fencing";
import * as model from "../components/serviceGroup";
import { LighttpdServer } from "../components/services/lighttpdServer";
import { MailRelay } from "../components/services/mailRelay";
import { MariadbServer } from "../components/services/mariadbServer";
import { ApacheServer } from "../components/services/apacheServer";
import { PostgresqlServer } from "../components/services/postgresqlServer";
import { type ActivePassiveConfig, backingOf, type CrossedPairConfig, type ManualFailoverConfig } from "../config";

/** What a stack needs to make an address that its pair must own. */
export interface WantedAddress {
  readonly name: string;
  readonly kind: "public4" | "private4";
}

/** What stands outside of the pair's own hosts: addresses that the vendor moves, and fencing through its API. */
export interface Surroundings {
  /** Makes the floating addresses of a pair, in the order given. */
  floating(pair: HaPair, wanted: readonly WantedAddress[]): readonly model.GroupAddress[];
  /** Makes fencing through the vendor's API. */
  fencing(pair: HaPair, confirmSeconds: number): ManagerFencing;
}

/** Where nothing of the kind can be made: refuses, before anything is registered (see {@link checkSurroundings}). */
export const noSurroundings: Surroundings = { floating: () => refuse("addresses"), fencing: () => refuse("fencing") };

function refuse(path: string): never {
  throw new UserError("This stack cannot be built here:", [
    {
      path,
      what: "this program cannot make what is asked for",
      todo: path === "addresses" ? "use addresses of kind vlan" : "use fencing { kind: none, acceptUnfenced: true }",
    },
  ]);
}

/** Refuses what the surroundings cannot give, before anything is registered. */
export function checkSurroundings(config: Built, surroundings: Surroundings): void {
  if (surroundings !== noSurroundings) return;
  if (Object.values(config.addresses).some(({ kind }) => kind !== "vlan")) refuse("addresses");
  if ("fencing" in config && config.fencing.kind === "linode") refuse("fencing");
}

/** A system in which services move. */
type Built = CrossedPairConfig | ActivePassiveConfig | ManualFailoverConfig;

/** The storage, addresses and services of a system in which services move; its manager comes after. */
export interface FailoverParts {
  readonly pair: HaPair;
  readonly nodes: NodePair;
  readonly groups: readonly model.ServiceGroup[];
  readonly knownServices: readonly string[];
  readonly outputs: Record<string, unknown>;
  /** What a manager waits for beside its groups. */
  readonly ready: readonly pulumi.Resource[];
}

/** The VLAN is the nodes' second interface. */
const VLAN_INTERFACE = "eth1";

/** Builds everything but the manager. `tuning`: DRBD's settings that the source of the system asks for. */
export function failoverParts(config: Built, surroundings: Surroundings, tuning: DrbdTuning = {}): FailoverParts {
  checkSurroundings(config, surroundings);
  const pair = new HaPair("pair", config.pair);
  const { nodes } = pair;
  const addresses = makeAddresses(pair, config, surroundings);
  const made = Object.entries(config.volumes).map(([name, settings]) => {
    const volume = new DrbdVolume(name, {
      nodes,
      backing: backingOf(name, settings),
      mode: { kind: "single-primary", preferred: groupOf(config, "volumes", name).preferred, promote: "manager" },
      port: settings.port,
      minor: settings.minor,
      initialSync: settings.initialSync,
      detection: config.detection,
      tuning: { ...tuning, disk: { ...tuning.disk, resyncRateKiB: settings.syncRateKiB } },
      filesystem: settings.filesystem,
    });
    return [name, volume] as const;
  });
  const volumes = new Map<string, model.ReplicatedVolume>(made);
  const { units, outputs } = makeServices(config, volumes, addresses);
  const ready =
    config.mail === undefined ? [] : new MailRelay("mail", { nodes, domain: config.pair.domain, ...config.mail }).ready;
  const groups = Object.entries<Built["groups"][string]>(config.groups).map(([name, group]): model.ServiceGroup => {
    const { preferred } = group;
    const links = "links" in group ? group.links : undefined;
    const own = group.volumes.map((volume) => [given(volumes, volume), config.volumes[volume]?.filesystem] as const);
    return {
      name,
      preferred,
      ...("failback" in group ? { failback: group.failback } : {}),
      ...("scores" in group
        ? { scores: group.scores, monitorSeconds: group.monitorSeconds, migrationThreshold: group.migrationThreshold }
        : {}),
      runs: [
        ...own.map(([volume]) => model.drbd(volume)),
        ...own.flatMap(([volume, filesystem]) => (filesystem === undefined ? [] : [model.mount(volume, filesystem)])),
        ...(links === undefined ? [] : [model.links(links as Parameters<typeof model.links>[0])]),
        ...group.addresses.map((address) => model.address(given(addresses, address))),
        ...group.services.map((service) => model.service(given(units, service))),
        ...(group.mail === undefined ? [] : [model.mailTo(group.mail)]),
      ],
    };
  });
  return {
    pair,
    nodes,
    groups,
    knownServices: [...units.values()],
    ready,
    outputs: {
      endpoints: pair.endpoints,
      sshPrivateKey: pair.sshPrivateKey,
      storage: Object.fromEntries(made.map(([name, { device, status }]) => [name, { device, status }])),
      addresses: Object.fromEntries([...addresses].map(([name, { address }]) => [name, address])),
      ...outputs,
    },
  };
}

/** Fencing as the configuration has it. */
export function fencingOf(
  config: CrossedPairConfig | ActivePassiveConfig,
  pair: HaPair,
  surroundings: Surroundings,
): ManagerFencing {
  const { fencing } = config;
  return fencing.kind === "none" ? fencing : surroundings.fencing(pair, fencing.confirmSeconds);
}

function makeAddresses(pair: HaPair, config: Built, surroundings: Surroundings): Map<string, model.GroupAddress> {
  const entries = Object.entries(config.addresses);
  const wanted = entries.flatMap(([name, { kind }]) => (kind === "vlan" ? [] : [{ name, kind }]));
  const floating = wanted.length === 0 ? [] : surroundings.floating(pair, wanted);
  const network = config.pair.interconnect.kind === "vlan" ? config.pair.interconnect.cidr : "/24";
  const vlan = entries.flatMap(([name, settings]): model.GroupAddress[] =>
    settings.kind !== "vlan"
      ? []
      : [
          {
            name,
            address: settings.address,
            prefixLength: Number(network.split("/")[1]),
            interface: VLAN_INTERFACE,
            method: { kind: "arp" },
            nodes: pair.nodes.map((node) => node.name),
          },
        ],
  );
  return new Map([...floating, ...vlan].map((address) => [address.name, address]));
}

interface Services {
  /** The systemd units by the services' names. */
  readonly units: ReadonlyMap<string, string>;
  readonly outputs: Record<string, unknown>;
}

/** Makes the services, and puts volumes that are ready when their services are into `volumes`. */
function makeServices(
  config: Built,
  volumes: Map<string, model.ReplicatedVolume>,
  addresses: ReadonlyMap<string, model.GroupAddress>,
): Services {
  const units = new Map<string, string>();
  const outputs: Record<string, unknown> = {};
  const on = (name: string) => {
    const filesystem = config.volumes[name]?.filesystem;
    if (filesystem === undefined) throw new Error(`volume "${name}" was lost on the way`);
    return { volume: given(volumes, name), filesystem };
  };
  const add = (service: string, volume: string, made: { volume: model.ReplicatedVolume; unit: string }) => {
    volumes.set(volume, made.volume);
    units.set(service, made.unit);
  };
  const { mariadb, postgresql, lighttpd, apache } = config.services;
  const group = (service: string) => groupOf(config, "services", service);
  if (mariadb !== undefined) {
    const { volume, address, ...settings } = mariadb;
    const server = new MariadbServer("mariadb", { ...on(volume), ...settings, address: given(addresses, address) });
    add("mariadb", volume, server);
    outputs["mariadb"] = { database: server.database, user: server.user, password: server.password };
  }
  if (postgresql !== undefined) {
    const { volume, address, ...settings } = postgresql;
    const server = new PostgresqlServer("postgresql", {
      ...on(volume),
      ...settings,
      address: given(addresses, address),
    });
    add("postgresql", volume, server);
    outputs["postgresql"] = { database: server.database, user: server.user, password: server.password };
  }
  if (lighttpd !== undefined) {
    const { volume, ...settings } = lighttpd;
    add("lighttpd", volume, new LighttpdServer("lighttpd", { ...on(volume), ...settings }));
  }
  if (apache !== undefined) {
    const { volume, ...settings } = apache;
    const holder = group("apache");
    const configuration = "links" in holder ? holder.links?.["/etc/apache2"] : undefined;
    add("apache", volume, new ApacheServer("apache", { ...on(volume), ...settings, configuration }));
  }
  return { units, outputs };
}

/** The group that has something. The configuration's checks have made sure that there is one. */
function groupOf(config: Built, kind: "volumes" | "services", name: string): Built["groups"][string] {
  const groups: readonly Built["groups"][string][] = Object.values(config.groups);
  const found = groups.find((group) => group[kind].includes(name));
  if (found === undefined) throw new Error(`no group has "${name}" of ${kind}`);
  return found;
}

function given<V>(map: ReadonlyMap<string, V>, name: string): V {
  const value = map.get(name);
  if (value === undefined) throw new Error(`"${name}" was lost on the way`);
  return value;
}
