import type * as pulumi from "@pulumi/pulumi";
import { DrbdVolume, type HaPair, type NodePair } from "../components";
import type { DrbdTuning, VolumeFencing } from "../components/drbdVolume";
import * as model from "../components/serviceGroup";
import { LighttpdServer } from "../components/services/lighttpdServer";
import { MailRelay } from "../components/services/mailRelay";
import { MariadbServer } from "../components/services/mariadbServer";
import { ApacheServer } from "../components/services/apacheServer";
import { PostgresqlServer } from "../components/services/postgresqlServer";
import { backingOf } from "../config";
import { type FailoverConfig, type FailoverPair, groupOf } from "./failoverPair";

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

/** What a system's manager asks of the parts below it. */
export interface PartsOptions {
  /** What DRBD does when the peer is lost. Default: nothing. */
  readonly fencing?: VolumeFencing;
  /** How soon DRBD notices a dead peer. Default: as the manager does. */
  readonly detectionSeconds?: number;
}

/** Builds everything but the manager. `tuning`: DRBD's settings that the source of the system asks for. */
export function failoverParts(
  config: FailoverConfig,
  { pair, addresses }: FailoverPair,
  tuning: DrbdTuning = {},
  options: PartsOptions = {},
): FailoverParts {
  const { nodes } = pair;
  const made = Object.entries(config.volumes).map(([name, settings]) => {
    const volume = new DrbdVolume(name, {
      nodes,
      backing: backingOf(name, settings),
      mode: { kind: "single-primary", preferred: groupOf(config, "volumes", name).preferred, promote: "manager" },
      port: settings.port,
      network: settings.network,
      minor: settings.minor,
      initialSync: settings.initialSync,
      detection: { seconds: options.detectionSeconds ?? config.detection.seconds },
      fencing: options.fencing,
      tuning: { ...tuning, disk: { ...tuning.disk, resyncRateKiB: settings.syncRateKiB } },
      filesystem: settings.filesystem,
    });
    return [name, volume] as const;
  });
  const volumes = new Map<string, model.ReplicatedVolume>(made);
  const { units, outputs } = makeServices(config, volumes, addresses);
  const ready =
    config.mail === undefined ? [] : new MailRelay("mail", { nodes, domain: config.pair.domain, ...config.mail }).ready;
  const groups = Object.entries<FailoverConfig["groups"][string]>(config.groups).map(
    ([name, group]): model.ServiceGroup => {
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
    },
  );
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

/** The node that survives when both shoot at once: the first group matters most. */
export function preferredOf({ groups }: Pick<FailoverConfig, "groups">): string | undefined {
  return Object.values<{ readonly preferred: string }>(groups)[0]?.preferred;
}

interface Services {
  /** The systemd units by the services' names. */
  readonly units: ReadonlyMap<string, string>;
  readonly outputs: Record<string, unknown>;
}

/** Makes the services, and puts volumes that are ready when their services are into `volumes`. */
function makeServices(
  config: FailoverConfig,
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
    const links = "links" in holder ? holder.links : undefined;
    const [configuration, siteFolder] = [links?.["/etc/apache2"], links?.["/var/www"]];
    add("apache", volume, new ApacheServer("apache", { ...on(volume), ...settings, configuration, siteFolder }));
  }
  return { units, outputs };
}

/** The group that has something. The configuration's checks have made sure that there is one. */
function given<V>(map: ReadonlyMap<string, V>, name: string): V {
  const value = map.get(name);
  if (value === undefined) throw new Error(`"${name}" was lost on the way`);
  return value;
}
