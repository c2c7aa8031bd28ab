import * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../haNode";
import { UserError } from "./errors";
import { sshExec, type SshResult } from "./sshExec";

/** How long a node's turn may take: its change, its boot, and its resync. */
const TURN_MINUTES = 20;
/** How long a changed node may take to be healthy again before its peer's turn decides. */
const SETTLE_MINUTES = 5;
const PROBE_SECONDS = 30;
const POLL_SECONDS = 2;
/** How often a wait says what it waits for. */
const WORD_SECONDS = 15;

/** Inputs of an Instance that the vendor changes without touching a running Linode. */
const HARMLESS_INSTANCE_INPUTS = new Set([
  "alerts",
  "backupsEnabled",
  "group",
  "label",
  "placementGroup",
  "placementGroupExternallyManaged",
  "sharedIpv4s",
  "tags",
  "watchdogEnabled",
]);

interface Member {
  readonly name: string;
  readonly connection: Promise<HostConnection>;
}

type Health =
  | { readonly kind: "healthy" }
  | { readonly kind: "unhealthy"; readonly detail: string }
  /** It answers, but nothing has been set up on it: it carries nothing. */
  | { readonly kind: "bare" }
  | { readonly kind: "unreachable"; readonly detail: string };

/** What a probe of a node's `ha-health` says. */
export function readHealth(result: SshResult): Health {
  switch (result.code) {
    case 0:
      return { kind: "healthy" };
    case 127:
      return { kind: "bare" };
    default:
      return { kind: "unhealthy", detail: result.stdout.trim() };
  }
}

function wordFor(health: Health): string {
  switch (health.kind) {
    case "healthy":
      return "healthy";
    case "bare":
      return "nothing is set up on it yet";
    case "unhealthy":
    case "unreachable":
      return health.detail;
  }
}

/** Pulumi's mocks, with which users test their stacks, know no hooks. */
function engineRunsHooks(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { registerResourceHook?: unknown } | undefined;
  return typeof monitor?.registerResourceHook === "function";
}

/** Whether the vendor's provider may restart the Linode for this update. */
export function mayRestart(
  type: string,
  oldInputs: Record<string, unknown> = {},
  newInputs: Record<string, unknown> = {},
): boolean {
  const changed = [...new Set([...Object.keys(oldInputs), ...Object.keys(newInputs)])].filter(
    (key) => !key.startsWith("__") && JSON.stringify(oldInputs[key]) !== JSON.stringify(newInputs[key]),
  );
  if (type === "linode:index/instance:Instance") {
    return changed.some((key) => !HARMLESS_INSTANCE_INPUTS.has(key));
  }
  return true;
}

/** Whether the update moves the node to another network or address between the nodes. */
export function movesInterconnect(
  oldInputs: Record<string, unknown> = {},
  newInputs: Record<string, unknown> = {},
): boolean {
  const vlans = (inputs: Record<string, unknown>): string => {
    const interfaces = (inputs["interfaces"] ?? []) as { purpose?: string; label?: string; ipamAddress?: string }[];
    const own = interfaces.filter(({ purpose }) => purpose === "vlan");
    return JSON.stringify(own.map(({ label, ipamAddress }) => [label, ipamAddress]));
  };
  return vlans(oldInputs) !== vlans(newInputs);
}

/**
 * Lets only one node of a pair be restarted at a time, and only while its peer is healthy.
 *
 * The vendor's provider reboots a Linode for a change as small as its config profile's label, and both Linodes of a pair
 * at the same moment. Its resources carry these hooks: before the change, the node waits for its turn and proves that
 * the peer carries the load; after it, the turn ends when the node itself is healthy again.
 */
export class RollingChange {
  private readonly members: Member[] = [];
  private turn: Promise<void> = Promise.resolve();
  private readonly release = new Map<string, () => void>();
  /** Nodes that were changed in this run. */
  private readonly changed = new Set<string>();
  /** Nodes whose Linode was made in this run. */
  private readonly fresh = new Set<string>();
  /** The node that gets another boot disk in this run. */
  private renewed: string | undefined;

  constructor(private readonly pairName: string) {}

  /** Adds a node. Both must be added before the first update runs. */
  addNode(name: string, connection: pulumi.Output<HostConnection>): void {
    const known = new Promise<HostConnection>((resolve) => {
      connection.apply(resolve);
    });
    this.members.push({ name, connection: known });
  }

  /** The hooks for a resource whose update may restart `node`. */
  hooks(resourceName: string, node: string): pulumi.ResourceHookBinding {
    if (!engineRunsHooks()) {
      return {};
    }
    const before = new pulumi.ResourceHook(`${resourceName}:before-update`, (args) => this.begin(node, args));
    const after = new pulumi.ResourceHook(`${resourceName}:after-update`, () => this.end(node));
    return { beforeUpdate: [before], afterUpdate: [after] };
  }

  /** The hooks for a node's Linode: {@link hooks}, and notice of a new one. */
  machineHooks(resourceName: string, node: string): pulumi.ResourceHookBinding {
    if (!engineRunsHooks()) {
      return {};
    }
    const made = new pulumi.ResourceHook(`${resourceName}:after-create`, () => {
      this.fresh.add(node);
    });
    return { ...this.hooks(resourceName, node), afterCreate: [made] };
  }

  /**
   * The hooks for a node's boot disk. A changed image replaces the disk: a node that lives is renewed only alone, and only
   * while its peer is healthy, for the steps that set it up need the peer as it is.
   */
  bootDiskHooks(resourceName: string, node: string): pulumi.ResourceHookBinding {
    if (!engineRunsHooks()) {
      return {};
    }
    const before = new pulumi.ResourceHook(`${resourceName}:before-create`, () => this.beginRenewal(node));
    return { ...this.hooks(resourceName, node), beforeCreate: [before] };
  }

