import * as pulumi from "@pulumi/pulumi";
import { mariadbWriterUnit } from "../../hosts/services/mariadb-replication/render";
import { Findings } from "../internal/rules";
import { buildPair } from "./internal/mariadbPair";
import { checkPair, type MariadbPairArgs, type PairKind } from "./internal/mariadbPairPlan";

/** Settings of a {@link MariadbReplica}. */
export interface MariadbReplicaArgs extends MariadbPairArgs {
  /** The node that writes at the beginning. Default the first. Who writes afterwards is decided on the nodes: `mariadb-take-over`. */
  readonly primary?: string;
  /** MariaDB's `gtid_domain_id` of both. Default 1. */
  readonly domainId?: number;
  /**
   * Seconds that a commit waits for the replica before it is acknowledged without it, 2 to 600. As long, counted from the last proof that
   * nothing was missing, the replica may take over on its own word. Longer than the manager needs to notice and fence a dead primary, or
   * take-overs are refused; and each death of the replica stops writes as long, once, or until Pacemaker has confirmed that it is off. Default 10.
   */
  readonly ackSeconds?: number;
}

/**
 * A MariaDB server that writes and one that follows it, each on storage of its own: semi-synchronous, by GTID and rows, over TLS with
 * certificates that are made on the nodes. The follower is read-only; spreading reads is the application's choice ({@link hosts}).
 *
 * `mariadb-take-over` on the follower applies all that it has received, then writes; it refuses while the writer lives, and where it is not
 * proven that nothing acknowledged is missing. A writer that comes back finds out by itself that it was overtaken.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class MariadbReplica extends pulumi.ComponentResource {
  /** The systemd service on both nodes; it starts at boot. */
  readonly unit = "mariadb.service";
  /** For a manager's group, before the address that writes go to: `service(database.writerUnit)`. Nothing starts it by itself. */
  readonly writerUnit = mariadbWriterUnit;
  /** What makes the follower the writer, on either node. For a manager: after the writer's node is fenced. */
  readonly takeOverCommand = "/usr/local/sbin/mariadb-take-over";
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
  /** What later steps depend on: the follower follows when these are done. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: MariadbReplicaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:MariadbReplica", name, {}, opts);
    const { database = "site", user = "site", port = 3306, domainId = 1, ackSeconds = 10 } = args;
    const { primary = args.nodes[0].name } = args;
    const names = args.nodes.map((node) => node.name);
    const kind: PairKind = {
      topology: "replica",
      what: "MariadbReplica",
      domainIds: [domainId, domainId],
      primary,
      ackSeconds,
    };
    const found = new Findings();
    found.require(names.includes(primary), {
      path: "primary",
      given: primary,
      what: "is not a node of this pair",
      allowed: names.join(", "),
      todo: "name one of them",
    });
    found.require(Number.isInteger(domainId) && domainId >= 1 && domainId <= 2 ** 32 - 1, {
      path: "domainId",
      given: domainId,
      what: "is out of range",
      allowed: "whole numbers from 1 to 4294967295",
      todo: "leave it out for 1",
    });
    found.require(Number.isInteger(ackSeconds) && ackSeconds >= 2 && ackSeconds <= 600, {
      path: "ackSeconds",
      given: ackSeconds,
      what: "is out of range",
      allowed: "whole numbers from 2 to 600",
      todo: "leave it out for 10",
    });
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
