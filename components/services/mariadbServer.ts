import * as pulumi from "@pulumi/pulumi";
import { type MariadbParams, mariadbRole, mariadbSecret } from "../../hosts/services/mariadb/render";
import { Findings } from "../internal/rules";
import type { GroupAddress, ReplicatedVolume } from "../serviceGroup";
import { accountPassword, checkAccount, reach } from "./internal/database";
import { checkClient } from "./internal/mariadbPairPlan";
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
  /** Addresses of hosts beside the pair that the user may come from. Taken when the data is made. Default: none. */
  readonly clients?: readonly pulumi.Input<string>[];
  /** Default 3306. */
  readonly port?: number;
  /** MiB of InnoDB's buffer pool. Default 128. */
  readonly bufferPoolMiB?: number;
}

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
    checkAccount({ database, user }, found);
    found.require(Number.isInteger(bufferPoolMiB) && bufferPoolMiB >= 8, {
      path: "bufferPoolMiB",
      given: bufferPoolMiB,
      what: "is too small",
      allowed: "8 or more",
      todo: "leave it out for 128",
    });
    for (const client of args.clients ?? []) {
      if (typeof client === "string") checkClient(client, found);
    }
    refuse(`MariadbServer "${name}"`, found);

    const password = accountPassword(name, this);
    const params = pulumi
      .all([reach(args), pulumi.all([...(args.clients ?? [])])])
      .apply(([{ listen, clients }, others]): MariadbParams => ({
        volume: serviceVolume(args),
        bindAddress: listen,
        port,
        bufferPoolMiB,
        account: { database, user, clients: [...new Set([...clients, ...addressesIn(name, others)])].sort() },
      }));
    this.ready = serviceSteps(name, mariadbRole, args, params, this, { [mariadbSecret]: password });
    this.volume = volumeWith(args.volume, this.ready);
    this.database = database;
    this.user = user;
    this.password = password;
    this.registerOutputs({ database, user, password: this.password });
  }
}

/** What becomes known only now is checked only now. */
function addressesIn(name: string, clients: readonly string[]): readonly string[] {
  const found = new Findings();
  for (const client of clients) checkClient(client, found);
  refuse(`MariadbServer "${name}"`, found);
  return clients;
}
