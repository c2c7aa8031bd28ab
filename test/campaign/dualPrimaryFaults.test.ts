import { DualPair, MOUNT } from "../support/dualPair";
import { measure } from "../support/failover/outages";
import { until } from "../support/run";

const pair = new DualPair(["dualf1", "dualf2"], {
  fencing: { kind: "linode", apiUrl: "http://203.0.113.2/v4", confirmSeconds: 90 },
});
const { lab, nodes, project } = pair;
const [survivor, victim] = nodes;

/** Seconds that recovery may take after the cluster file system has called the peer dead: its journal is replayed then. */
const RECOVERY = 15;

beforeAll(() => pair.build(), 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

/** Appends numbered lines to a file of the shared file system; says the number and the time (ms) of each once it is durable. */
const writer = (node: string): string => `python3 -c '
import os, time
out = os.open("${MOUNT}/written-by-${node}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
number = 0
while not os.path.exists("/run/stop-writing"):
    number += 1
    os.write(out, b"%d\\n" % number)
    os.fsync(out)
    print(number, int(time.time() * 1000), flush=True)
    time.sleep(0.1)
'`;

interface Acknowledged {
  readonly number: number;
  readonly at: number;
}

const acknowledgedIn = (text: string): Acknowledged[] =>
  text
    .split("\n")
    // A line that the cut parted was not received.
    .slice(0, -1)
    .map((line) => line.split(" ").map(Number))
    .map(([number = Number.NaN, at = Number.NaN]) => ({ number, at }));

/** The time that the cluster file system of a node gives its peer, in seconds. */
const deadSeconds = async (node: string): Promise<number> =>
  2 * (Number(await lab.sshOk(node, "cat /sys/kernel/config/cluster/*/heartbeat/dead_threshold")) - 1);

test("fault 26: the peer is lost, and the survivor's writes go on within the cluster file system's threshold", async () => {
  const threshold = await deadSeconds(survivor);
  const writing = nodes.map((node) => lab.probe(node, writer(node), 900));
  await until("both nodes write", 60, async () => {
    const { stdout } = await lab.probe(
      survivor,
      `cat ${nodes.map((node) => `${MOUNT}/written-by-${node}`).join(" ")} | grep -c '^5$'`,
    );
    return stdout.trim() === "2";
  });
  const cut = Date.now();
  await lab.fault("power-cut", "--stay-down", victim);
  await until("the survivor to write again", threshold + RECOVERY + 60, async () => {
    const { stdout } = await lab.probe(survivor, `stat -c %Y ${MOUNT}/written-by-${survivor}`, 30);
    return Number(stdout) * 1000 > cut + 15_000;
  });
  // DRBD's handler boots it again.
  await pair.whole();
  await lab.sshOk(survivor, "touch /run/stop-writing");
  const [mine, theirs] = (await Promise.all(writing)).map(({ stdout }) => acknowledgedIn(stdout));
  if (mine === undefined || theirs === undefined) throw new Error("a writer is missing");

  const stall = Math.max(...mine.slice(1).map(({ at }, index) => at - (mine[index]?.at ?? at)));
  measure("dual-primary", "fault 26: the peer is lost", { file: stall });
  expect(stall).toBeLessThanOrEqual((threshold + RECOVERY) * 1000);
  // The peer's last word, a power cut later, and all of one's own: read where the other one wrote.
  for (const [node, acknowledged, reader] of [
    [survivor, mine, victim],
    [victim, theirs, survivor],
  ] as const) {
    expect(acknowledged.length).toBeGreaterThan(4);
    const there = new Set((await lab.sshOk(reader, `cat ${MOUNT}/written-by-${node}`)).split("\n").map(Number));
    expect(acknowledged.filter(({ number }) => !there.has(number))).toEqual([]);
  }
  expect(await pair.checksum(survivor)).toBe(await pair.checksum(victim));
});
