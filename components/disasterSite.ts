import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AbsolutePath } from "../hosts/contract";
import type { BackupHost } from "../hosts/services/backup/render";
import { disasterSecret, disasterSourceRole } from "../hosts/services/disaster-source/render";
import { disasterRole, disasterSecrets } from "../hosts/services/disaster/render";
import type { HaNode } from "./haNode";
import { UserError } from "./internal/errors";
import { claim } from "./internal/hostClaims";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings, isMountpoint } from "./internal/rules";
import { sshKeyPairFromSeed } from "./internal/sshKeys";
import { accountPassword } from "./services/internal/database";

const DEFAULTS = { port: 3306, serverId: 101, bufferPoolMiB: 128, minutes: 5, alarmMinutes: 30 } as const;
const SEED_LENGTH = 48;

/** Settings of a {@link DisasterSite}. */
export interface DisasterSiteArgs {
  /** One host in another region. It reaches the others' sshd by their public addresses: let it in (`PairAccess.sshFrom`). */
  readonly target: HaNode;
  /** The database, of a `MariadbReplica` or a `MariadbMultiMaster`. Default: none is followed. */
  readonly database?: {
    /** In the order in which they are asked; any of them will do. */
    readonly nodes: readonly HaNode[];
    readonly name: string;
    /** The site's account; made here with the same password, for `localhost`. */
    readonly user: string;
    readonly password: pulumi.Input<string>;
    /** Default 3306. */
    readonly port?: number;
    /** MariaDB's `server_id` of the second site; must be none of the first's. Default 101. */
    readonly serverId?: number;
    /** MiB of InnoDB's buffer pool on the second site. Default 128. */
    readonly bufferPoolMiB?: number;
  };
  /** The site's files. Default: none are copied. */
  readonly files?: {
    /** Any of them has all of them. */
    readonly nodes: readonly HaNode[];
    /** On these nodes, for example `/srv/www`; it must be mounted there. */
    readonly folder: string;
    /** On the second site. Default the same. */
    readonly to?: string;
  };
  /** Minutes between two copies of the files, 1 to 1440. Default 5. */
  readonly minutes?: number;
  /** Minutes that database or files may be behind before `ha-health` complains, 2 to 10080. Default 30. */
  readonly alarmMinutes?: number;
  /** systemd services that a promotion starts, for example `nginx.service`. Default: none. */
  readonly start?: readonly string[];
  /** What must be there before, for example the site. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * A second site on one host, elsewhere: its database follows the first site's, asynchronously, and its files are copied every few minutes, both
 * over SSH with a key that can do nothing else. It serves nobody until a person says `ha-disaster <name> promote --replace <host>` there, which
 * applies all that was received, opens the database, and refuses while the first site answers.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class DisasterSite extends pulumi.ComponentResource {
  /** What makes it the site, on its host. */
  readonly promoteCommand: string;
  /** What later steps depend on: it follows. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: DisasterSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:DisasterSite", name, {}, opts);
    check(name, args);
    const { target, database, files, after = [] } = args;
    const seed = new random.RandomPassword(
      childName(name, "key"),
      { length: SEED_LENGTH, special: false },
      { parent: this },
    );
    const keys = seed.result.apply((text) => sshKeyPairFromSeed(text, `disaster-${name}`));
    const publicKey = pulumi.unsecret(keys.apply((pair) => pair.publicKey));
    const replication = accountPassword(childName(name, "replication"), this);
    const host = pulumi.output(target.addresses.public4).apply((address) => ({ name: target.name, address }));
    const withDatabase = new Set(database?.nodes ?? []);
    const withFiles = new Set(files?.nodes ?? []);
    const sources = [...new Set([...withDatabase, ...withFiles])].map(
      (node) =>
        new HostStep(
          childName(name, node.name, "disaster-source"),
          {
            role: disasterSourceRole,
            step: `disaster-source-${name}`,
            node,
            params: pulumi.all([host, publicKey]).apply(([to, key]) => ({
              name,
              ...(withDatabase.has(node) ? { database: database?.name } : {}),
              port: database?.port ?? DEFAULTS.port,
              ...(withFiles.has(node) && files !== undefined
                ? { files: { folder: files.folder as AbsolutePath, mountpoint: files.folder as AbsolutePath } }
                : {}),
              target: to,
              key,
            })),
            secrets: { [disasterSecret]: replication },
            after,
          },
          { parent: this },
        ),
    );
    const site = new HostStep(
      childName(name, target.name, "disaster"),
      {
        role: disasterRole,
        step: `disaster-${name}`,
        node: target,
        params: pulumi
          .all([pulumi.all([...withDatabase].map(hostOf)), pulumi.all([...withFiles].map(hostOf))])
          .apply(([databases, fileHosts]) => ({
            name,
            databases,
            fileHosts,
            ...(database === undefined ? {} : { database: { name: database.name, user: database.user } }),
            folder: (files?.to ?? files?.folder) as AbsolutePath | undefined,
            serverId: database?.serverId ?? DEFAULTS.serverId,
            bufferPoolMiB: database?.bufferPoolMiB ?? DEFAULTS.bufferPoolMiB,
            minutes: args.minutes ?? DEFAULTS.minutes,
            alarmSeconds: (args.alarmMinutes ?? DEFAULTS.alarmMinutes) * 60,
            start: args.start ?? [],
          })),
        secrets: {
          [disasterSecrets.key]: pulumi.secret(keys.apply((pair) => pair.privateKey.trimEnd())),
          [disasterSecrets.replication]: replication,
          [disasterSecrets.site]: pulumi.secret(database?.password ?? "none"),
        },
        after: sources,
      },
      { parent: this },
    );
    this.ready = [...sources, site];
    this.promoteCommand = `ha-disaster ${name} promote --replace ${target.name}`;
    this.registerOutputs({ promoteCommand: this.promoteCommand });
  }
}

function hostOf(node: HaNode): pulumi.Output<BackupHost> {
  return pulumi
    .all([node.addresses.public4, pulumi.unsecret(node.connection.apply(({ hostKey }) => hostKey))])
    .apply(([address, hostKey]) => ({ name: node.name, address, hostKey }));
}

function check(name: string, args: DisasterSiteArgs): void {
  const found = new Findings();
  const { target, database, files } = args;
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files and units can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "elsewhere"',
  });
  found.require(database !== undefined || files !== undefined, {
    path: "database",
    what: "is missing, and so are the files: there is nothing to follow",
    allowed: "a database, files, or both",
    todo: "name what the site consists of",
  });
  for (const [path, nodes] of [
    ["database.nodes", database?.nodes],
    ["files.nodes", files?.nodes],
  ] as const) {
    found.require(nodes === undefined || nodes.length > 0, {
      path,
      what: "is empty: there is nobody to follow",
      allowed: "one node or more",
      todo: "give the nodes of the first site",
    });
    found.require(!(nodes ?? []).some((node) => node === target || node.name === target.name), {
      path: "target",
      given: target.name,
      what: "is one of the nodes that it follows, and would be lost with them",
      allowed: "another host",
      todo: "give a host of its own, in another region",
    });
  }
  found.require(/^[a-z][a-z0-9_]{0,31}$/.test(database?.name ?? "site"), {
    path: "database.name",
    given: database?.name,
    what: "is not the name of a database",
    allowed: "up to 32 of a-z, 0-9 and '_', starting with a letter",
    todo: "write it as the database has it",
  });
  for (const [path, given] of [
    ["files.folder", files?.folder],
    ["files.to", files?.to],
  ] as const) {
    if (given !== undefined && !isMountpoint(given)) found.requireMountpoint(path, given, "/srv/www");
  }
  for (const [path, given, least, most] of [
    ["minutes", args.minutes ?? DEFAULTS.minutes, 1, 1440],
    ["alarmMinutes", args.alarmMinutes ?? DEFAULTS.alarmMinutes, 2, 10_080],
    ["database.serverId", database?.serverId ?? DEFAULTS.serverId, 1, 2 ** 32 - 1],
  ] as const) {
    found.require(Number.isInteger(given) && given >= least && given <= most, {
      path,
      given,
      what: "is out of range",
      allowed: `whole numbers from ${least} to ${most}`,
      todo: "leave it out for the default",
    });
  }
  if (found.problems.length === 0 && database !== undefined) {
    claim(target, "service", "mariadb", `DisasterSite "${name}"`, "target", found);
  }
  if (found.problems.length > 0) throw new UserError(`DisasterSite "${name}" cannot be built:`, found.problems);
}
