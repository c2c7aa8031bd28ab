import type { Parsed } from "./dualPrimary";
import { type FailoverConfig, parseFailover } from "./failover";

/** The whole configuration of a stack of the system `manual-failover`. */
export type ManualFailoverConfig = FailoverConfig<"manual-failover">;

/** Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report. */
export function parseManualFailover(document: Readonly<Record<string, unknown>>): Parsed<ManualFailoverConfig> {
  return parseFailover("manual-failover", document);
}
