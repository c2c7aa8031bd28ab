import type { Rank } from "../../../review";
import { weakened, type Facts } from "./facts";
import type { Gaps } from "./answers";

/** All that was seen while one change was applied. */
export interface Watched {
  /** `refused`: the update failed, and said so. */
  readonly outcome: "applied" | "refused";
  readonly before: Facts;
  readonly after: Facts;
  readonly gaps: Gaps;
  /** Milliseconds of waiting that clients have in this lab when nothing happens. */
  readonly quiet: number;
  /** Whether clients were served again after it without anybody's help. */
  readonly back: boolean;
  /** How many of the acknowledged writes are no longer there. */
  readonly lost: number;
}

/** The worst of what was felt, as a rank. 6 stands for 5 too: a client cannot tell a reload from nothing. */
export interface Felt {
  readonly rank: Rank;
  readonly words: string;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Milliseconds from which on waiting counts as felt. */
export const feltFrom = (quiet: number): number => Math.max(3000, 2 * quiet);

/** Milliseconds: longer than any orderly move or take-over of docs/results/failover.md. Nodes that restart by turns are never away both so long. */
const TAKE_OVER = 75_000;

/** What clients and the data felt of a change. */
export function feltOf(watched: Watched): Felt {
  const { before, after, gaps, back, lost } = watched;
  const felt = feltFrom(watched.quiet);
  const stopped = gaps.service > felt;
  const outage = back ? `no answer for ${seconds(gaps.service)}` : "no answer until it was put back";
  const deleted = gone(before.storage, after.storage);
  const weaker = [...new Set(Object.entries(before.nodes).flatMap(([node, was]) => weakened(was, after.nodes[node])))];
  const away = rebooted(before, after);
  const moved = Object.values(gaps.writers).some((nodes) => nodes.length > 1);
  const silent = Object.entries(gaps.doors).filter(([, gap]) => gap > felt);
  const quiet = silent.map(([door, gap]) => `${door} silent for ${seconds(gap)}`).join(", ");
  const restarted = restarts(before, after);
  const rest = stopped || !back ? `; ${outage}` : "";
  if (lost > 0) return { rank: 1, words: `${lost} acknowledged writes are gone${rest}` };
  if (deleted.length > 0) return { rank: 1, words: `${deleted.join(", ")} deleted${rest}` };
  if (weaker.length > 0) return { rank: 1, words: `${weaker.join(", ")}${rest}` };
  if (!back) return { rank: 2, words: outage };
  if (stopped && silent.length > 1 && away.length === 0) return { rank: 2, words: `${outage}, from either node` };
  if (gaps.service > TAKE_OVER && away.length > 1)
    return { rank: 2, words: `${away.join(" and ")} restarted; ${outage}` };
  if (moved) return { rank: 3, words: `the service moved${rest}` };
  if (away.length > 0) {
    const words = quiet === "" ? `longest wait ${seconds(gaps.service)}` : `${quiet}, the other served`;
    return { rank: 3, words: `${away.join(" and ")} restarted: ${stopped ? outage : words}` };
  }
  if (stopped || quiet !== "") return { rank: 4, words: stopped ? outage : quiet };
  if (restarted.length > 0)
    return { rank: 4, words: `${restarted.join(", ")} restarted; longest wait ${seconds(gaps.service)}` };
  return { rank: 6, words: `nothing; longest wait ${seconds(gaps.service)}` };
}

const gone = (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): readonly string[] => {
  const ids = new Set(Object.values(after));
  return Object.entries(before)
    .filter(([, id]) => !ids.has(id))
    .map(([name]) => name)
    .sort();
};

/** Nodes that are another boot than before; one that does not answer is away. */
const rebooted = (before: Facts, after: Facts): readonly string[] =>
  Object.entries(before.nodes)
    .filter(([node, { boot }]) => boot !== (after.nodes[node]?.boot ?? ""))
    .map(([node]) => node);

/** Units that ran before and after on a node that did not restart, and were started anew between. */
const restarts = (before: Facts, after: Facts): readonly string[] =>
  Object.entries(before.nodes).flatMap(([node, was]) => {
    const is = after.nodes[node];
    if (is?.boot !== was.boot) return [];
    return Object.entries(was.starts)
      .filter(([unit, id]) => is.starts[unit] !== undefined && is.starts[unit] !== id)
      .map(([unit]) => `${unit} on ${node}`);
  });
