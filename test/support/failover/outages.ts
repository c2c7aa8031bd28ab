import { appendFileSync } from "node:fs";

/** One measured fault. */
export interface MeasuredFault {
  readonly stack: string;
  /** As the table of faults names it, for example `fault 1: power cut of the active node`. */
  readonly fault: string;
  /** Milliseconds without an acknowledged write, by its kind. */
  readonly outage: Readonly<Record<string, number>>;
}

/** Says a figure, and writes it where FAILOVER_RESULTS says, a JSON line each. */
export function measure(stack: string, fault: string, outage: Readonly<Record<string, number>>): void {
  const entry: MeasuredFault = { stack, fault, outage };
  const words = Object.entries(outage).map(([kind, ms]) => `${kind} ${(ms / 1000).toFixed(1)} s`);
  process.stderr.write(`  ${stack}, ${fault}: without an acknowledged write for ${words.join(", ")}\n`);
  const file = process.env["FAILOVER_RESULTS"];
  if (file !== undefined && file !== "") appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
