import * as net from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import type { OwnFilesystem } from "../../../hosts/local-filesystem/render";
import type { MariadbTopology } from "../../../hosts/services/mariadb-pair/config";
import type { NodePair } from "../../haNode";
import { UserError } from "../../internal/errors";
import { claim } from "../../internal/hostClaims";
import type { Findings } from "../../internal/rules";
import { checkAccount } from "./database";

/** Where each of two nodes keeps a database of its own, which nothing else replicates. */
export type DatabaseStorage =
  /** A Block Storage volume of the pair, by the name that the pair gave it. It outlives its Linode. */
  | {
      readonly kind: "volume";
      readonly name: string;
      readonly filesystem?: OwnFilesystem;
      readonly mountpoint?: string;
    }
  /** A raw disk of the pair, by the name that the pair gave it. */
  | { readonly kind: "disk"; readonly name: string; readonly filesystem?: OwnFilesystem; readonly mountpoint?: string }
  /** Any block device, the same path on both nodes, by a name that survives a reboot. */
  | {
      readonly kind: "device";
      readonly path: string;
      readonly filesystem?: OwnFilesystem;
      readonly mountpoint?: string;
    }
  /** A folder on what is there already, for example the boot disk, with which it is lost. Default `/var/lib/mariadb-pair`. */
  | { readonly kind: "folder"; readonly path?: string };

/** What both kinds of MariaDB pairs are told. */
export interface MariadbPairArgs {
  /** The first leads where one side must act first. */
  readonly nodes: NodePair;
  /** Where each node keeps its data. File system: default `ext4`; mount point: default `/srv/mariadb`. */
  readonly storage: DatabaseStorage;
  /** Made on both: a database and who may use it. Default database and user `site`. */
  readonly database?: string;
  readonly user?: string;
  /** Addresses from where the user may come beside `localhost`, for example the web servers'. Default: none. */
  readonly clients?: readonly pulumi.Input<string>[];
  /** Passwords in place of random ones: 16 to 64 letters and digits each. */
  readonly passwords?: {
    /** Of the site's user. */
    readonly site?: pulumi.Input<string>;
    /** Of the account with which the nodes replicate. */
    readonly replication?: pulumi.Input<string>;
    /** Of the account `ha_health`, which sees positions and nothing else. */
    readonly health?: pulumi.Input<string>;
  };
  /** Default 3306. */
  readonly port?: number;
  /** Addresses that move between the nodes, for example by a group of their manager: both servers listen on them, whoever has them. Default: none. */
  readonly alsoListen?: readonly pulumi.Input<string>[];
  /** MiB of InnoDB's buffer pool. Default 128. */
  readonly bufferPoolMiB?: number;
  /** Default 100. */
  readonly maxConnections?: number;
  /** How long a node may be away, in days, and still be caught up with; afterwards it is copied anew. 1 to 90, default 7. */
  readonly binlogDays?: number;
  /** Seconds behind the other node from which on the health check complains. Default 60. */
  readonly lagSeconds?: number;
  /** MariaDB's `server_id` of each node. Default 1 and 2. Replicas of your own need others. */
  readonly serverIds?: readonly [number, number];
  /** Any text; a changed one makes new keys and certificates on both nodes. Default `1`. */
  readonly certificateRound?: string;
  /** How long a certificate is valid, in days. The health check warns 60 days before. Default 3650. */
  readonly certificateDays?: number;
  /** What must be done before. */
  readonly after?: readonly pulumi.Resource[];
}

/** What the kinds differ in. */
export interface PairKind {
  readonly topology: MariadbTopology;
  /** As an error names the component. */
  readonly what: string;
  readonly domainIds: readonly [number, number];
  /** Who writes at the beginning, where not both do. */
  readonly primary: string;
  readonly ackSeconds: number;
}

/** Where none is given. */
export const DEFAULT_PORT = 3306;
/** What needs no quoting anywhere. */
const PASSWORD = /^[A-Za-z0-9]{16,64}$/;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** MariaDB's ids are unsigned 32-bit numbers. */
const MOST_ID = 2 ** 32 - 1;

/** Collects what is wrong with the arguments that both kinds share. */
export function checkPair(name: string, args: MariadbPairArgs, { what }: PairKind, found: Findings): void {
  found.require(NAME.test(name), {
    path: "name",
    given: name,
    what: "is not a name that steps and folders can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "db"',
  });
  checkAccount({ database: args.database ?? "site", user: args.user ?? "site" }, found);
  found.requirePort("port", args.port ?? DEFAULT_PORT, DEFAULT_PORT);
  whole(found, "bufferPoolMiB", args.bufferPoolMiB ?? 128, 8, 1_048_576);
  whole(found, "maxConnections", args.maxConnections ?? 100, 10, 100_000);
  whole(found, "binlogDays", args.binlogDays ?? 7, 1, 90);
  whole(found, "lagSeconds", args.lagSeconds ?? 60, 1, 86_400);
  whole(found, "certificateDays", args.certificateDays ?? 3650, 90, 7300);
  found.require(/^[\w.:-]{1,64}$/.test(args.certificateRound ?? "1"), {
    path: "certificateRound",
    given: args.certificateRound,
    what: "is not a plain text",
    allowed: "1 to 64 letters, digits, '.', ':', '_' and '-'",
    todo: 'leave it out, or write for example "2027"',
  });
  checkIds("serverIds", args.serverIds ?? [1, 2], "each server of a replication needs a number of its own", found);
  checkPasswords(args, found);
  for (const client of args.clients ?? []) {
    if (typeof client === "string") checkClient(client, found);
  }
  (args.alsoListen ?? []).forEach((address, index) => {
    if (typeof address === "string") checkListen(address, `alsoListen[${index}]`, found);
  });
  checkStorage(args, found);
  if (found.problems.length === 0) claimHosts(name, args, what, found);
}

