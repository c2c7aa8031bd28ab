import type * as pulumi from "@pulumi/pulumi";
import {
  Backups,
  DisasterSite,
  type HaNode,
  LocalFilesystem,
  MailRelay,
  Monitoring,
  type ReplicatedVolume,
  ServerGroup,
  type WordpressSite,
} from "../components";
import { LAMP_DEVICES, type LampTiersConfig } from "../config";
import type { LampDatabase } from "./lampDatabase";
import { onVlan } from "./lampTier";

/** Where web servers have the site's files. */
export const SITE_MOUNTPOINT = "/srv/www";
const BACKUP_MOUNTPOINT = "/srv/backup";

/** What is done for backups. */
export interface Store {
  readonly nodes: readonly HaNode[];
  readonly group: { readonly store?: ServerGroup };
  readonly ready: readonly pulumi.Resource[];
}

/** One more host, which fetches files from the web servers and a dump from the database, each night. */
export function backups(config: LampTiersConfig, web: ServerGroup, site: WordpressSite, database: LampDatabase): Store {
  const { tiers, backups: wanted } = config;
  if (tiers.backups === undefined || wanted === undefined) return { nodes: [], group: {}, ready: [] };
  const store = new ServerGroup("store", onVlan(tiers.backups));
  const [target] = store.nodes;
  if (target === undefined) throw new Error("the host for backups was lost on the way");
  const disk = new LocalFilesystem("backup", {
    node: target,
    device: LAMP_DEVICES.backups,
    type: "btrfs",
    mountpoint: BACKUP_MOUNTPOINT,
  });
  const { at, keepDays, alarmHours } = wanted;
  const common = { target, at, keepDays, alarmHours };
  const made = [
    new Backups("files", {
      ...common,
      nodes: web.nodes,
      files: { folder: SITE_MOUNTPOINT, mountpoint: SITE_MOUNTPOINT },
      folder: `${BACKUP_MOUNTPOINT}/files`,
      after: [...disk.ready, ...site.ready],
    }),
    new Backups("database", {
      ...common,
      // The second first: while all is well it has the time.
      nodes: [...database.tier.pair.nodes].reverse(),
      database: database.name,
      folder: `${BACKUP_MOUNTPOINT}/database`,
      after: [...disk.ready, ...database.ready],
    }),
  ];
  return { nodes: store.nodes, group: { store }, ready: made.flatMap(({ ready }) => ready) };
}

/** One host elsewhere, whose database and files follow. */
export function secondSite(
  { disaster }: LampTiersConfig,
  far: ServerGroup | undefined,
  web: ServerGroup,
  site: WordpressSite,
  database: LampDatabase,
): DisasterSite | undefined {
  const [target] = far?.nodes ?? [];
  if (disaster === undefined || far === undefined || target === undefined) return undefined;
  return new DisasterSite("elsewhere", {
    target,
    database: {
      nodes: [...database.tier.pair.nodes].reverse(),
      name: database.name,
      user: database.user,
      password: database.password,
    },
    files: { nodes: web.nodes, folder: SITE_MOUNTPOINT },
    minutes: disaster.minutes,
    alarmMinutes: disaster.alarmMinutes,
    after: [...site.ready, ...database.ready],
  });
}

/** All hosts tell how they are. */
export function watch(
  { mail, hosts, fencing }: LampTiersConfig,
  nodes: readonly HaNode[],
  volumes: readonly ReplicatedVolume[],
  after: readonly pulumi.Resource[],
): Monitoring {
  const relay =
    mail === undefined
      ? []
      : new MailRelay("mail", { nodes, domain: hosts.domain, relayHost: mail.relayHost, relayPort: mail.relayPort })
          .ready;
  return new Monitoring("lamp", {
    nodes,
    verify: { volumes },
    mailTo: mail?.to,
    acceptUnfenced: fencing.kind === "none",
    after: [...after, ...relay],
  });
}
