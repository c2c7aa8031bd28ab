import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { localFilesystemRole } from "../../../hosts/local-filesystem/render";
import { mariadbPairSecrets, type MariadbPairParams, mariadbSteps } from "../../../hosts/services/mariadb-pair/config";
import { type MariadbServerSide, mariadbServerSideRole } from "../../../hosts/services/mariadb-pair/render";
import { mariadbReplicationRole } from "../../../hosts/services/mariadb-replication/render";
import { mariadbSeedRole } from "../../../hosts/services/mariadb-seed/render";
import { mariadbTrustRole } from "../../../hosts/services/mariadb-trust/render";
import type { HaNode, NodePair } from "../../haNode";
import { HostStep } from "../../internal/hostStep";
import { childName } from "../../internal/naming";
import { Findings } from "../../internal/rules";
import { accountPassword } from "./database";
import {
  baseOf,
  checkClient,
  checkedPassword,
  checkListen,
  DEFAULT_PORT,
  type MariadbPairArgs,
  type PairKind,
} from "./mariadbPairPlan";
import { refuse } from "./replicated";

/** What building a pair gives to its component. */
export interface BuiltPair {
  readonly password: pulumi.Output<string>;
  readonly healthPassword: pulumi.Output<string>;
  readonly certificates: pulumi.Output<Record<string, string>>;
  readonly hosts: pulumi.Output<Record<string, string>>;
  readonly ready: readonly pulumi.Resource[];
}

/**
 * The steps on both nodes, in their order: file system, server, trust, data, replication. Each begins on a node when the one before it is
 * done on both.
 *
 * @throws UserError with everything that was found, before anything is registered.
 */
export function buildPair(
  name: string,
  args: MariadbPairArgs,
  kind: PairKind,
  found: Findings,
  parent: pulumi.Resource,
): BuiltPair {
  refuse(`${kind.what} "${name}"`, found);
  const steps = mariadbSteps(name);
  const cluster = new random.RandomId(childName(name, "identity"), { byteLength: 12 }, { parent }).hex;
  const secrets = passwordsOf(name, args, parent);
  const mounted = mounts(name, args, parent);
  const paramsOf = (node: HaNode): pulumi.Output<MariadbPairParams> => pairParams(name, args, kind, node, cluster);

  const servers = args.nodes.map(
    (node) =>
      new HostStep(
        childName(name, node.name, "server"),
        {
          role: mariadbServerSideRole,
          step: steps.server,
          node,
          params: paramsOf(node).apply((params) => ({
            ...params,
            certificateRound: args.certificateRound ?? "1",
            certificateDays: args.certificateDays ?? 3650,
          })),
          after: [...mounted, ...(args.after ?? [])],
        },
        { parent },
      ),
  );
  // Certificates and public keys: the engine may take them for secrets because the step's connection is one.
  const sides = pulumi.all(servers.map((server) => pulumi.unsecret(server.result)));
  const trust = args.nodes.map(
    (node, index) =>
      new HostStep(
        childName(name, node.name, "trust"),
        {
          role: mariadbTrustRole,
          step: steps.trust,
          node,
          params: pulumi.all([paramsOf(node), sides]).apply(([params, results]) => ({
            ...params,
            own: publicOf(results[index]),
            peer: publicOf(results[1 - index]),
          })),
          secrets: only(secrets, [mariadbPairSecrets.replication, mariadbPairSecrets.health]),
          after: servers,
        },
        { parent },
      ),
  );
  const clients = pulumi.all([...(args.clients ?? [])]).apply((all) => clientsOf(kind, name, all));
  const seeds = args.nodes.map(
    (node) =>
      new HostStep(
        childName(name, node.name, "seed"),
        {
          role: mariadbSeedRole,
          step: steps.seed,
          node,
          params: pulumi.all([paramsOf(node), clients]).apply(([params, from]) => ({
            ...params,
            account: { database: args.database ?? "site", user: args.user ?? "site", clients: from },
          })),
          secrets,
          after: trust,
        },
        { parent },
      ),
  );
  const ready = args.nodes.map(
    (node) =>
      new HostStep(
        childName(name, node.name, "replication"),
        { role: mariadbReplicationRole, step: steps.replication, node, params: paramsOf(node), after: seeds },
        { parent },
      ),
  );
  return {
    password: secrets[mariadbPairSecrets.site],
    healthPassword: secrets[mariadbPairSecrets.health],
    certificates: sides.apply((results) => byNode(args.nodes, (index) => results[index]?.certificate ?? "")),
    hosts: pulumi
      .all(args.nodes.map(addressOf))
      .apply((addresses) => byNode(args.nodes, (index) => addresses[index] ?? "")),
    ready,
  };
}

