import { rankInfo } from "../ranks";
import type { Review } from "../review";

/** Raised when a field changes its meaning or goes. */
export const JSON_SCHEMA = 1;

/** The review for programs: docs/review.md describes each field. */
export function writeJson(review: Review): string {
  const { rank, exitCode, headline, findings, counts, system, activeKnown } = review;
  const document = {
    schema: JSON_SCHEMA,
    rank,
    name: rankInfo(rank).name,
    exitCode,
    headline,
    system,
    activeKnown,
    counts,
    findings: findings.map((finding) => ({
      ...finding,
      name: rankInfo(finding.rank).name,
      reasons: finding.reasons.map(({ lines, ...reason }) => ({
        ...reason,
        ...(lines === undefined ? {} : { lines: lines.map(({ sign, text }) => `${sign}${text}`) }),
      })),
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
