import { rankInfo } from "../ranks";
import type { Finding, Reason, Review } from "../review";
import { countWords, placeWords, resyncWords } from "./words";

/** By which a bot finds the comment that it wrote before, to replace it. */
export const MARK = "<!-- linode-ha-review -->";

/** A code host takes no longer comment than 65,536 characters; the rest is for what it adds. */
const MOST = 60_000;
const SIGNS = ["❓", "🛑", "🛑", "⚠️", "⚠️", "🔄", "✅"] as const;

/** A comment for a pull request: the headline and one ranked table, the details folded. It begins with a hidden mark. */
export function writeMarkdown(review: Review): string {
  const felt = review.findings.filter(({ rank }) => rank < 6);
  const rest = review.findings.filter(({ rank }) => rank === 6);
  const head = [
    MARK,
    `### ${SIGNS[review.rank]} ${plain(review.headline)}`,
    "",
    ...(felt.length === 0 ? [] : [...table(felt), ""]),
  ];
  const foot = [
    ...(rest.length === 0
      ? []
      : [
          folded(
            `${rest.length} change${rest.length === 1 ? "" : "s"} that nobody feels`,
            rest.map((one) => `- ${code(one.names.join(", "))}: ${plain(one.why)}`),
          ),
          "",
        ]),
    `<sub>${plain(countWords(review.counts))}. ${review.activeKnown ? "" : "Which node is active is not known here. "}Exit code ${review.exitCode}. Made by \`linode-ha review\`.</sub>`,
    "",
  ].join("\n");
  let text = `${head.join("\n")}\n`;
  for (const [index, finding] of felt.entries()) {
    const next = `${folded(`${rankInfo(finding.rank).label}: ${finding.names.join(", ")}`, details(finding))}\n\n`;
    if (text.length + next.length + foot.length > MOST) {
      text += `_${felt.length - index} more: too much for one comment. \`linode-ha review\` shows them all._\n\n`;
      break;
    }
    text += next;
  }
  return `${text}${foot.length > MOST / 2 ? `<sub>${plain(countWords(review.counts))}.</sub>\n` : foot}`;
}

function table(findings: readonly Finding[]): readonly string[] {
  const shownRows = findings.slice(0, 50);
  return [
    "| rank | what | on | service stops | resync |",
    "| --- | --- | --- | --- | --- |",
    ...shownRows.map((finding) => {
      const cells = [
        `${SIGNS[finding.rank]} **${rankInfo(finding.rank).label}**`,
        `${plain(finding.called)} ${finding.operation}`,
        plain(placeWords(finding)),
        plain(finding.interruption.words),
        plain(resyncWords(finding)),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    ...(findings.length > shownRows.length ? [`| | and ${findings.length - shownRows.length} more | | | |`] : []),
  ];
}

function details(finding: Finding): readonly string[] {
  const { why, refused, reasons, steps, resync, interruption, urns } = finding;
  return [
    `${plain(why)}.`,
    "",
    `- service stops: ${plain(interruption.words)}`,
    ...(resync === undefined ? [] : [`- resync: ${plain(resyncWords(finding))}`]),
    ...(refused === undefined ? [] : [`- **refused as it is**: ${plain(refused)}`]),
    ...(urns.length === 0 ? [] : [`- resources: ${urns.map(code).join(", ")}`]),
    ...reasons.flatMap(reasonLines),
    ...(steps.length === 0
      ? []
      : ["", "Safe order:", "", ...steps.map((step, index) => `${index + 1}. ${commands(step)}`)]),
  ];
}

function reasonLines({ property, old, new: now, lines, daemon, rank, why }: Reason): readonly string[] {
  if (property === "") return [];
  const taken = daemon === undefined ? "" : `, taken in by ${plain(daemon)}`;
  const values = lines !== undefined || (old === "" && now === "") ? "" : `: ${code(old)} → ${code(now)}`;
  const head = `- ${code(property)}${values} (${rankInfo(rank).label}${taken}): ${plain(why)}`;
  if (lines === undefined) return [head];
  const text = lines.map(({ sign, text: line }) => `${sign}${line}`).join("\n");
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return [head, "", `${fence}diff`, text, fence, ""];
}

function folded(summary: string, lines: readonly string[]): string {
  return [`<details><summary>${plain(summary)}</summary>`, "", ...lines, "", "</details>"].join("\n");
}

const html = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Words of a preview are no markup, no mention and no link, wherever they come from. */
function plain(text: string): string {
  return html(text.replace(/\s+/g, " "))
    .replace(/[\\`*_[\]|~#]/g, (sign) => `\\${sign}`)
    .replace(/@/g, "@\u200b")
    .replace(/:\/\//g, ":\u200b//");
}

/** A procedure's own commands stay code. */
const commands = (step: string): string =>
  step
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? part : plain(part)))
    .join("");

function code(text: string): string {
  const line = text.replace(/\s+/g, " ").replace(/\|/g, "\\|");
  if (line === "") return "``";
  return line.includes("`") ? plain(text) : `\`${line}\``;
}
