import { rankInfo } from "../ranks";
import type { Finding, Reason, Review } from "../review";
import { countWords, placeWords, resyncWords } from "./words";

/** How a review is shown at a terminal. */
export interface TerminalOptions {
  /** Default: none. */
  readonly color?: boolean;
  /** Columns. Default 100. */
  readonly width?: number;
}

const CODES = ["35;1", "31;1", "31", "33", "33", "36", "2"] as const;

/** Headline, one ranked table, then the details of all that is felt. */
export function writeTerminal(review: Review, options: TerminalOptions = {}): string {
  const width = Math.max(60, options.width ?? 100);
  const paint = (rank: number, text: string): string =>
    options.color === true ? `\u001b[${CODES[rank] ?? "0"}m${text}\u001b[0m` : text;
  const felt = review.findings.filter(({ rank }) => rank < 6);
  const rest = review.findings.length - felt.length;
  return [
    ...wrapped(review.headline, width, "").map((line) => paint(review.rank, line)),
    "",
    ...felt.map((finding) => row(finding, width, paint)),
    ...(rest > 0
      ? [paint(6, `${"none".padEnd(11)}${rest} more change${rest === 1 ? "" : "s"} that nobody feels`)]
      : []),
    ...(felt.length > 0 ? ["", ...felt.flatMap((finding) => detail(finding, width, paint))] : []),
    "",
    `${countWords(review.counts)}. ${review.activeKnown ? "" : "Which node is active is not known here: give --status. "}Exit code ${review.exitCode}.`,
    "",
  ].join("\n");
}

type Paint = (rank: number, text: string) => string;

function row(finding: Finding, width: number, paint: Paint): string {
  const { label } = rankInfo(finding.rank);
  const place = placeWords(finding);
  const text = `${finding.called} ${finding.operation}${place === "" ? "" : ` on ${place}`}: service ${finding.interruption.words}`;
  const room = width - 11;
  return `${paint(finding.rank, label.padEnd(11))}${text.length > room ? `${text.slice(0, room - 1)}…` : text}`;
}

function detail(finding: Finding, width: number, paint: Paint): readonly string[] {
  const { rank, names, why, interruption, refused, steps, reasons } = finding;
  const place = placeWords(finding);
  const entry = (name: string, text: string): readonly string[] => wrapped(text, width - 4, `  ${name.padEnd(12)}`);
  return [
    paint(
      rank,
      `${rankInfo(rank).label} ${rank}: ${names.slice(0, 4).join(", ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}`,
    ),
    ...entry("why", why),
    ...(place === "" ? [] : entry("on", place)),
    ...entry("service", interruption.words),
    ...(finding.resync === undefined ? [] : entry("resync", resyncWords(finding))),
    ...(refused === undefined ? [] : entry("refused", refused)),
    ...reasons.flatMap((reason) => reasonLines(reason, width)),
    ...(steps.length === 0
      ? []
      : ["  safe order", ...steps.flatMap((step, index) => wrapped(step, width - 4, `    ${index + 1}. `))]),
    "",
  ];
}

function reasonLines({ property, old, new: now, daemon, lines, rank }: Reason, width: number): readonly string[] {
  if (property === "") return [];
  const taken = daemon === undefined ? "" : `  [${daemon}]`;
  const label = `${rankInfo(rank).label} ${rank}`;
  if (lines === undefined) {
    const values = old === "" && now === "" ? "" : `: ${old} → ${now}`;
    return wrapped(`${property}${values}  (${label})${taken}`, width - 4, "  ~ ");
  }
  const state = old === "(none)" ? " (new)" : now === "(none)" ? " (goes)" : "";
  return [
    `  ~ ${property}${state}  (${label})${taken}`,
    ...lines.map(({ sign, text }) => `      ${sign} ${text}`.slice(0, width)),
  ];
}

/** Lines of at most so many columns; those after the first stand below the first's text. */
function wrapped(text: string, width: number, start: string): string[] {
  const lines: string[] = [];
  let line = start;
  const indent = " ".repeat(start.length);
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line !== start && line.length + word.length + 1 > width) {
      lines.push(line);
      line = indent;
    }
    line += line === start || line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}
