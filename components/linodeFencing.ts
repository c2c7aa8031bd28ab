import * as pulumi from "@pulumi/pulumi";
import { fencingPaths, fencingRole, fencingSecret } from "../hosts/fencing/render";
import { type Detection, managerTimings } from "../hosts/managerTimings";
import type { HaNode, NodePair } from "./haNode";
import { UserError } from "./internal/errors";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings } from "./internal/rules";
import { checkFencing, type ManagerFencing } from "./managers/fencing";

/** Seconds within which a fencing is confirmed, where none are given. */
const DEFAULT_CONFIRM_SECONDS = 60;
/** The least that the agent takes as its own limit. */
const LEAST_POWER_SECONDS = 10;

/** Settings of a {@link LinodeFencing}. */
export interface LinodeFencingArgs {
  readonly nodes: NodePair;
  /** An API token with `linodes:read_write` and nothing else. Tried on both nodes by the `up` that brings it; ends on them in a file of root's. */
  readonly token: pulumi.Input<string>;
  /** The Linodes' ids by node name. Default: the nodes' own, as those of an `HaPair` have. */
  readonly linodeIds?: Readonly<Record<string, pulumi.Input<number>>>;
  /** The node that survives when both are alive and shoot at once. Default the first. */
  readonly preferred?: string;
  /** Seconds within which a fencing is confirmed, 5 to 300; managers and volumes wait as long. Default 60. */
  readonly confirmSeconds?: number;
  /** What becomes of a peer that DRBD's own handler has fenced. Default `boot`. */
  readonly after?: "boot" | "stay-off";
  /**
   * Seconds that the node which is not preferred waits before it shoots one that is still up, 1 to 120: longer than the two may differ in
   * noticing each other's loss. Default: half of the detection time, at least 2.
   */
  readonly delaySeconds?: number;
  /** As the pair's managers and volumes have it. Default 3 s. */
  readonly detection?: Pick<Detection, "seconds">;
  /** Address of the API. Default the provider's own. */
  readonly apiUrl?: string;
  /** Certificates in PEM form that the API's must be signed by. Default the system's. */
  readonly caCertificates?: string;
}

/**
 * Fencing of a pair through the Linode API: the agent and its token on both nodes, proven to work before anything relies on it.
 *
 * Give {@link fencing} to the pair's manager, and to volumes that no manager moves.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class LinodeFencing extends pulumi.ComponentResource {
  readonly nodes: NodePair;
  /** For the `fencing` of managers and volumes. */
  readonly fencing: Extract<ManagerFencing, { kind: "linode" }>;
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: LinodeFencingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:managers:LinodeFencing", name, {}, opts);
    const linodeIds = idsOf(args);
    const seconds = check(name, args, linodeIds);
    const { fencing: times } = managerTimings({ seconds: args.detection?.seconds, fencingSeconds: seconds });
    const [first, second] = args.nodes;
    const ids = pulumi.all([linodeIds[first.name] ?? 0, linodeIds[second.name] ?? 0]);
    this.nodes = args.nodes;
    this.ready = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "fencing"),
          {
            role: fencingRole,
            step: "fencing",
            node,
            params: ids.apply(([one, two]) => ({
              nodes: [
                { name: first.name, linodeId: one },
                { name: second.name, linodeId: two },
              ] as const,
              node: node.name,
              preferred: args.preferred,
              delaySeconds: args.delaySeconds ?? times.delay,
              powerTimeoutSeconds: Math.max(LEAST_POWER_SECONDS, seconds),
              after: args.after,
              apiUrl: args.apiUrl,
              caCertificates: args.caCertificates,
            })),
            secrets: { [fencingSecret]: pulumi.secret(args.token) },
          },
          { parent: this },
        ),
    );
    this.fencing = {
      kind: "linode",
      linodeIds,
      apiUrl: args.apiUrl,
      caFile: args.caCertificates === undefined ? undefined : fencingPaths.ca,
      confirmSeconds: seconds,
      ready: this.ready,
    };
    this.registerOutputs({});
  }
}

function idsOf({ nodes, linodeIds }: LinodeFencingArgs): Record<string, pulumi.Input<number>> {
  const idOf = ({ name, linodeId }: HaNode): pulumi.Input<number> | undefined => linodeIds?.[name] ?? linodeId;
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const id = idOf(node);
      return id === undefined ? [] : [[node.name, id] as const];
    }),
  );
}

const fenced = new WeakMap<HaNode, string>();

function check(name: string, args: LinodeFencingArgs, linodeIds: Record<string, pulumi.Input<number>>): number {
  const found = new Findings();
  const owner = `LinodeFencing "${name}"`;
  const names = args.nodes.map((node) => node.name);
  const { confirmSeconds = DEFAULT_CONFIRM_SECONDS, preferred, detection } = args;
  const seconds = checkFencing({ kind: "linode", linodeIds, confirmSeconds }, args.nodes, found);
  found.require(typeof args.token !== "string" || args.token.trim() !== "", {
    path: "token",
    what: "is empty",
    allowed: "an API token with linodes:read_write",
    todo: "make one in the account and give it as a secret of the stack",
  });
  found.require(preferred === undefined || names.includes(preferred), {
    path: "preferred",
    given: preferred,
    what: "is not a node of this pair",
    allowed: names.join(", "),
    todo: "name one of them",
  });
  const { delaySeconds = 1 } = args;
  found.require(Number.isInteger(delaySeconds) && delaySeconds >= 1 && delaySeconds <= 120, {
    path: "delaySeconds",
    given: delaySeconds,
    what: "is out of range",
    allowed: "1 to 120",
    todo: "leave it out",
  });
  const noticed = detection?.seconds ?? 3;
  found.require(noticed >= 2 && noticed <= 30, {
    path: "detection.seconds",
    given: noticed,
    what: "is out of range",
    allowed: "2 to 30",
    todo: "leave it out for 3",
  });
  for (const node of args.nodes) {
    const holder = fenced.get(node);
    found.require(holder === undefined, {
      path: "nodes",
      given: node.name,
      what: `this node has fencing already, ${holder ?? ""}: a host holds one token`,
      todo: "declare the fencing of a pair once, and give it to everybody who needs it",
    });
  }
  if (found.problems.length > 0) {
    throw new UserError(`${owner} cannot be built:`, found.problems);
  }
  for (const node of args.nodes) fenced.set(node, owner);
  return seconds;
}
