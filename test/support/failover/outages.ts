import { appendFileSync } from "node:fs";

/** One measured fault. */
export interface MeasuredFault {
  readonly stack: string;
  /** As the table of faults names it, for example `fault 1: power cut of the active node`. */
  readonly fault: string;
  /** Milliseconds without an acknowledged write, by its kind. */
  readonly outage: Readonly<Record<string, number>>;
}

const measured: MeasuredFault[] = [];

/** Remembers a figure, and writes it where FAILOVER_RESULTS says, a JSON line each. */
export function measure(stack: string, fault: string, outage: Readonly<Record<string, number>>): void {
  const entry: MeasuredFault = { stack, fault, outage };
  measured.push(entry);
  const file = process.env["FAILOVER_RESULTS"];
  if (file !== undefined && file !== "") appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** The table so far, for the end of a test file. */
export function outageTable(): string {
  return measured
    .map(({ stack, fault, outage }) => {
      const words = Object.entries(outage).map(([kind, ms]) => `${kind} ${(ms / 1000).toFixed(1)} s`);
      return `${stack.padEnd(16)} ${fault.padEnd(56)} ${words.join(", ")}`;
    })
    .join("\n");
}
