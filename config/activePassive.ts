import type { Parsed } from "./dualPrimary";
import { type FailoverConfig, parseFailover } from "./failover";

/** The whole configuration of a stack of the system `active-passive`. */
export type ActivePassiveConfig = FailoverConfig<"active-passive">;

/** Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report. */
export function parseActivePassive(document: Readonly<Record<string, unknown>>): Parsed<ActivePassiveConfig> {
  return parseFailover("active-passive", document);
}