function whole(found: Findings, path: string, given: number, least: number, most: number): void {
  found.require(Number.isInteger(given) && given >= least && given <= most, {
    path,
    given,
    what: "is out of range",
    allowed: `whole numbers from ${least} to ${most}`,
    todo: "leave it out for the default",
  });
}

/** Two numbers, each in range, that must differ. */
export function checkIds(path: string, ids: readonly [number, number], why: string, found: Findings): void {
  ids.forEach((given, index) => whole(found, `${path}[${index}]`, given, 1, MOST_ID));
  found.require(ids[0] !== ids[1], {
    path,
    given: ids,
    what: `both nodes have the same: ${why}`,
    allowed: "two different numbers",
    todo: "leave it out for [1, 2]",
  });
}

function checkPasswords({ passwords = {} }: MariadbPairArgs, found: Findings): void {
  for (const [name, given] of Object.entries(passwords)) {
    if (typeof given === "string") found.require(PASSWORD.test(given), passwordProblem(name));
  }
  const plain = Object.values(passwords).filter((given) => typeof given === "string");
  found.require(new Set(plain).size === plain.length, {
    path: "passwords",
    what: "one password is given twice",
    todo: "give each account its own, or leave them out: then they are random",
  });
}

/**
 * A password that became known only now.
 *
 * @throws UserError where it is missing or too weak.
 */
export function checkedPassword(component: string, which: string, value: string): string {
  if (!PASSWORD.test(value)) throw new UserError(`"${component}" cannot be built:`, [passwordProblem(which)]);
  return value;
}

function passwordProblem(name: string): { path: string; what: string; allowed: string; todo: string } {
  return {
    path: `passwords.${name}`,
    what: "is missing or too weak",
    allowed: "16 to 64 letters and digits",
    todo: "leave it out: then it is random; or set one with `pulumi config set --secret`",
  };
}

/** Whether an account may come from there. */
export function checkClient(given: string, found: Findings): void {
  found.require(net.isIP(given) !== 0, {
    path: "clients",
    given,
    what: "is not an IP address",
    allowed: "IPv4 or IPv6 addresses; names would be asked of a name server at each connection",
    todo: "give the addresses that the servers see; `localhost` is always among them",
  });
}

/** Whether a server can listen there. */
export function checkListen(given: string, path: string, found: Findings): void {
  found.require(net.isIP(given) !== 0, {
    path,
    given,
    what: "is not an IP address",
    allowed: "IPv4 or IPv6 addresses without prefix length",
    todo: "give the address that moves",
  });
}

function checkStorage({ storage, nodes }: MariadbPairArgs, found: Findings): void {
  const base = baseOf(storage);
  const path = storage.kind === "folder" ? "storage.path" : "storage.mountpoint";
  found.requireMountpoint(path, base, "/srv/mariadb");
  found.require(!/^\/(home|root|tmp|var\/tmp|run|var\/lib\/mysql|run\/user)(\/|$)/.test(base), {
    path,
    given: base,
    what: "is a folder that the server's unit cannot see, or that belongs to the package",
    allowed: "any other, for example below /srv",
    todo: "leave it out",
  });
  if (storage.kind === "device") {
    found.require(/^\/dev\/[\w./-]+$/.test(storage.path), {
      path: "storage.path",
      given: storage.path,
      what: "is not a device",
      allowed: "a path below /dev that survives a reboot",
      todo: "use a link from /dev/disk/by-id",
    });
  }
  if (storage.kind !== "volume" && storage.kind !== "disk") return;
  for (const node of nodes) {
    found.require(node.devices[storage.name] !== undefined, {
      path: "storage.name",
      given: storage.name,
      what: `${node.name} has no such ${storage.kind}`,
      allowed: Object.keys(node.devices).join(", ") || "none: the pair has no data disks or volumes",
      todo: `declare it in the pair's disks.${storage.kind === "disk" ? "raw" : "volumes"}`,
    });
  }
}

function claimHosts(name: string, args: MariadbPairArgs, what: string, found: Findings): void {
  const owner = `${what} "${name}"`;
  const { storage } = args;
  for (const node of args.nodes) {
    claim(node, "service", "mariadb", owner, "nodes", found);
    claim(node, "tcp port", args.port ?? DEFAULT_PORT, owner, "port", found);
    if (storage.kind === "folder") continue;
    claim(node, "mount point", baseOf(storage), owner, "storage.mountpoint", found);
    claim(node, "device", storage.kind === "device" ? storage.path : storage.name, owner, "storage", found);
  }
}

/** The folder that the data is below. */
export function baseOf(storage: DatabaseStorage): string {
  if (storage.kind === "folder") return storage.path ?? "/var/lib/mariadb-pair";
  return storage.mountpoint ?? "/srv/mariadb";
}
