import * as net from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { AbsolutePath } from "../../hosts/contract";
import { nfsMountRole } from "../../hosts/nfs-mount/render";
import type { HaNode } from "../haNode";
import { UserError } from "../internal/errors";
import { claim } from "../internal/hostClaims";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";
import { Findings, isMountpoint } from "../internal/rules";
import { refuse } from "./internal/replicated";

const DEFAULTS = { path: "/", answerSeconds: 15, waitSeconds: 180 } as const;

/** Settings of an {@link NfsMount}. */
export interface NfsMountArgs {
  /** The clients, one host or more. */
  readonly nodes: readonly HaNode[];
  /** The address that moves with the server. */
  readonly server: pulumi.Input<string>;
  /** What the server calls it. Default `/`, which is what an `NfsExport` gives. */
  readonly path?: string;
  /** Where each client mounts it: an absolute path, for example `/srv/www`. */
  readonly mountpoint: string;
  /** Seconds after which a silent connection is given up and made anew, 3 to 120. Default 15: a failover may take that much longer for a client. */
  readonly answerSeconds?: number;
  /** Seconds that the deployment waits for the server, 10 to 1800. Default 180. */
  readonly waitSeconds?: number;
  /** What must be there before: the manager that runs the server. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * A folder of an NFS server that moves, mounted on its clients so that a failover is a wait and never an error: programs wait for their files
 * however long it takes, and what was written is written again where the server did not confirm that it has it. Comes back by itself after a reboot,
 * also one before the server's.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class NfsMount extends pulumi.ComponentResource {
  readonly mountpoint: string;
  /** What later steps depend on: mounted on every client. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: NfsMountArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:NfsMount", name, {}, opts);
    check(name, args);
    const server = pulumi.output(args.server).apply((address) => known(name, address));
    this.mountpoint = args.mountpoint;
    this.ready = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "nfs-mount"),
          {
            role: nfsMountRole,
            step: `nfs-mount-${name}`,
            node,
            params: server.apply((address) => ({
              server: address,
              path: (args.path ?? DEFAULTS.path) as AbsolutePath,
              mountpoint: args.mountpoint as AbsolutePath,
              answerSeconds: args.answerSeconds ?? DEFAULTS.answerSeconds,
              waitSeconds: args.waitSeconds ?? DEFAULTS.waitSeconds,
            })),
            after: args.after,
          },
          { parent: this },
        ),
    );
    this.registerOutputs({ mountpoint: this.mountpoint });
  }
}

/** What becomes known only now is checked only now. */
function known(name: string, address: string): string {
  if (net.isIP(address) !== 0) return address;
  throw new UserError(`NfsMount "${name}" cannot be built:`, [notAnAddress(address)]);
}

function notAnAddress(given: string) {
  return {
    path: "server",
    given,
    what: "is not an address",
    allowed: "the IPv4 or IPv6 address that moves with the server",
    todo: "give the group's address; a name would be asked of a name server that may be away",
  };
}

function check(name: string, args: NfsMountArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "files"',
  });
  found.require(args.nodes.length > 0, {
    path: "nodes",
    what: "is empty: nobody would mount it",
    allowed: "one host or more",
    todo: "give the web servers",
  });
  if (typeof args.server === "string") found.require(net.isIP(args.server) !== 0, notAnAddress(args.server));
  found.requireMountpoint("mountpoint", args.mountpoint, "/srv/www");
  const path = args.path ?? DEFAULTS.path;
  found.require(path === "/" || isMountpoint(path), {
    path: "path",
    given: path,
    what: "is not an absolute path",
    allowed: "a path from the root, without spaces",
    todo: "leave it out for /",
  });
  for (const [key, least, most] of [
    ["answerSeconds", 3, 120],
    ["waitSeconds", 10, 1800],
  ] as const) {
    const given = args[key] ?? DEFAULTS[key];
    found.require(Number.isInteger(given) && given >= least && given <= most, {
      path: key,
      given,
      what: "is out of range",
      allowed: `whole numbers from ${least} to ${most}`,
      todo: `leave it out for ${DEFAULTS[key]}`,
    });
  }
  if (found.problems.length === 0) {
    for (const node of args.nodes)
      claim(node, "mount point", args.mountpoint, `NfsMount "${name}"`, "mountpoint", found);
  }
  refuse(`NfsMount "${name}"`, found);
}
