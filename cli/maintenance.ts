import { UserError } from "../components/internal/errors";
import { until } from "./reach/await";
import { must, type Node } from "./reach/nodes";
import { readPair } from "./status";

/** What is asked. */
export interface MaintenanceOptions {
  readonly off?: boolean;
  readonly timeoutSeconds: number;
  /** Default 1000. */
  readonly pollMs?: number;
}

/**
 * Tells the manager to let everything be as it is, whatever happens, or to look after it again.
 *
 * @throws UserError where the manager has no such thing, or does not take it.
 */
export async function maintenance(
  nodes: readonly Node[],
  options: MaintenanceOptions,
  say: (line: string) => void,
): Promise<void> {
  const { manager, nodes: states } = await readPair(nodes);
  const off = options.off === true;
  if (manager.kind === "manual" || manager.kind === "none") {
    say("nothing to do: on this pair nothing is moved or restarted by itself");
    return;
  }
  if (manager.kind === "heartbeat") {
    throw new UserError("Nothing was changed", [
      {
        path: "manager",
        what: "Heartbeat v1 has no maintenance mode; it watches nodes, not services, so a service may be restarted at any time",
        todo: "before work on a node: linode-ha standby NODE",
      },
    ]);
  }
  const node = nodes.find(({ name }) => states.some((state) => state.name === name && state.reached));
  if (node === undefined || manager.nodes.length === 0) {
    throw new UserError("Nothing was changed", [
      { path: "manager", what: "the cluster does not answer", todo: "see: linode-ha status" },
    ]);
  }
  const broken = manager.groups.filter(
    ({ activeOn, notes }) => activeOn.length !== 1 || notes.some((note) => !note.includes("unmanaged")),
  );
  if (off && broken.length > 0) {
    say(`the cluster will now start or mend: ${broken.map(({ name }) => name).join(", ")}`);
  }
  const command = `crm_attribute --name maintenance-mode ${off ? "--delete" : "--update true"}`;
  await must(node, command, 30_000, "read: journalctl -u pacemaker -n 50, there");
  const taken = await until(
    async () => ((await readPair(nodes)).manager.maintenance === !off ? true : undefined),
    options.timeoutSeconds * 1000,
    options.pollMs ?? 1000,
  );
  if (taken === undefined) {
    throw new UserError(`The cluster did not take it within ${options.timeoutSeconds} s`, [
      { path: "manager", what: `maintenance mode is still ${off ? "on" : "off"}`, todo: "see: linode-ha status" },
    ]);
  }
  say(
    off
      ? "the cluster watches and moves again"
      : "maintenance mode: nothing is watched, restarted or moved until: linode-ha maintenance --off",
  );
}
