/** `make bench`: measures what the project promises and prints one table. Names of measures as arguments choose some of them. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { projectRoot } from "../test/support/lab";
import { Bench } from "./bench";
import { api } from "./measures/api";
import { boot } from "./measures/boot";
import { byClock } from "./measures/byClock";
import { connections } from "./measures/connections";
import { failover } from "./measures/failover";
import { noop } from "./measures/noop";
import { pair } from "./measures/pair";
import { review } from "./measures/review";
import { renderTable, type Measure, type Row } from "./row";

/** In the order in which they run: those that look at the deployed pair before the one that takes it away. */
const MEASURES: readonly Measure[] = [api, boot, connections, noop, pair, failover, review, byClock];

function chosen(names: readonly string[]): readonly Measure[] {
  const unknown = names.filter((name) => !MEASURES.some((measure) => measure.name === name));
  if (unknown.length > 0) {
    const known = MEASURES.map(({ name }) => name).join(" ");
    process.stderr.write(`error: unknown: ${unknown.join(" ")}\n       ONLY takes: ${known}\n`);
    process.exit(2);
  }
  return names.length === 0 ? MEASURES : MEASURES.filter(({ name }) => names.includes(name));
}

/** Where and of what: a figure without it says little. */
function circumstances(): string {
  const processors = cpus();
  return [
    `${new Date().toISOString().slice(0, 16)}Z, commit ${commit()}, Node.js ${process.versions.node}`,
    `${processors.length} × ${processors[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `load average at the start ${loadavg()[0]!.toFixed(1)}`,
  ].join("; ");
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { cwd: projectRoot, encoding: "utf8" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : " with changes");
  } catch {
    return "unknown";
  }
}

async function main(): Promise<void> {
  const measures = chosen(process.argv.slice(2));
  const head = circumstances();
  const bench = new Bench();
  const rows: Row[] = [];
  const interrupted = (): void => void bench.close().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    for (const { name, run } of measures) {
      process.stderr.write(`==> ${name}\n`);
      try {
        rows.push(...(await run(bench)));
      } catch (error) {
        // The others' figures are still wanted.
        process.exitCode = 1;
        process.stderr.write(`error: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
        rows.push({ what: name, target: "-", measured: "not measured: see above" });
      }
    }
  } finally {
    await bench.close();
  }
  console.log(`\n${head}\n\n${renderTable(rows)}`);
}

void main().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
