import type { Bench } from "./bench";

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** What the project promises, in words. */
  readonly target: string;
  /** What this run measured, in words; for a row that could not be measured, why. */
  readonly measured: string;
  /** Measured against what it is compared with. */
  readonly ratio?: number;
  /** Left out where nothing was measured. Never an assertion: a row that is not met is printed like any other. */
  readonly met?: boolean;
  /** What a reader must know to judge the figure; printed below the table. */
  readonly notes?: readonly string[];
}

/** What can be asked for by name: `make bench ONLY="api boot"`. */
export interface Measure {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}

/** The table and its notes, as Markdown that also reads well in a terminal. */
export function renderTable(rows: readonly Row[]): string {
  const head = ["what", "target", "measured", "ratio", "met"];
  const cells = rows.map(({ what, target, measured, ratio, met }) => [
    what,
    target,
    measured,
    ratio === undefined ? "-" : ratio.toFixed(2),
    met === undefined ? "-" : met ? "yes" : "no",
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]!.length)));
  const line = (values: readonly string[]): string =>
    `| ${values.map((value, column) => value.padEnd(widths[column]!)).join(" | ")} |`;
  const table = [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)];
  const notes = rows.flatMap(({ what, notes: all = [] }) => all.map((note) => `- ${what}: ${note}`));
  return `${[...table, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n")}\n`;
}

/** Seconds as people read them. */
export const inSeconds = (seconds: number): string => `${seconds.toFixed(1)} s`;

/** The middle one; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The least value that this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) {
    throw new Error("nothing was measured");
  }
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}
