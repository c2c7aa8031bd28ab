import * as pulumi from "@pulumi/pulumi";
import { Findings } from "../internal/rules";
import { buildPair } from "./internal/mariadbPair";
import { checkIds, checkPair, type MariadbPairArgs, type PairKind } from "./internal/mariadbPairPlan";

/** Settings of a {@link MariadbMultiMaster}. */
export interface MariadbMultiMasterArgs extends MariadbPairArgs {
  /** MariaDB's `gtid_domain_id` of each node: two streams of transactions need two. Default 1 and 2. */
  readonly domainIds?: readonly [number, number];
}

/**
 * Two MariaDB servers that both write, each on storage of its own, and replicate to each other: by GTID, by rows, over TLS with
 * certificates that are made on the nodes. Auto-increments never collide. Writes that contradict each other stop the replication, and the
 * nodes' health check says so with both positions; no side is ever overwritten by itself.
 *
 * A node without data gets a copy of the other's. A node that has parted from the other is made anew by a person: `mariadb-reseed` there.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class MariadbMultiMaster extends pulumi.ComponentResource {
  /** The systemd service on both nodes; it starts at boot. */
  readonly unit = "mariadb.service";
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Of {@link user}. Secret. */
  readonly password: pulumi.Output<string>;
  /** Of the account `ha_health`, for monitoring on the nodes. Secret. */
  readonly healthPassword: pulumi.Output<string>;
  /** The address that each node's server listens on beside the loopback, by node name. */
  readonly hosts: pulumi.Output<Record<string, string>>;
  /** Each server's certificate in PEM form, by node name, for clients that come from elsewhere. */
  readonly certificates: pulumi.Output<Record<string, string>>;
  /** What later steps depend on: both replicate when these are done. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MariadbMultiMasterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:MariadbMultiMaster", name, {}, opts);
    const { database = "site", user = "site", port = 3306, domainIds = [1, 2] } = args;
    const kind: PairKind = {
      topology: "multi-master",
      what: "MariadbMultiMaster",
      domainIds,
      primary: args.nodes[0].name,
      ackSeconds: 10,
    };
    const found = new Findings();
    checkIds("domainIds", domainIds, "the transactions of the two nodes could not be told apart", found);
    checkPair(name, args, kind, found);

    const built = buildPair(name, args, kind, found, this);
    this.port = port;
    this.database = database;
    this.user = user;
    this.password = built.password;
    this.healthPassword = built.healthPassword;
    this.hosts = built.hosts;
    this.certificates = built.certificates;
    this.ready = built.ready;
    this.registerOutputs({ database, user, port, hosts: this.hosts, password: this.password });
  }
}
