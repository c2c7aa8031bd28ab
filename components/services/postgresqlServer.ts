import * as pulumi from "@pulumi/pulumi";
import { type PostgresqlParams, postgresqlRole, postgresqlSecret } from "../../hosts/services/postgresql/render";
import { Findings } from "../internal/rules";
import type { GroupAddress, ReplicatedVolume } from "../serviceGroup";
import { accountPassword, checkAccount, reach } from "./internal/database";
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
    checkAccount({ database, user }, found);
    refuse(`PostgresqlServer "${name}"`, found);

    const password = accountPassword(name, this);
    const params = reach(args).apply(({ listen, clients }): PostgresqlParams => ({
      volume: serviceVolume(args),
      listenAddress: listen,
      port,
      account: { database, user, clients },
    }));
    this.ready = serviceSteps(name, postgresqlRole, args, params, this, { [postgresqlSecret]: password });
    this.volume = volumeWith(args.volume, this.ready);
    this.database = database;
    this.user = user;
    this.password = password;
    this.registerOutputs({ database, user, password: this.password });
  }
}
