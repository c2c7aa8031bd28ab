import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type PostgresqlParams, postgresqlRole, postgresqlSecret } from "../../hosts/services/postgresql/render";
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

/** Settings of a {@link PostgresqlServer}. */
export interface PostgresqlServerArgs extends ReplicatedServiceArgs {
  /** The floating address that it listens on; in the group before the service. */
  readonly address: GroupAddress;
  /** Made with the data: a database and who may use it, from both nodes. Default database and user `site`. */
  readonly database?: string;
  readonly user?: string;
  /** Default 5432. */
  readonly port?: number;
}

const SQL_NAME = /^[a-z][a-z0-9_]{0,31}$/;

/**
 * PostgreSQL on both nodes, its data on a replicated volume, listening on a floating address only. Neither node starts it: put
 * {@link volume} and `service("linode-ha-postgresql")` into a group.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class PostgresqlServer extends pulumi.ComponentResource {
  /** For the group: ready when the server is. */
  readonly volume: ReplicatedVolume;
  /** The systemd service. */
  readonly unit = "linode-ha-postgresql.service";
  readonly database: string;
  readonly user: string;
  /** Of the account that was made with the data. Secret. Changing it afterwards is a statement in the server, not a deployment. */
  readonly password: pulumi.Output<string>;
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: PostgresqlServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:PostgresqlServer", name, {}, opts);
    const { database = "site", user = "site", port = 5432 } = args;
    const found = new Findings();
    checkVolumeMode(args, found);
    found.requirePort("port", port, 5432);
    for (const [path, given] of Object.entries({ database, user })) {
      found.require(SQL_NAME.test(given), {
        path,
        given,
        what: "is not a plain name",
        allowed: "up to 32 of a-z, 0-9 and '_', starting with a letter",
        todo: 'choose one such as "site"',
      });
    }
    refuse(`PostgresqlServer "${name}"`, found);

    const password = new random.RandomPassword(
      childName(name, "password"),
      { length: 32, special: false },
      { parent: this },
    );
    const params = pulumi
      .all([args.address.address, pulumi.all(args.volume.nodes.flatMap(clientsOf))])
      .apply(([bindAddress, clients]): PostgresqlParams => ({
        volume: serviceVolume(args),
        listenAddress: bindAddress,
        port,
        // A client on the active node comes from the floating address itself.
        account: { database, user, clients: [...new Set([bindAddress, ...clients])].sort() },
      }));
    this.ready = serviceSteps(name, postgresqlRole, args, params, this, { [postgresqlSecret]: password.result });
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
