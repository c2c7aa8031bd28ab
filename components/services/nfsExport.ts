import * as net from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { nfsFolder, type NfsParams, nfsRole } from "../../hosts/services/nfs/render";
import { UserError } from "../internal/errors";
import { claim } from "../internal/hostClaims";
import { Findings, isCidr } from "../internal/rules";
import type { ReplicatedVolume } from "../serviceGroup";
import {
  checkVolumeMode,
  refuse,
  type ReplicatedServiceArgs,
  serviceSteps,
  serviceVolume,
  volumeWith,
} from "./internal/replicated";

const DEFAULTS = { leaseSeconds: 15, threads: 16, root: "squashed" } as const;

/** Settings of an {@link NfsExport}. */
export interface NfsExportArgs extends ReplicatedServiceArgs {
  /**
   * Addresses and networks that may mount it, one or more. They are believed who their users are, so that the network between must be one that
   * nobody else is on, for example a VLAN.
   */
  readonly clients: readonly pulumi.Input<string>[];
  /** Whether root on a client is root here. Default `squashed`: it is nobody. */
  readonly root?: "kept" | "squashed";
  /**
   * Seconds for which a client that is silent keeps its locks, 10 to 120; after a failover new locks and files may have to wait as long, should a
   * client that had some not come back. Default 15.
   */
  readonly leaseSeconds?: number;
  /** Threads of the server, 1 to 512. Default 16. */
  readonly threads?: number;
}

/**
 * An NFSv4 server (4.1 and 4.2) whose files, and whose memory of who has what locked, are on a replicated volume: clients wait through a failover
 * and go on, with their locks. Neither node starts it: put {@link volume}'s `drbd` and `mount`, then `service(nfs.unit)`, then the address that
 * clients mount from into a group, the address last: it leaves first, so that no client hears from a server that is going.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class NfsExport extends pulumi.ComponentResource {
  /** For the group: ready when the server is. */
  readonly volume: ReplicatedVolume;
  /** The systemd service. */
  readonly unit = "linode-ha-nfs.service";
  /** What clients mount: the server shows them nothing else. */
  readonly path = "/";
  /** Where the files are on the active node. */
  readonly folder: string;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NfsExportArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:NfsExport", name, {}, opts);
    check(name, args);
    const { leaseSeconds, threads, root } = { ...DEFAULTS, ...defined(args) };
    const params = pulumi.all([...args.clients]).apply((clients): NfsParams => {
      for (const client of clients) known(name, client);
      return { volume: serviceVolume(args), clients, scope: name, leaseSeconds, threads, root };
    });
    this.ready = serviceSteps(name, nfsRole, args, params, this);
    this.volume = volumeWith(args.volume, this.ready);
    this.folder = nfsFolder(serviceVolume(args));
    this.registerOutputs({ folder: this.folder });
  }
}

function defined(args: NfsExportArgs) {
  const { leaseSeconds, threads, root } = args;
  return {
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(threads === undefined ? {} : { threads }),
    ...(root === undefined ? {} : { root }),
  };
}

const isClient = (client: string): boolean => net.isIP(client) !== 0 || isCidr(client);

/** What becomes known only now is checked only now. */
function known(name: string, client: string): void {
  if (!isClient(client)) throw new UserError(`NfsExport "${name}" cannot be built:`, [notAClient("clients", client)]);
}

function notAClient(path: string, given: string) {
  return {
    path,
    given,
    what: "is neither an address nor a network",
    allowed: 'for example "10.20.0.11" or "10.20.0.0/24"',
    todo: "give the clients' addresses as the server sees them",
  };
}

function check(name: string, args: NfsExportArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "files"',
  });
  checkVolumeMode(args, found);
  found.require(args.clients.length > 0, {
    path: "clients",
    what: "is empty: nobody could mount it",
    allowed: "one address or network, or more",
    todo: "give the addresses of the web servers",
  });
  args.clients.forEach((client, index) => {
    if (typeof client !== "string") return;
    found.require(isClient(client), notAClient(`clients[${index}]`, client));
    found.require(!/\/0+$/.test(client), {
      path: `clients[${index}]`,
      given: client,
      what: "is the whole world",
      allowed: "the clients' own network",
      todo: "name the addresses of the web servers",
    });
  });
  for (const [path, least, most] of [
    ["leaseSeconds", 10, 120],
    ["threads", 1, 512],
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
  if (found.problems.length === 0) {
    for (const node of args.volume.nodes) {
      // The kernel has one NFS server.
      claim(node, "tcp port", 2049, `NfsExport "${name}"`, "volume.nodes", found);
    }
  }
  refuse(`NfsExport "${name}"`, found);
}
