import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../test/support/lab";
import { runOk } from "../../test/support/run";
import { labEnvironment } from "../apiClient";
import { inSeconds, median, type Measure } from "../row";

const MOST = 1.3;
const RUNS = 3;

interface Resource {
  readonly type: string;
  readonly custom: boolean;
}

/** A Pulumi stack, as far as its `up` is to be timed. */
interface Timed {
  readonly folder: string;
  readonly stack: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `pulumi up` of the pair with nothing to do, against programs of as many empty resources. */
export const noop: Measure = {
  name: "noop",
  run: async (bench) => {
    const { project } = await bench.deployed();
    // Straight to the engine: the start of `linode-lab exec` would be in both figures, and draw their ratio to 1.
    const env = await labEnvironment(bench.lab);
    const { deployment } = JSON.parse(await project.exportState()) as { deployment: { resources: Resource[] } };
    // The stack itself and the providers come with either program.
    const own = deployment.resources.filter(({ type }) => !type.startsWith("pulumi:"));
    const custom = own.filter((resource) => resource.custom).length;
    const components = own.length - custom;
    const alike = await emptyStack("empty-alike", { ...env, ...counts(components, custom) });
    const bare = await emptyStack("empty-bare", { ...env, ...counts(components + custom, 0) });
    const pair: Timed = { folder: project.folder, stack: project.stack, env };
    const all = [pair, alike, bare];
    try {
      bench.say(`pulumi up with nothing to do, ${RUNS} times by turns`);
      const seconds = new Map<Timed, number[]>(all.map((one) => [one, []]));
      for (let turn = 0; turn < RUNS; turn += 1) {
        for (const one of all) {
          seconds.get(one)!.push(await timedUp(one));
        }
      }
      const of = (one: Timed): number => median(seconds.get(one)!);
      const ratio = of(pair) / of(alike);
      return [
        {
          what: "no-op pulumi up / as many empty resources",
          target: `at most ${MOST}`,
          measured: `${inSeconds(of(pair))} / ${inSeconds(of(alike))}`,
          ratio,
          met: ratio <= MOST,
          notes: [
            `medians of ${RUNS} by turns; ${components} components and ${custom} custom resources, in the empty program RandomId`,
            `against ${components + custom} empty components alone: ${inSeconds(of(bare))} (${(of(pair) / of(bare)).toFixed(2)})`,
          ],
        },
      ];
    } finally {
      for (const { folder } of [alike, bare]) {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  },
};

const counts = (components: number, custom: number): Record<string, string> => ({
  BENCH_COMPONENTS: String(components),
  BENCH_CUSTOM: String(custom),
});

/** A deployed program of empty resources, in a folder of its own. Its stack goes away with the lab. */
async function emptyStack(stack: string, env: Readonly<Record<string, string>>): Promise<Timed> {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-empty-"));
  for (const name of ["node_modules", "package.json", "tsconfig.json"]) {
    symlinkSync(join(projectRoot, name), join(folder, name));
  }
  symlinkSync(join(__dirname, "..", "emptyProgram", "index.ts"), join(folder, "index.ts"));
  const runtime = { name: "nodejs", options: { typescript: true } };
  writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify({ name: stack, runtime, main: "index.ts" }));
  await runOk(["pulumi", "stack", "init", stack, "--non-interactive"], { cwd: folder, env, seconds: 120 });
  const one = { folder, stack, env };
  await up(one);
  return one;
}

async function up({ folder, stack, env }: Timed, ...more: readonly string[]): Promise<void> {
  const command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack, ...more];
  await runOk(command, { cwd: folder, env, seconds: 300 });
}

async function timedUp(one: Timed): Promise<number> {
  const start = performance.now();
  await up(one, "--expect-no-changes");
  return (performance.now() - start) / 1000;
}
