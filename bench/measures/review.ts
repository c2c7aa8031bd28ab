import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { projectRoot } from "../../test/support/lab";
import { run } from "../../test/support/run";
import { previewOf } from "../../test/support/review/fixtures";
import { median, type Measure, type Row } from "../row";

const RUNS = 7;
const SIZES = [
  { resources: 40, mostSeconds: 0.2, mostMiB: undefined, overStart: true },
  { resources: 1000, mostSeconds: 0.5, mostMiB: 150, overStart: false },
] as const;

interface Step {
  readonly op: string;
  readonly urn: string;
}

interface Sample {
  readonly seconds: number;
  readonly mib: number;
}

/** `linode-ha review` of previews of 40 and of 1,000 resources: all that the engine told of the forty changes, over and over. */
export const review: Measure = {
  name: "review",
  run: async (bench) => {
    const folder = mkdtempSync(join(tmpdir(), "linode-ha-bench-review-"));
    try {
      const steps = realSteps();
      const rows: Row[] = [];
      for (const { resources, mostSeconds, mostMiB, overStart } of SIZES) {
        const file = join(folder, `${resources}.json`);
        writeFileSync(file, previewText(steps, resources));
        bench.say(`linode-ha review of ${resources} resources, ${RUNS} times, by turns with an empty program`);
        const own: Sample[] = [];
        const empty: Sample[] = [];
        for (let turn = 0; turn < RUNS; turn += 1) {
          own.push(await sample([join(projectRoot, "dist", "cli", "main.js"), "review", "--plan", file]));
          empty.push(await sample(["-e", "0"]));
        }
        const start = median(empty.map(({ seconds }) => seconds));
        const whole = median(own.map(({ seconds }) => seconds));
        const counted = overStart ? whole - start : whole;
        const mib = Math.max(...own.map((one) => one.mib));
        rows.push({
          what: `review of a preview of ${resources} resources`,
          target: `at most ${mostSeconds} s${overStart ? " over Node's own start" : ""}${mostMiB === undefined ? "" : `, ${mostMiB} MiB`}`,
          measured: `${counted.toFixed(2)} s, ${mib.toFixed(0)} MiB`,
          met: counted <= mostSeconds && (mostMiB === undefined || mib <= mostMiB),
          notes: [
            `median of ${RUNS}; the whole command ${whole.toFixed(2)} s, an empty program ${start.toFixed(2)} s; the most memory of all runs`,
            `${(statSync(file).size / 2 ** 20).toFixed(1)} MiB of JSON, every step one that the engine made of a real change`,
          ],
        });
      }
      return rows;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Steps of all kinds, in the order of the changes' names. */
function realSteps(): readonly Step[] {
  const folder = join(projectRoot, "test", "unit", "review", "previews");
  const ids = readdirSync(folder)
    .map((file) => basename(file, ".json.gz"))
    .sort();
  return ids.flatMap((id) => (JSON.parse(previewOf(id)) as { steps: Step[] }).steps.filter(({ op }) => op !== "same"));
}

/** A preview of so many resources: each is of a stack of its own, so that what comes again is another one. */
function previewText(steps: readonly Step[], resources: number): string {
  const changeSummary: Record<string, number> = {};
  const chosen = Array.from({ length: resources }, (_, at): Step => {
    // Spread over all of them, so that a small preview is no worse a mixture than a large one.
    const step = steps[Math.floor((at * steps.length) / Math.min(resources, steps.length)) % steps.length]!;
    changeSummary[step.op] = (changeSummary[step.op] ?? 0) + 1;
    return { ...step, urn: step.urn.replace(/^urn:pulumi:[^:]+/, `$&-${at}`) };
  });
  return JSON.stringify({ config: {}, steps: chosen, changeSummary }, undefined, 4);
}

async function sample(args: readonly string[]): Promise<Sample> {
  const start = performance.now();
  const command = [process.execPath, "-r", join(projectRoot, "bench", "peakMemory.js"), ...args];
  const { code, stderr } = await run(command, { seconds: 60, env: { NODE_OPTIONS: "" } });
  const seconds = (performance.now() - start) / 1000;
  const peak = /^peak (\d+) KiB$/m.exec(stderr)?.[1];
  // 3: what is not understood would be told in no time.
  if (peak === undefined || code === 3) throw new Error(`the review ended with ${code}: ${stderr.slice(-500)}`);
  return { seconds, mib: Number(peak) / 1024 };
}