  private async beginRenewal(node: string): Promise<void> {
    if (this.fresh.has(node)) {
      return;
    }
    const first = (this.renewed ??= node);
    const self = await this.probe(node);
    if (self.kind === "bare" || self.kind === "unreachable") {
      return;
    }
    if (first !== node) {
      throw this.refusal(
        node,
        `it would get a new boot disk in the same update as ${first}, and nobody would serve`,
        `give ${node} its former image, run \`pulumi up\`, and change its image when both are healthy: \`image\` takes one for each node by name`,
      );
    }
    await this.proveSafe(node, "its boot disk");
  }

  private async begin(node: string, args: pulumi.ResourceHookArgs): Promise<void> {
    const wasOff = args.oldOutputs?.["booted"] === false || args.oldOutputs?.["status"] === "offline";
    if (wasOff || !mayRestart(args.type, args.oldInputs, args.newInputs)) {
      return;
    }
    await this.refuseToPart(node, args);
    await this.takeTurn(node);
    try {
      await this.proveSafe(node, args.name);
    } catch (error) {
      this.endTurn(node);
      throw error;
    }
  }

  /** On two different networks the nodes cannot replicate, so neither may move first. */
  private async refuseToPart(node: string, args: pulumi.ResourceHookArgs): Promise<void> {
    if (!movesInterconnect(args.oldInputs, args.newInputs) || (await this.probe(node)).kind === "bare") {
      return;
    }
    throw this.refusal(
      node,
      "its interconnect changes, and a node that moves first cannot reach its peer any more: no order of restarts keeps the pair whole",
      "set the interconnect back; or, in a maintenance window, stop what writes, shut both Linodes down (by the API, not from " +
        "within), run `pulumi refresh`, then `pulumi up` again: Linodes that are off are changed together",
    );
  }

  private async takeTurn(node: string): Promise<void> {
    const previous = this.turn;
    let done: () => void = () => undefined;
    this.turn = new Promise((resolve) => (done = resolve));
    this.release.set(node, done);
    await withBound(previous, TURN_MINUTES * 60_000, () =>
      this.refusal(node, `the change of its peer did not end within ${TURN_MINUTES} minutes`),
    );
  }

  private async proveSafe(node: string, resource: string): Promise<void> {
    const self = await this.probe(node);
    if (self.kind === "bare") {
      return;
    }
    for (const peer of this.members.filter((member) => member.name !== node)) {
      // A peer that had its turn in this run may still be resyncing, or be set up anew by steps that follow its change.
      const patience = this.changed.has(peer.name) ? TURN_MINUTES * 60 : 0;
      const health = await this.awaitHealth(
        peer.name,
        patience,
        // A bare peer waits for this very node: it does not get any healthier.
        (seen) => seen.kind === "healthy" || seen.kind === "bare",
      );
      if (health.kind === "bare" && this.changed.has(peer.name)) {
        throw this.refusal(
          node,
          `${peer.name} has just been given a new boot disk, and the steps that set it up wait for ${node}`,
          `take back what changes ${node}, run \`pulumi up\`, and make that change when both are healthy`,
        );
      }
      if (health.kind !== "healthy") {
        throw this.refusal(
          node,
          `changing ${resource} restarts it, and its peer ${peer.name} is not healthy: ${wordFor(health)}`,
        );
      }
    }
    void pulumi.log.info(`${node} is about to restart; its peer is healthy`);
  }

  /**
   * Ends the node's turn when it is healthy again. Where that needs steps which only follow this change (a new
   * interconnect address, say), the wait gives up; the peer's own turn then decides whether it is safe.
   */
  private async end(node: string): Promise<void> {
    if (!this.release.has(node)) {
      return;
    }
    this.changed.add(node);
    const health = await this.awaitHealth(
      node,
      SETTLE_MINUTES * 60,
      (seen) => seen.kind === "healthy" || seen.kind === "bare",
    );
    void pulumi.log.info(`${node} after its change: ${wordFor(health)}`);
    this.endTurn(node);
  }

  private async awaitHealth(
    node: string,
    patienceSeconds: number,
    enough: (health: Health) => boolean,
  ): Promise<Health> {
    const start = Date.now();
    let nextWord = start + WORD_SECONDS * 1000;
    for (;;) {
      const health = await this.probe(node);
      if (enough(health) || Date.now() > start + patienceSeconds * 1000) {
        return health;
      }
      if (Date.now() > nextWord) {
        nextWord += WORD_SECONDS * 1000;
        const seconds = Math.round((Date.now() - start) / 1000);
        void pulumi.log.info(`waiting for ${node} to be healthy again, ${seconds} s so far: ${wordFor(health)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_SECONDS * 1000));
    }
  }

  private endTurn(node: string): void {
    this.release.get(node)?.();
    this.release.delete(node);
  }

  private async probe(node: string): Promise<Health> {
    const member = this.members.find((candidate) => candidate.name === node);
    if (member === undefined) {
      throw new Error(`${node} is not a node of ${this.pairName}`);
    }
    try {
      return readHealth(await sshExec(await member.connection, "ha-health", PROBE_SECONDS * 1000));
    } catch (error) {
      return { kind: "unreachable", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  private refusal(
    node: string,
    what: string,
    todo = "look at `ha-health` on both nodes, bring the sick one back (or wait for its resync), then run `pulumi up` again",
  ): UserError {
    return new UserError(`${node} of pair "${this.pairName}" is not restarted now`, [{ path: node, what, todo }]);
  }
}

async function withBound(wait: Promise<void>, ms: number, onTimeout: () => Error): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      wait,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(onTimeout());
        }, ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
