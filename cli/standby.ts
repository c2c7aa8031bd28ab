import { UserError } from "../components/internal/errors";
import { decideMove } from "./decide/move";
import { until } from "./reach/await";
import { must, quoted, type Node } from "./reach/nodes";
import type { PairState } from "./state/pair";
import { readPair } from "./status";
import { hbStandby, hbTakeover, isOnlyOn, move, whileWished } from "./switchover";

/** What is asked of a node. */
export interface StandbyOptions {
  readonly node: string;
  /** Let it carry groups again. */
  readonly off?: boolean;
  readonly timeoutSeconds: number;
  /** Default 1000. */
  readonly pollMs?: number;
}

/** Takes all groups off a node, or lets it have them again. @throws UserError where that is refused, or does not come to its end. */
export async function standby(
  nodes: readonly Node[],
  options: StandbyOptions,
  say: (line: string) => void,
): Promise<void> {
  const state = await readPair(nodes);
  const node = nodes.find(({ name }) => name === options.node);
  const other = nodes.find(({ name }) => name !== options.node);
  if (node === undefined || other === undefined) {
    const allowed = nodes.map(({ name }) => name).join(", ");
    throw new UserError("Nothing was changed", [
      { path: "NODE", given: options.node, what: "is no node of this pair", allowed, todo: "name one of them" },
    ]);
  }
  if (state.manager.kind === "none") {
    throw new UserError("Nothing was changed", [
      {
        path: "manager",
        what: "nothing manages groups on this pair: both nodes serve, or the manager does not answer",
        todo: "see: linode-ha status",
      },
    ]);
  }
  if (options.off === true) await leave(state, nodes, node, options, say);
  else await enter(state, nodes, node, other, options, say);
}

/** Moves that would empty the node. @throws UserError where one is refused. */
function movesFrom(state: PairState, from: string, to: string): readonly string[] {
  const here = state.manager.groups.filter(
    ({ activeOn, partlyOn }) => activeOn.includes(from) || partlyOn.includes(from),
  );
  // Standby keeps a group away for as long as it lasts, so that it would go back by itself is no objection.
  const held = {
    ...state,
    manager: { ...state.manager, groups: state.manager.groups.map((group) => ({ ...group, failback: false })) },
  };
  const problems = here.flatMap(({ name }) => {
    const decision = decideMove(held, { group: name, to, together: true });
    return "problems" in decision ? decision.problems : [];
  });
  if (problems.length > 0) throw new UserError(`${from} keeps its groups; nothing was changed`, problems);
  return here.map(({ name }) => name);
}

async function enter(
  state: PairState,
  nodes: readonly Node[],
  node: Node,
  other: Node,
  options: StandbyOptions,
  say: (line: string) => void,
): Promise<void> {
  const groups = movesFrom(state, node.name, other.name);
  switch (state.manager.kind) {
    case "pacemaker": {
      const enterStandby = (): Promise<string> =>
        must(
          other,
          `crm_standby --node ${quoted(node.name)} --update on`,
          30_000,
          "read: journalctl -u pacemaker -n 50, there",
        );
      if (groups.length === 0) {
        await enterStandby();
        say("no group had to move");
      } else {
        // Standby at once would take this side of each volume away in the midst of the move: the other would be promoted without a peer,
        // and its fencing handler, which then has to look whether it may, makes the outage longer.
        await whileWished(other, groups, options.timeoutSeconds * 1000, say, async () => {
          await settled(nodes, groups, other.name, options, say);
          await enterStandby();
        });
      }
      say(
        `${node.name} is in standby until: linode-ha standby ${node.name} --off; its side of each volume is stopped meanwhile`,
      );
      return;
    }
    case "heartbeat":
      if (groups.length === 0) break;
      await must(node, hbStandby("all"), 30_000, "read: journalctl -u heartbeat -n 50, there");
      say("Heartbeat does not remember this: if the other node dies, this one takes over");
      break;
    default:
      for (const group of groups) {
        const plan = {
          group,
          from: node.name,
          to: other.name,
          manager: "manual" as const,
          together: [],
          set: "local" as const,
        };
        await move(nodes, plan, options, say);
      }
      if (groups.length === 0) say(`nothing is active on ${node.name}`);
      return;
  }
  await settled(nodes, groups, other.name, options, say);
}

async function leave(
  state: PairState,
  nodes: readonly Node[],
  node: Node,
  options: StandbyOptions,
  say: (line: string) => void,
): Promise<void> {
  switch (state.manager.kind) {
    case "pacemaker": {
      // The cluster remembers it, not the node, which may be booting at this moment: whoever answers can be told.
      const answering = nodes.find(({ name }) => state.nodes.some((each) => each.name === name && each.reached));
      await must(
        answering ?? node,
        `crm_standby --node ${quoted(node.name)} --delete`,
        30_000,
        "read: journalctl -u pacemaker -n 50, there",
      );
      const back = await until(
        async () => {
          const seen = (await readPair(nodes)).manager.nodes.find(({ name }) => name === node.name);
          return seen?.online === true && !seen.standby ? true : undefined;
        },
        options.timeoutSeconds * 1000,
        options.pollMs ?? 1000,
      );
      if (back === undefined) throw tooLate(options.timeoutSeconds, `${node.name} is not online for the cluster`);
      say(`${node.name} may carry groups again; its volumes resync now: linode-ha status`);
      return;
    }
    case "heartbeat": {
      const groups = state.manager.groups.filter(
        ({ preferred, activeOn }) => preferred === node.name && !activeOn.includes(node.name),
      );
      const [from] = groups[0]?.activeOn ?? [];
      if (from === undefined) {
        say(`${node.name} has all that is its own: nothing to do`);
        return;
      }
      const names = movesOf(
        state,
        groups.map(({ name }) => name),
        node.name,
      );
      await must(node, hbTakeover("local"), 30_000, "read: journalctl -u heartbeat -n 50, there");
      await settled(nodes, names, node.name, options, say);
      return;
    }
    default:
      say(
        `nothing to do: without a manager no node is in standby; to bring a group back: linode-ha switchover GROUP --to ${node.name}`,
      );
  }
}

function movesOf(state: PairState, groups: readonly string[], to: string): readonly string[] {
  const problems = groups.flatMap((group) => {
    const decision = decideMove(state, { group, to, together: true });
    return "problems" in decision ? decision.problems : [];
  });
  if (problems.length > 0) throw new UserError(`${to} takes nothing back; nothing was changed`, problems);
  return groups;
}

async function settled(
  nodes: readonly Node[],
  groups: readonly string[],
  on: string,
  options: StandbyOptions,
  say: (line: string) => void,
): Promise<void> {
  let left: readonly string[] = groups;
  const done = await until(
    async () => {
      const state = await readPair(nodes);
      left = groups.filter((group) => !isOnlyOn(state, group, on));
      return left.length === 0 ? true : undefined;
    },
    options.timeoutSeconds * 1000,
    options.pollMs ?? 1000,
  );
  if (done === undefined) throw tooLate(options.timeoutSeconds, `not whole on ${on}: ${left.join(", ")}`);
  say(groups.length === 0 ? "no group had to move" : `active on ${on}: ${groups.join(", ")}`);
}

function tooLate(seconds: number, what: string): UserError {
  return new UserError(`Not done within ${seconds} s`, [{ path: "manager", what, todo: "see: linode-ha status" }]);
}
