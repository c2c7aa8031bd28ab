import { rankInfo, type Review } from "../../../review";
import { CHANGES } from "./changes";

/** What was measured of a change that was applied: the rank of its worst effect, and seconds without an answer. */
export interface Effect {
  readonly rank: number;
  readonly words: string;
}

/** The table of the forty, as Markdown: predicted, and measured where somebody has applied them. */
export function changesTable(
  reviewOf: (id: string) => Review,
  measured: ReadonlyMap<string, Effect> = new Map(),
): string {
  const rows = CHANGES.map(({ id, what, base }, index) => {
    const { rank, findings } = reviewOf(id);
    const refused = findings.some((finding) => finding.rank === rank && finding.refused !== undefined)
      ? ", refused"
      : "";
    const effect = measured.get(id);
    const cells = [
      `${index + 1}`,
      what,
      base,
      `${rank} ${rankInfo(rank).name}${refused}`,
      findings[0]?.interruption.words ?? "none",
      effect === undefined ? "-" : `${effect.rank}: ${effect.words}`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| | change | stack | predicted | service stops | measured |",
    "| ---: | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
