import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AbsolutePath } from "../hosts/contract";
import { backupSourceRole, backupSourceSecret } from "../hosts/services/backup-source/render";
import { type BackupHost, backupRole, backupTargetSecret } from "../hosts/services/backup/render";
import type { HaNode } from "./haNode";
import { UserError } from "./internal/errors";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings, isMountpoint } from "./internal/rules";
import { sshKeyPairFromSeed } from "./internal/sshKeys";

const DEFAULTS = { folder: "/srv/backup", at: "02:15", keepDays: 42, alarmHours: 26, rehearsalDays: 7 } as const;
const SEED_LENGTH = 48;

/** Settings of a {@link Backups}. */
export interface BackupsArgs {
  /** The nodes that have all of it, one or more, in the order in which they are asked: the first that can be backed up is. */
  readonly nodes: readonly HaNode[];
  /** Another host, not one of {@link nodes}, better in another region. Each must reach the other's sshd over {@link network}. */
  readonly target: HaNode;
  /** Name of a MariaDB database on the nodes. Default: none is backed up. */
  readonly database?: string;
  /** The files, for example `/srv/www`. Default: none are backed up. */
  readonly files?: {
    readonly folder: string;
    /** Where their file system must be mounted, so that an empty folder below is not taken for them. Default: not looked at. */
    readonly mountpoint?: string;
  };
  /** Where the target keeps the snapshots: a folder on btrfs. Default `/srv/backup`. */
  readonly folder?: string;
  /** When it begins each night in the target's time, `HH:MM`. Default `02:15`. */
  readonly at?: string;
  /** Days for which a snapshot is kept, 1 to 3650. The last good one always is. Default 42: six weeks. */
  readonly keepDays?: number;
  /** Hours after which the last good one is too old, 2 to 720: the target's `ha-health` then fails. Default 26. */
  readonly alarmHours?: number;
  /** Days between rehearsals of a restore on the target, 1 to 60. Default 7. */
  readonly rehearsalDays?: number;
  /** Over which of their addresses they reach each other. Default `interconnect`: the target is on the pair's VLAN too. */
  readonly network?: "interconnect" | "private4" | "public4" | "public6";
  /** What must be there before, for example the site. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Nightly backups on another host: it fetches a consistent dump of the database and the files over SSH into a snapshot that nobody can change,
 * neither a node that was broken into. Once in a while it loads the last one into a database server of its own and counts.
 *
 * On the target `ha-backup <name> run | list | status | rehearse`; on a node `ha-restore <name> list` and `ha-restore <name> <snapshot>
 * --replace <node>`, which keeps what it replaces.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class Backups extends pulumi.ComponentResource {
  /** What later steps depend on. The first backup is made at night, or by hand. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:Backups", name, {}, opts);
    check(name, args);
    const sourceKeys = keysOf(childName(name, "source-key"), `backup-${name}`, this);
    const restoreKeys = keysOf(childName(name, "restore-key"), `restore-${name}`, this);
    const { network = "interconnect", after = [] } = args;
    const content = {
      database: args.database,
      folder: args.files?.folder as AbsolutePath | undefined,
      mountpoint: args.files?.mountpoint as AbsolutePath | undefined,
    };
    const sources = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "backup-source"),
          {
            role: backupSourceRole,
            step: `backup-source-${name}`,
            node,
            params: pulumi
              .all([hostOf(args.target, network), sourceKeys.publicKey])
              .apply(([target, sourceKey]) => ({ name, content, target, sourceKey })),
            secrets: { [backupSourceSecret]: restoreKeys.privateKey },
            after,
          },
          { parent: this },
        ),
    );
    const target = new HostStep(
      childName(name, args.target.name, "backup"),
      {
        role: backupRole,
        step: `backup-${name}`,
        node: args.target,
        params: pulumi
          .all([pulumi.all(args.nodes.map((node) => hostOf(node, network))), restoreKeys.publicKey])
          .apply(([hosts, restoreKey]) => ({
            name,
            sources: hosts,
            content,
            base: (args.folder ?? DEFAULTS.folder) as AbsolutePath,
            at: args.at ?? DEFAULTS.at,
            keepDays: args.keepDays ?? DEFAULTS.keepDays,
            alarmHours: args.alarmHours ?? DEFAULTS.alarmHours,
            rehearsalDays: args.rehearsalDays ?? DEFAULTS.rehearsalDays,
            restoreKey,
          })),
        secrets: { [backupTargetSecret]: sourceKeys.privateKey },
        after: sources,
      },
      { parent: this },
    );
    this.ready = [...sources, target];
    this.registerOutputs({});
  }
}

function keysOf(name: string, comment: string, parent: pulumi.Resource) {
  const seed = new random.RandomPassword(name, { length: SEED_LENGTH, special: false }, { parent }).result;
  const keys = seed.apply((text) => sshKeyPairFromSeed(text, comment));
  return {
    publicKey: pulumi.unsecret(keys.apply(({ publicKey }) => publicKey)),
    privateKey: pulumi.secret(keys.apply(({ privateKey }) => privateKey.trimEnd())),
  };
}

function hostOf(node: HaNode, network: NonNullable<BackupsArgs["network"]>): pulumi.Output<BackupHost> {
  const { addresses } = node;
  const address = network === "interconnect" ? addresses.interconnect.address : addresses[network];
  return pulumi
    .all([address ?? "", pulumi.unsecret(node.connection.apply(({ hostKey }) => hostKey))])
    .apply(([known, hostKey]) => ({ name: node.name, address: known, hostKey }));
}

function check(name: string, args: BackupsArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files and units can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "nightly"',
  });
  found.require(args.nodes.length > 0, {
    path: "nodes",
    what: "is empty: there is nothing to back up",
    allowed: "one node or more",
    todo: "give the nodes of the pair",
  });
  found.require(!args.nodes.some((node) => node === args.target || node.name === args.target.name), {
    path: "target",
    given: args.target.name,
    what: "is one of the nodes that are backed up, and would be lost with them",
    allowed: "another host",
    todo: "give a host of its own, better in another region",
  });
  found.require(args.database !== undefined || args.files !== undefined, {
    path: "database",
    what: "is missing, and so are the files: there is nothing to back up",
    allowed: "a database, files, or both",
    todo: 'write for example database: "site"',
  });
  found.require(/^[a-z][a-z0-9_]{0,31}$/.test(args.database ?? "site"), {
    path: "database",
    given: args.database,
    what: "is not the name of a database",
    allowed: "up to 32 of a-z, 0-9 and '_', starting with a letter",
    todo: "write it as the database has it",
  });
  for (const [path, given] of [
    ["folder", args.folder],
    ["files.folder", args.files?.folder],
    ["files.mountpoint", args.files?.mountpoint],
  ] as const) {
    found.require(given === undefined || isMountpoint(given), {
      path,
      given,
      what: "is not an absolute path",
      allowed: "a path from the root, without spaces",
      todo: "write it as /srv/www",
    });
  }
  found.require(/^([01]\d|2[0-3]):[0-5]\d$/.test(args.at ?? DEFAULTS.at), {
    path: "at",
    given: args.at,
    what: "is not a time of the day",
    allowed: "00:00 to 23:59",
    todo: `leave it out for ${DEFAULTS.at}`,
  });
  for (const [path, least, most] of [
    ["keepDays", 1, 3650],
    ["alarmHours", 2, 720],
    ["rehearsalDays", 1, 60],
  ] as const) {
    const given = args[path] ?? DEFAULTS[path];
    found.require(Number.isInteger(given) && given >= least && given <= most, {
      path,
      given,
      what: "is out of range",
      allowed: `whole numbers from ${least} to ${most}`,
      todo: `leave it out for ${DEFAULTS[path]}`,
    });
  }
  for (const node of [...args.nodes, args.target]) {
    found.require(args.network !== "private4" || node.addresses.private4 !== undefined, {
      path: "network",
      given: args.network,
      what: `${node.name} has no such address`,
      todo: "choose a network that all of them are on",
    });
  }
  if (found.problems.length > 0) throw new UserError(`Backups "${name}" cannot be built:`, found.problems);
}
