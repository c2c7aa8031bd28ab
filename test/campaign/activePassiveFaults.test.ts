import { ActivePassive } from "../support/activePassive";
import { measure } from "../support/failover/outages";
import { NOTHING_LOST } from "../support/failover/seen";
import { until } from "../support/run";

/** The stack's default: Heartbeat's `deadtime`. */
const DEADTIME = 30;
const KEEPALIVE = 2;

const pair = new ActivePassive(["ap1", "ap2"]);
const { lab, nodes, project } = pair;

beforeAll(() => pair.build(), 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("faults", () => {
  it("fault 1: the active node's power is cut; its peer fences it and takes over once", async () => {
    const from = await pair.active();
    const to = pair.peer(from);
    const [before, own] = [await pair.bootId(from), await pair.bootId(to)];
    let cut = new Date();
    const seen = await pair.during(async () => {
      cut = new Date();
      await lab.fault("power-cut", from);
      return cut;
    }, 240);
    expect(seen).toMatchObject({ nodes: [from, to], ...NOTHING_LOST });
    const { dead, fenced, started } = await pair.takeOver(to, cut);
    const [fencing, start] = [fenced - dead, started - fenced];
    process.stdout.write(
      `fault 1: served again after ${seen.servedAfter.toFixed(1)} s: noticed after ${dead.toFixed(1)} s, ` +
        `fencing ${fencing.toFixed(1)} s, start ${start.toFixed(1)} s\n`,
    );
    measure("active-passive", "fault 1: power cut of the active node", { site: seen.outage * 1000 });
    // The last heartbeat before the cut may be as old as the interval between two.
    expect(dead).toBeGreaterThan(DEADTIME - KEEPALIVE - 1);
    expect(seen.servedAfter).toBeLessThan(DEADTIME + fencing + start + 2);
    await pair.whole();
    expect(await pair.active()).toBe(to);
    expect(await pair.bootId(from)).not.toBe(before);
    expect(await pair.bootId(to)).toBe(own);
  });

  it("fault 17: only the replication link is cut; the peer is outdated, and refuses promotion", async () => {
    const active = await pair.active();
    const peer = pair.peer(active);
    const [one, two] = await Promise.all(nodes.map((node) => pair.bootId(node)));
    const seen = await pair.during(async () => {
      await lab.fault("partition", ...nodes, "--network", "vlan");
      await until(`the data of ${peer} to be outdated`, 60, async () => {
        const { stdout } = await lab.probe(peer, "cat /proc/drbd");
        return stdout.match(/ds:Outdated\/DUnknown/g)?.length === 2;
      });
    }, 60);
    try {
      expect(seen).toMatchObject({ nodes: [active], ...NOTHING_LOST });
      const promote = await lab.ssh(peer, "drbdadm primary site");
      expect(promote.code).not.toBe(0);
      expect((await project.linodeHa(["switchover", "lamp"])).code).not.toBe(0);
      expect(await pair.active()).toBe(active);
      measure("active-passive", "fault 17: replication link only", { site: seen.outage * 1000 });
      expect(seen.outage).toBeLessThan(7);
    } finally {
      await lab.fault("heal");
    }
    await pair.whole();
    expect(await Promise.all(nodes.map((node) => pair.bootId(node)))).toEqual([one, two]);
  });
});
