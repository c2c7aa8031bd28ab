import { createHash } from "node:crypto";
import { rankInfo, type Rank } from "../ranks";
import type { Finding, Review } from "../review";
import { placeWords, resyncWords } from "./words";

const LEVELS = ["error", "error", "error", "warning", "warning", "note", "none"] as const;
/** For code hosts that sort by it: 9 and more is critical, 7 high, 4 medium. */
const SEVERITIES = ["9.5", "9.0", "8.0", "6.0", "4.0", "1.0", "0.0"] as const;

/** A file that every program of Pulumi's has: a preview does not say where in the program a change was made. */
const PROGRAM_FILE = "Pulumi.yaml";

/** Static Analysis Results Interchange Format 2.1.0, for code hosts that show findings beside a change. What nobody feels is left out. */
export function writeSarif(review: Review): string {
  const felt = review.findings.filter(({ rank }) => rank < 6);
  const ids = [...new Set(felt.map(ruleOf))].sort();
  const document = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "linode-ha review",
            rules: ids.map((id) => {
              const rank = Number(id.split("/")[0]?.slice(1)) as Rank;
              const { name, meaning } = rankInfo(rank);
              return {
                id,
                name,
                shortDescription: { text: `${name}: ${meaning}` },
                defaultConfiguration: { level: LEVELS[rank] },
                properties: { "security-severity": SEVERITIES[rank] },
              };
            }),
          },
        },
        invocations: [
          { executionSuccessful: review.rank !== 0, exitCode: review.exitCode, exitCodeDescription: review.headline },
        ],
        results: felt.map((finding) => ({
          ruleId: ruleOf(finding),
          ruleIndex: ids.indexOf(ruleOf(finding)),
          level: LEVELS[finding.rank],
          message: { text: messageOf(finding) },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: PROGRAM_FILE }, region: { startLine: 1 } },
              logicalLocations: finding.urns.map((urn, index) => ({
                name: finding.names[index] ?? urn,
                fullyQualifiedName: urn,
                kind: "resource",
              })),
            },
          ],
          // The same finding of the next run is the same alert.
          partialFingerprints: { "linodeHaReview/v1": fingerprint(finding) },
          properties: { rank: finding.rank, nodes: finding.nodes, steps: finding.steps },
        })),
      },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** A rule for each rank and kind: its severity is the rule's, and a code host has only one of it. */
const ruleOf = ({ rank, rule }: Finding): string => `r${rank}/${rule}`;

function messageOf(finding: Finding): string {
  const { called, operation, why, interruption, resync, refused } = finding;
  const place = placeWords(finding);
  return [
    `${called} ${operation}${place === "" ? "" : ` on ${place}`}: ${why}.`,
    `Service stops: ${interruption.words}.`,
    ...(resync === undefined ? [] : [`Resync: ${resyncWords(finding)}.`]),
    ...(refused === undefined ? [] : [`Refused as it is: ${refused}.`]),
  ].join(" ");
}

function fingerprint({ rule, urns, reasons }: Finding): string {
  const what = JSON.stringify([rule, urns, reasons.map(({ property }) => property)]);
  return createHash("sha256").update(what).digest("hex").slice(0, 32);
}
