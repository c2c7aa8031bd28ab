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
    bench.say("the same by one shell script a host");
    const script = await timed(bench, api, (fresh) => runScripts(bench.lab, fresh));
    const rows = [compare("pulumi up / shell scripts", pulumi, script, MOST_OF_SCRIPT)];
    let ansible: Ansible;
    try {
      bench.say("installing Ansible");
      ansible = await Ansible.install();
    } catch (error) {
      const why = error instanceof Error ? error.message.split("\n")[0]! : String(error);
      return [...rows, notMeasured(`Ansible could not be installed: ${why}`)];
    }
    try {
      bench.say("the same by an Ansible playbook");
      const play = await timed(bench, api, (fresh) => ansible.run(bench.lab, fresh));
      return [...rows, compare(`pulumi up / Ansible (${ansible.version})`, pulumi, play, MOST_OF_ANSIBLE)];
    } catch (error) {
      // The figures that there are shall not be lost with it.
      return [...rows, notMeasured(`the playbook failed: ${error instanceof Error ? error.message : String(error)}`)];
    } finally {
      ansible.remove();
    }
  },
};

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

function notMeasured(why: string): Row {
  return {
    what: "fresh pair: pulumi up / Ansible",
    target: `at most ${MOST_OF_ANSIBLE}`,
    measured: "not measured",
    notes: [why],
  };
}
