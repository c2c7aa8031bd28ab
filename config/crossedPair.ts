import type { Parsed } from "./dualPrimary";
import { type FailoverConfig, parseFailover } from "./failover";

/** The whole configuration of a stack of the system `crossed-pair`. */
export type CrossedPairConfig = FailoverConfig<"crossed-pair">;

/** Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report. */
export function parseCrossedPair(document: Readonly<Record<string, unknown>>): Parsed<CrossedPairConfig> {
  return parseFailover("crossed-pair", document);
}
