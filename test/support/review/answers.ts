import type { Attempt } from "../failover/visitor";

/** Something that a client asked for and got. */
export interface Answer {
  /** Where it asked: a site's address, or one of several that serve the same. */
  readonly door: string;
  /** What it asked for: `db`, `file`, `record`. */
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly end: number;
  /** Who answered. */
  readonly node: string;
}

/** The answers among what a visitor tried. */
export function answersOf(door: string, attempts: readonly Attempt[]): readonly Answer[] {
  return attempts
    .filter(({ ok }) => ok)
    .map(({ kind, end, words }) => ({ door, kind, end, node: words.replace(/^ok /, "") }));
}

/** What clients went without between two moments, in milliseconds. */
export interface Gaps {
  /** The longest time without an answer from any door, of the kind of write that waited longest. */
  readonly service: number;
  /** The same for each door by itself. */
  readonly doors: Readonly<Record<string, number>>;
  /** By kind, the nodes that answered, in order, each run of one as one; of each door by itself. */
  readonly writers: Readonly<Record<string, readonly string[]>>;
}

/** @param kinds what was asked for at every door: what nobody answered is missing from the answers */
export function gapsOf(
  answers: readonly Answer[],
  doors: readonly string[],
  kinds: readonly string[],
  since: number,
  until: number,
): Gaps {
  const within = answers.filter(({ end }) => end >= since && end <= until).sort((one, other) => one.end - other.end);
  const widest = (of: readonly Answer[]): number =>
    Math.max(
      ...kinds.map((kind) =>
        widestGap(
          of.filter((each) => each.kind === kind).map(({ end }) => end),
          since,
          until,
        ),
      ),
    );
  return {
    service: widest(within),
    doors: Object.fromEntries(doors.map((door) => [door, widest(within.filter((each) => each.door === door))])),
    writers: Object.fromEntries(
      doors.flatMap((door) =>
        kinds.map((kind) => [
          `${door} ${kind}`,
          runs(within.filter((each) => each.door === door && each.kind === kind).map(({ node }) => node)),
        ]),
      ),
    ),
  };
}

function widestGap(ends: readonly number[], since: number, until: number): number {
  const times = [since, ...ends, until];
  return Math.max(...times.slice(1).map((end, index) => end - (times[index] ?? end)));
}

const runs = (nodes: readonly string[]): readonly string[] =>
  nodes.filter((node, index) => index === 0 || nodes[index - 1] !== node);
