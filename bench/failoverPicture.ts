/**
 * The measured outages as a table and a picture: `ts-node bench/failoverPicture.ts RESULTS.jsonl TABLE.md PICTURE.svg`. Each line of the
 * results is one fault of one run, as tests write it where FAILOVER_RESULTS says.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** One measured fault, as a line of the results has it. */
export interface Outage {
  readonly stack: string;
  readonly fault: string;
  /** Milliseconds without an acknowledged write, by its kind. */
  readonly outage: Readonly<Record<string, number>>;
}

/** All runs of one fault on one stack and one kind of write. */
export interface Bar {
  readonly stack: string;
  readonly fault: string;
  readonly kind: string;
  /** Seconds, rising. */
  readonly seconds: readonly number[];
}

/** Reads JSON lines. @throws Error that names the line that is none. */
export function parseResults(text: string): readonly Outage[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      try {
        return JSON.parse(line) as Outage;
      } catch {
        throw new Error(`line ${index + 1} of the results is no JSON: ${line.slice(0, 80)}`);
      }
    });
}

/** Puts the runs together, in the order of their first appearance. */
export function barsOf(results: readonly Outage[]): readonly Bar[] {
  const bars = new Map<string, { stack: string; fault: string; kind: string; seconds: number[] }>();
  for (const { stack, fault, outage } of results) {
    for (const [kind, ms] of Object.entries(outage)) {
      const key = JSON.stringify([stack, fault, kind]);
      const bar = bars.get(key) ?? { stack, fault, kind, seconds: [] };
      bar.seconds.push(ms / 1000);
      bars.set(key, bar);
    }
  }
  return [...bars.values()].map((bar) => ({ ...bar, seconds: bar.seconds.sort((a, b) => a - b) }));
}

/** The value below which a share of the runs lies. */
export const quantile = (rising: readonly number[], share: number): number =>
  rising[Math.min(rising.length - 1, Math.ceil(rising.length * share) - 1)] ?? Number.NaN;

/** A Markdown table. */
export function renderTable(bars: readonly Bar[]): string {
  return [
    "| stack | fault | writes | runs | p50 | worst |",
    "| --- | --- | --- | ---: | ---: | ---: |",
    ...bars.map(({ stack, fault, kind, seconds }) => {
      const [middle, worst] = [quantile(seconds, 0.5), seconds.at(-1) ?? Number.NaN];
      return `| ${stack} | ${fault} | ${kind} | ${seconds.length} | ${middle.toFixed(1)} s | ${worst.toFixed(1)} s |`;
    }),
    "",
  ].join("\n");
}

const ROW = 22;
const LEFT = 430;
const WIDTH = 420;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A bar for the median and a thin one to the worst run, on one scale. */
export function renderPicture(bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.flatMap(({ seconds }) => seconds));
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((each) => most / each <= 8) ?? 600;
  const x = (seconds: number): number => LEFT + (seconds / most) * WIDTH;
  const height = 40 + bars.length * ROW;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 70}" height="${height}" font-family="sans-serif" font-size="12">`,
    "<title>Seconds without an acknowledged write, by fault</title>",
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...ticks.flatMap((tick) => [
      `<line x1="${x(tick).toFixed(1)}" y1="24" x2="${x(tick).toFixed(1)}" y2="${height - 10}" stroke="#dddddd"/>`,
      `<text x="${x(tick).toFixed(1)}" y="16" text-anchor="middle" fill="#555555">${tick} s</text>`,
    ]),
    ...bars.flatMap(({ stack, fault, kind, seconds }, index) => {
      const y = 30 + index * ROW;
      const [middle, worst] = [quantile(seconds, 0.5), seconds.at(-1) ?? 0];
      return [
        `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end" fill="#222222">${escaped(`${stack}: ${fault} (${kind})`)}</text>`,
        `<rect x="${LEFT}" y="${y + 6}" width="${(x(worst) - LEFT).toFixed(1)}" height="4" fill="#9bb8d3"/>`,
        `<rect x="${LEFT}" y="${y + 2}" width="${(x(middle) - LEFT).toFixed(1)}" height="12" fill="#2f6ea5"/>`,
        `<text x="${(x(worst) + 6).toFixed(1)}" y="${y + 12}" fill="#222222">${middle.toFixed(1)}</text>`,
      ];
    }),
    "</svg>",
    "",
  ].join("\n");
}

function main([results, table, picture]: readonly string[]): void {
  if (results === undefined || table === undefined || picture === undefined) {
    throw new Error("usage: failoverPicture RESULTS.jsonl TABLE.md PICTURE.svg");
  }
  const bars = barsOf(parseResults(readFileSync(results, "utf8")));
  if (bars.length === 0) throw new Error(`${results} has no results`);
  const [before] = readFileSync(table, "utf8").split("<!-- table: begin -->");
  writeFileSync(table, `${before ?? ""}<!-- table: begin -->\n\n${renderTable(bars)}`);
  writeFileSync(picture, renderPicture(bars));
}

if (require.main === module) main(process.argv.slice(2));
