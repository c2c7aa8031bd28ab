import { until } from "../run";
import type { Visitors, WriteKind } from "./visitor";

/** What visitors saw while something happened. */
export interface Seen {
  readonly acknowledged: number;
  readonly refused: number;
  /** Seconds between the two acknowledgements of one kind that lie furthest apart. */
  readonly outage: number;
  /** Seconds from a moment to the first acknowledgement after that outage. */
  readonly servedAfter: number;
  /** The nodes that acknowledged, in order, repetitions left out; every kind's must be the same. */
  readonly nodes: readonly string[];
  /** What was acknowledged and is not there. */
  readonly lost: Readonly<Record<WriteKind, readonly number[]>>;
}

/** {@link Seen.lost} as it has to be. */
export const NOTHING_LOST = { lost: { db: [], file: [] } } as const;

/**
 * Visitors write while something happens, and until ten more writes of each kind were acknowledged that were asked for afterwards.
 *
 * @param happens returns the moment to measure from, or nothing: then it is the moment when it was called
 */
export async function seenDuring(visitors: Visitors, happens: () => Promise<unknown>, seconds: number): Promise<Seen> {
  const { kinds } = visitors.site;
  const begun = Date.now();
  const acksSince = (kind: WriteKind, since: number): number =>
    visitors.acknowledged(kind).filter(({ start }) => start >= since).length;
  const enough = (since: number, count: number) => async (): Promise<boolean> =>
    kinds.every((kind) => acksSince(kind, since) >= count);
  let from: number;
  visitors.start();
  try {
    await until("the first acknowledgements", 60, enough(begun, 5), 100);
    const called = Date.now();
    const moment = await happens();
    from = moment instanceof Date ? moment.getTime() : called;
    await until("ten more acknowledgements after it", seconds, enough(Date.now(), 10));
  } finally {
    await visitors.stop();
  }
  const tried = visitors.attempts.filter(({ start }) => start >= begun);
  const widest = kinds
    .map((kind) => widestGap(visitors.acknowledged(kind).filter(({ start }) => start >= begun)))
    .reduce((best, each) => (each.gap > best.gap ? each : best));
  const writers = kinds.map((kind) => visitors.writers(kind, begun));
  const [nodes = []] = writers;
  if (writers.some((other) => other.join() !== nodes.join())) {
    throw new Error(`the kinds of writes were acknowledged by different nodes: ${JSON.stringify(writers)}`);
  }
  return {
    acknowledged: tried.filter(({ ok }) => ok).length,
    refused: tried.filter(({ ok }) => !ok).length,
    outage: widest.gap / 1000,
    servedAfter: (widest.ended - from) / 1000,
    nodes,
    lost: { db: await visitors.lost("db"), file: await visitors.lost("file") },
  };
}

/** The longest time between two acknowledgements, and when the second of them came. */
function widestGap(acks: readonly { readonly end: number }[]): { gap: number; ended: number } {
  return acks
    .slice(1)
    .map(({ end }, index) => ({ ended: end, gap: end - (acks[index]?.end ?? end) }))
    .reduce((best, each) => (each.gap > best.gap ? each : best), { ended: 0, gap: 0 });
}
