import type { Lab } from "../../test/support/lab";
import { CrossedPair } from "../../test/support/failover/crossedPair";
import { until } from "../../test/support/run";
import type { Bench } from "../bench";
import { inSeconds, median, quantile, type Measure, type Row } from "../row";

const NODES = ["fail1", "fail2"] as const;
/** The components' default, in seconds: a dead node is called dead after it. */
const DETECTION = 3;
const SERVED_SECONDS = 300;
/** How often each thing happens, unless FAILOVER_RUNS says otherwise. */
const RUNS = 20;

/** One power cut of the node where the database is: all in seconds. */
interface Cut {
  /** How long no write of the database was acknowledged. */
  readonly outage: number;
  /** From the cut until the survivor's membership called the node dead. */
  readonly noticed: number;
  /** From there until its fencing was confirmed. */
  readonly fencing: number;
  /** From there until the first acknowledgement: promotion, file system, address and service. */
  readonly start: number;
}

/** How long visitors of a site wait when the active node dies, when it is moved on purpose, and when the standby dies. */
export const failover: Measure = {
  name: "failover",
  run: async (bench) => {
    await bench.api();
    const runs = runsWanted();
    const few = Math.ceil(runs / 4);
    const pair = new CrossedPair(NODES, { detection: { seconds: DETECTION } }, bench.lab);
    bench.say("pulumi up of crossed-pair");
    try {
      await pair.build();
      const cuts = await times(runs, (run) => powerCut(bench, pair, `${run}/${runs}`));
      const moves = await times(few, (run) => move(bench, pair, `${run}/${few}`));
      const stalls = await times(few, (run) => death(bench, pair, `${run}/${few}`));
      const lost = await pair.lost();
      return [
        ...cutRows(cuts),
        row("planned move, the database's outage", "at most 3 s", moves, 3),
        row("the standby's death, the database's stall", "at most 7 s", stalls, 7),
        {
          what: "acknowledged writes that were lost",
          target: "none",
          measured: `${lost.length} of ${pair.visitors.acknowledged("db").length + pair.visitors.acknowledged("file").length}`,
          met: lost.length === 0,
          notes: [`over ${cuts.length + moves.length + stalls.length} runs of the three kinds`],
        },
      ];
    } finally {
      await pair.project.remove();
    }
  },
};

function runsWanted(): number {
  const runs = Number(process.env["FAILOVER_RUNS"] ?? RUNS);
  if (!Number.isInteger(runs) || runs < 1) throw new Error("FAILOVER_RUNS is a whole number from 1 on");
  return runs;
}

async function times<T>(count: number, run: (number: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let number = 1; number <= count; number += 1) all.push(await run(number));
  return all;
}

async function powerCut(bench: Bench, pair: CrossedPair, run: string): Promise<Cut> {
  let at = 0;
  const outage = await pair.withVisitors(async (begun) => {
    at = begun;
    // It stays off until it is fenced: a guest could be back before anybody has noticed.
    await pair.lab.fault("power-cut", "--stay-down", pair.db);
    await pair.served(begun, SERVED_SECONDS, ["db"], pair.web);
  });
  const first = pair.visitors.acknowledged("db").find(({ start, words }) => start >= at && words === `ok ${pair.web}`);
  const dead = await said(pair.lab, pair.web, at, "Node .* state is now lost|failed, forming new configuration");
  const fenced = await said(pair.lab, pair.web, at, `targeting ${pair.db} .*(: OK|complete)`);
  await pair.whole();
  const cut = {
    outage: outage.db / 1000,
    noticed: (dead - at) / 1000,
    fencing: (fenced - dead) / 1000,
    start: ((first?.end ?? fenced) - fenced) / 1000,
  };
  bench.say(
    `power cut ${run}: ${inSeconds(cut.outage)} (noticed ${inSeconds(cut.noticed)}, fencing ${inSeconds(cut.fencing)}, start ${inSeconds(cut.start)})`,
  );
  return cut;
}

/** When the cluster manager's journal first said something after a moment: milliseconds since the epoch. */
async function said(lab: Lab, node: string, since: number, pattern: string): Promise<number> {
  const journal = `journalctl --no-pager --output short-unix --since @${Math.floor(since / 1000)} --unit pacemaker --unit corosync`;
  let found: number | undefined;
  await until(`${node} to have said: ${pattern}`, 30, async () => {
    const { stdout } = await lab.probe(node, `${journal} --grep '${pattern}' | head -n 3`);
    const moments = stdout.split("\n").map((line) => Number(line.split(" ")[0]) * 1000);
    found = moments.find((moment) => moment >= since);
    return found !== undefined;
  });
  return found ?? Number.NaN;
}

/** The group goes back by itself, so `standby` is the way to move it. */
async function move(bench: Bench, pair: CrossedPair, run: string): Promise<number> {
  const outage = await pair.withVisitors(() => standby(pair, pair.db));
  await standby(pair, pair.db, "--off");
  await pair.whole();
  bench.say(`planned move ${run}: ${inSeconds(outage.db / 1000)}`);
  return outage.db / 1000;
}

async function standby(pair: CrossedPair, node: string, ...more: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await pair.project.linodeHa(["standby", node, ...more], { seconds: 300 });
  if (code !== 0) throw new Error(`standby ${node} ended with ${code}: ${stdout}${stderr}`);
}

/** The node dies that nothing is on; the site, which the visitors come through, has been moved away from it. */
async function death(bench: Bench, pair: CrossedPair, run: string): Promise<number> {
  await standby(pair, pair.web);
  const outage = await pair.withVisitors(async (begun) => {
    await pair.lab.fault("power-cut", "--stay-down", pair.web);
    await pair.served(begun + 10_000, SERVED_SECONDS, ["db"], pair.db);
  });
  await standby(pair, pair.web, "--off");
  await pair.whole();
  bench.say(`standby's death ${run}: ${inSeconds(outage.db / 1000)}`);
  return outage.db / 1000;
}

function cutRows(cuts: readonly Cut[]): Row[] {
  const outages = cuts.map(({ outage }) => outage);
  const parts = (name: "noticed" | "fencing" | "start"): string => inSeconds(median(cuts.map((cut) => cut[name])));
  const p50 = median(outages);
  const bound = DETECTION + median(cuts.map(({ fencing }) => fencing)) + median(cuts.map(({ start }) => start));
  return [
    {
      what: "power cut of the active node, outage p50",
      target: "at most 6 s",
      measured: inSeconds(p50),
      met: p50 <= 6,
      notes: [
        `${cuts.length} runs; p50 of the parts: noticed ${parts("noticed")}, fencing ${parts("fencing")}, start ${parts("start")}`,
        "Pacemaker, DRBD, XFS, MariaDB and an address on a VLAN; visitors ask five times a second",
      ],
    },
    {
      what: "power cut of the active node, outage p95",
      target: "at most 9 s",
      measured: inSeconds(quantile(outages, 0.95)),
      met: quantile(outages, 0.95) <= 9,
    },
    {
      what: "the same, against detection + fencing + start",
      target: "at most 1.5 ×",
      measured: `${inSeconds(p50)} against ${inSeconds(bound)}`,
      ratio: p50 / bound,
      met: p50 <= 1.5 * bound,
    },
  ];
}

function row(what: string, target: string, values: readonly number[], most: number): Row {
  return {
    what,
    target,
    measured: `p50 ${inSeconds(median(values))}, worst ${inSeconds(Math.max(...values))}`,
    met: Math.max(...values) <= most,
    notes: [`${values.length} runs`],
  };
}