/** The passwords by the names that the hosts' steps have for them. */
type Secrets = Record<(typeof mariadbPairSecrets)[keyof typeof mariadbPairSecrets], pulumi.Output<string>>;

/** Only what is public and belongs into the peer's step: the rest changes from run to run. */
function publicOf(side: MariadbServerSide | undefined): Pick<MariadbServerSide, "certificate" | "copyKey" | "hostKey"> {
  return { certificate: side?.certificate, copyKey: side?.copyKey, hostKey: side?.hostKey };
}

function byNode<T>(nodes: NodePair, value: (index: number) => T): Record<string, T> {
  return Object.fromEntries(nodes.map((node, index) => [node.name, value(index)]));
}

function only<T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function addressOf(node: HaNode): pulumi.Output<string> {
  return node.addresses.interconnect.address;
}

/** Addresses that become known only now are checked only now. */
function clientsOf(kind: PairKind, name: string, addresses: readonly string[]): string[] {
  const found = new Findings();
  for (const address of addresses) checkClient(address, found);
  refuse(`${kind.what} "${name}"`, found);
  return ["localhost", ...[...new Set(addresses)].sort()];
}

/** Addresses that become known only now are checked only now. */
function listenOn(kind: PairKind, name: string, addresses: readonly string[]): readonly string[] {
  const found = new Findings();
  for (const address of addresses) checkListen(address, "alsoListen", found);
  refuse(`${kind.what} "${name}"`, found);
  return addresses;
}

function pairParams(
  name: string,
  args: MariadbPairArgs,
  kind: PairKind,
  node: HaNode,
  cluster: pulumi.Output<string>,
): pulumi.Output<MariadbPairParams> {
  const base = baseOf(args.storage) as MariadbPairParams["base"];
  const [one, two] = args.serverIds ?? [1, 2];
  const [first, second] = args.nodes;
  const listen = pulumi.all([...(args.alsoListen ?? [])]).apply((all) => listenOn(kind, name, all));
  return pulumi.all([cluster, addressOf(first), addressOf(second), listen]).apply(([identity, here, there, more]) => ({
    topology: kind.topology,
    members: [
      { name: first.name, address: here, serverId: one, domainId: kind.domainIds[0] },
      { name: second.name, address: there, serverId: two, domainId: kind.domainIds[1] },
    ] as const,
    node: node.name,
    primary: kind.primary,
    cluster: identity,
    base,
    mounted: args.storage.kind !== "folder",
    port: args.port ?? DEFAULT_PORT,
    alsoListen: more,
    bufferPoolMiB: args.bufferPoolMiB ?? 128,
    maxConnections: args.maxConnections ?? 100,
    binlogDays: args.binlogDays ?? 7,
    lagSeconds: args.lagSeconds ?? 60,
    ackSeconds: kind.ackSeconds,
    component: name,
  }));
}

/** The file system that the data is on, where it has one of its own. */
function mounts(name: string, { nodes, storage }: MariadbPairArgs, parent: pulumi.Resource): pulumi.Resource[] {
  if (storage.kind === "folder") return [];
  return nodes.map(
    (node) =>
      new HostStep(
        childName(name, node.name, "filesystem"),
        {
          role: localFilesystemRole,
          step: `filesystem-${name}`,
          node,
          params: pulumi
            .output(storage.kind === "device" ? storage.path : (node.devices[storage.name] ?? ""))
            .apply((device) => ({
              device,
              type: storage.filesystem ?? ("ext4" as const),
              label: name.slice(0, 12),
              mountpoint: baseOf(storage) as MariadbPairParams["base"],
            })),
        },
        { parent },
      ),
  );
}

function passwordsOf(name: string, { passwords = {} }: MariadbPairArgs, parent: pulumi.Resource): Secrets {
  const one = (which: "site" | "replication" | "health"): pulumi.Output<string> => {
    const given = passwords[which];
    if (given === undefined) return accountPassword(childName(name, which), parent);
    return pulumi.secret(given).apply((value) => checkedPassword(name, which, value));
  };
  return {
    [mariadbPairSecrets.replication]: one("replication"),
    [mariadbPairSecrets.health]: one("health"),
    [mariadbPairSecrets.site]: one("site"),
  };
}
