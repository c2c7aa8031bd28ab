import type { ApiClient } from "../apiClient";
import { Ansible } from "../ansible/ansible";
import type { Bench, Built } from "../bench";
import { runScripts } from "../byHand/script";
import { FreshPair } from "../freshPair";
import { inSeconds, type Measure, type Row } from "../row";
import { countConnections, untilWhole } from "../whole";

const MOST_OF_SCRIPT = 1.3;
const MOST_OF_ANSIBLE = 0.5;

type ByHand = Built & { readonly connections: number };

/** A fresh pair by `pulumi up`, against one shell script a host, and against an Ansible playbook; one after the other. */
export const pair: Measure = {
  name: "pair",
  run: async (bench) => {
    const api = await bench.api();
    const pulumi = await bench.deployed();
    // Another pair's guests would share the processors.
    await bench.release();
    return [await againstScripts(bench, api, pulumi), await againstAnsible(bench, api, pulumi)];
  },
};

async function againstScripts(bench: Bench, api: ApiClient, pulumi: Built): Promise<Row> {
  const what = "pulumi up / shell scripts";
  try {
    bench.say("the same by one shell script a host");
    const script = await timed(bench, api, (fresh) => runScripts(bench.lab, fresh));
    return compare(what, pulumi, script, MOST_OF_SCRIPT);
  } catch (error) {
    return notMeasured(what, pulumi, MOST_OF_SCRIPT, error);
  }
}

async function againstAnsible(bench: Bench, api: ApiClient, pulumi: Built): Promise<Row> {
  const what = "pulumi up / Ansible";
  let ansible: Ansible | undefined;
  try {
    bench.say("installing Ansible");
    const installed = (ansible = await Ansible.install());
    bench.say("the same by an Ansible playbook");
    const play = await timed(bench, api, (fresh) => installed.run(bench.lab, fresh));
    return compare(`${what} (${installed.version})`, pulumi, play, MOST_OF_ANSIBLE);
  } catch (error) {
    const why = ansible === undefined ? new Error("Ansible could not be installed", { cause: error }) : error;
    return notMeasured(what, pulumi, MOST_OF_ANSIBLE, why);
  } finally {
    ansible?.remove();
  }
}

async function timed(bench: Bench, api: ApiClient, build: (pair: FreshPair) => Promise<void>): Promise<ByHand> {
  const start = Date.now();
  const fresh = await FreshPair.create(api);
  try {
    await build(fresh);
    const end = await untilWhole(bench.lab);
    return {
      seconds: (end - start) / 1000,
      fromBoot: await api.secondsFromBoot(end),
      connections: Math.max(...(await countConnections(bench.lab))),
    };
  } finally {
    await fresh.remove(api);
  }
}

function compare(what: string, pulumi: Built, other: ByHand, most: number): Row {
  const ratio = pulumi.seconds / other.seconds;
  const inner = pulumi.fromBoot / other.fromBoot;
  return {
    what: `fresh pair: ${what}`,
    target: `at most ${most}`,
    measured: `${inSeconds(pulumi.seconds)} / ${inSeconds(other.seconds)}`,
    ratio,
    met: ratio <= most,
    notes: [
      "each from its start, making the Linodes through the API included, to UpToDate/UpToDate and mounted on both",
      `from the last boot request on: ${inSeconds(pulumi.fromBoot)} / ${inSeconds(other.fromBoot)} (${inner.toFixed(2)}; to a second)`,
      `SSH connections a host of what it is compared with: ${other.connections}`,
    ],
  };
}

/** One that failed shall not take the figures that there are with it. */
function notMeasured(what: string, pulumi: Built, most: number, error: unknown): Row {
  process.exitCode = 1;
  const why = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  process.stderr.write(`error: ${what}: ${why}\n${cause}\n`);
  return {
    what: `fresh pair: ${what}`,
    target: `at most ${most}`,
    measured: `${inSeconds(pulumi.seconds)} / not measured`,
    notes: [why.split("\n")[0]!],
  };
}
