import { rankInfo, type Rank, type Review } from "../../../review";
import type { AppliedChange } from "./applied";
import { CHANGES } from "./changes";
import { overrated, underrated } from "./results";

/** What the table says of the forty as a whole. */
export interface Counts {
  readonly applied: number;
  /** Changes that felt worse than the review said: there must be none. */
  readonly underrated: readonly string[];
  /** Changes that the review took for worse than they felt. */
  readonly overrated: readonly string[];
}

/** Compares what the reviews say with what was felt. */
export function countsOf(reviewOf: (id: string) => Review, measured: ReadonlyMap<string, AppliedChange>): Counts {
  const runs = CHANGES.flatMap(({ id }) => {
    const run = measured.get(id);
    return run === undefined ? [] : [{ id, run, said: reviewOf(id).rank }];
  });
  return {
    applied: runs.length,
    underrated: runs.filter(({ said, run }) => underrated(said, run.felt)).map(({ id }) => id),
    overrated: runs.filter(({ said, run }) => overrated(said, run)).map(({ id }) => id),
  };
}

const named = (rank: Rank): string => `${rank} ${rankInfo(rank).name}`;
const listed = (ids: readonly string[]): string => (ids.length === 0 ? "0" : `${ids.length} (${ids.join(", ")})`);

function feltCell(run: AppliedChange | undefined): string {
  if (run === undefined) return "-";
  const { felt, refused, words, took, load, together = [] } = run;
  // A client cannot tell a reload from nothing.
  const rank = felt === 6 ? "5 or 6" : named(felt);
  const shared = together.length === 0 ? "" : ` of ${together.length + 1} changes`;
  return `${rank}${refused ? ", refused" : ""}: ${words} (update${shared} ${took} s, load ${load})`;
}

/** The table of the forty, as Markdown: what the review says, and what was felt where a change was applied. */
export function changesTable(reviewOf: (id: string) => Review, measured: ReadonlyMap<string, AppliedChange>): string {
  const rows = CHANGES.map(({ id, what, base }, index) => {
    const { rank, findings } = reviewOf(id);
    const refusal = findings.some((finding) => finding.rank === rank && finding.refused !== undefined);
    const cells = [
      `${index + 1}`,
      what,
      base,
      `${named(rank)}${refusal ? ", refused" : ""}`,
      findings[0]?.interruption.words ?? "none",
      feltCell(measured.get(id)),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const { applied, underrated: under, overrated: over } = countsOf(reviewOf, measured);
  return [
    `Applied: ${applied} of ${CHANGES.length}. Underrated: ${listed(under)}. Overrated: ${listed(over)}.`,
    "",
    "| | change | stack | predicted | service stops | measured |",
    "| ---: | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
