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

  private async begin(node: string, args: pulumi.ResourceHookArgs): Promise<void> {
    const wasOff = args.oldOutputs?.["booted"] === false || args.oldOutputs?.["status"] === "offline";
    if (wasOff || !mayRestart(args.type, args.oldInputs, args.newInputs)) {
      return;
    }
    await this.takeTurn(node);
    try {
      await this.proveSafe(node, args.name);
    } catch (error) {
      this.endTurn(node);
      throw error;
    }
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
      const health = await this.awaitHealth(peer.name, patience, (seen) => seen.kind === "healthy");
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

  private refusal(node: string, what: string): UserError {
    return new UserError(`${node} of pair "${this.pairName}" is not restarted now`, [
      {
        path: node,
        what,
        todo: "look at `ha-health` on both nodes, bring the sick one back (or wait for its resync), then run `pulumi up` again",
      },
    ]);
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
