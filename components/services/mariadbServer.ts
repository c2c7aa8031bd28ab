import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type MariadbParams, mariadbRole, mariadbSecret } from "../../hosts/services/mariadb/render";
import { childName } from "../internal/naming";
import { Findings } from "../internal/rules";
import type { GroupAddress, ReplicatedVolume } from "../serviceGroup";
import {
  checkVolumeMode,
  refuse,
  type ReplicatedServiceArgs,
  serviceSteps,
  serviceVolume,
  volumeWith,
} from "./internal/replicated";

/** Settings of a {@link MariadbServer}. */
export interface MariadbServerArgs extends ReplicatedServiceArgs {
  /** The floating address that it listens on; in the group before the service. */
  readonly address: GroupAddress;
  /** Made with the data: a database and who may use it, from both nodes. Default database and user `site`. */
  readonly database?: string;
  readonly user?: string;
  /** Default 3306. */
  readonly port?: number;
  /** MiB of InnoDB's buffer pool. Default 128. */
  readonly bufferPoolMiB?: number;
}

const SQL_NAME = /^[a-z][a-z0-9_]{0,31}$/;

/**
 * MariaDB on both nodes, its data on a replicated volume, listening on a floating address only. Neither node starts it: put
 * {@link volume} and `service("mariadb")` into a group.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class MariadbServer extends pulumi.ComponentResource {
  /** For the group: ready when the server is. */
  readonly volume: ReplicatedVolume;
  /** The systemd service. */
  readonly unit = "mariadb.service";
  readonly database: string;
  readonly user: string;
  /** Of the account that was made with the data. Secret. Changing it afterwards is a statement in the server, not a deployment. */
  readonly password: pulumi.Output<string>;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MariadbServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:MariadbServer", name, {}, opts);
    const { database = "site", user = "site", port = 3306, bufferPoolMiB = 128 } = args;
    const found = new Findings();
    checkVolumeMode(args, found);
    found.requirePort("port", port, 3306);
    for (const [path, given] of Object.entries({ database, user })) {
      found.require(SQL_NAME.test(given), {
        path,
        given,
        what: "is not a plain name",
        allowed: "up to 32 of a-z, 0-9 and '_', starting with a letter",
        todo: 'choose one such as "site"',
      });
    }
    found.require(Number.isInteger(bufferPoolMiB) && bufferPoolMiB >= 8, {
      path: "bufferPoolMiB",
      given: bufferPoolMiB,
      what: "is too small",
      allowed: "8 or more",
      todo: "leave it out for 128",
    });
    refuse(`MariadbServer "${name}"`, found);

    const password = new random.RandomPassword(
      childName(name, "password"),
      { length: 32, special: false },
      { parent: this },
    );
    const params = pulumi
      .all([args.address.address, pulumi.all(args.volume.nodes.flatMap(clientsOf))])
      .apply(([bindAddress, clients]): MariadbParams => ({
        volume: serviceVolume(args),
        bindAddress,
        port,
        bufferPoolMiB,
        // A client on the active node comes from the floating address itself.
        account: { database, user, clients: [...new Set([bindAddress, ...clients])].sort() },
      }));
    this.ready = serviceSteps(name, mariadbRole, args, params, this, { [mariadbSecret]: password.result });
    this.volume = volumeWith(args.volume, this.ready);
    this.database = database;
    this.user = user;
    this.password = password.result;
    this.registerOutputs({ database, user, password: this.password });
  }
}

function clientsOf({ addresses }: ReplicatedVolume["nodes"][number]): pulumi.Output<string>[] {
  const { interconnect, private4 } = addresses;
  return [interconnect.address, ...(private4 === undefined ? [] : [private4])];
}
