import { GROUP, ManualPair, VOLUME } from "../support/failover/manualPair";
import { Lab } from "../support/lab";
import { labConfig, onOwnImage } from "../support/labConfig";
import { until } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["hand1", "hand2"] as const;
const [first, second] = nodes;
const project = new StackProject(lab, "hand", onOwnImage(labConfig("manual-failover", nodes)));
const pair = new ManualPair(lab, project, nodes);

beforeAll(() => pair.build(), 1_700_000);

afterAll(async () => {
  await lab.fault("heal");
  await project.remove();
}, 600_000);

beforeEach(() => pair.home(first), 600_000);

/** Both groups of acknowledged writes are there. */
async function nothingLost(): Promise<void> {
  for (const kind of pair.visitors.site.kinds) expect([kind, await pair.visitors.lost(kind)]).toEqual([kind, []]);
}

it("4.5, fault 5: both cut together and both booted, the preferred node serves again by itself, once it knows that it may", async () => {
  pair.visitors.start();
  await until("visitors to be served", 30, () => Promise.resolve(pair.visitors.servedSince(0)), 100);
  await Promise.all(nodes.map((node) => pair.cut(node)));
  await pair.visitors.stop();
  for (const node of nodes) await pair.hasStatus(node, "offline", 60);
  // Alone it must wait: the other may have been the last to write.
  await pair.boot(first);
  await until("the preferred node to say that it waits", 180, async () =>
    (await lab.probe(first, `journalctl -b -o cat -u linode-ha-group@${GROUP}`)).stdout.includes("waiting"),
  );
  expect(await pair.parts(first)).toEqual(Array(7).fill(false));
  await pair.boot(second);
  await pair.whole(first);
  await nothingLost();
});

it("fault 6: an API shutdown of the active node stops the group in order, and the peer takes over without a word of force", async () => {
  await pair.during("fault 6: API shutdown of the active node", async () => {
    await pair.power(first, "shutdown");
    await pair.hasStatus(first, "offline", 180);
    // In good order, so that nothing is outdated; that the peer is off is still a person's word.
    expect(await pair.drbd(second)).toContain("ds:UpToDate");
    await pair.haGroupOk(second, "take-over", "--peer-is-off");
  });
  await pair.boot(first);
  await pair.whole(second);
});

it("fault 8: a rolling restart of both, one after the other, moved by hand", async () => {
  for (const node of [first, second]) {
    const serving = pair.peer(node);
    if ((await pair.active()) === node) {
      await pair.haGroupOk(node, "stop");
      await pair.haGroupOk(serving, "start");
    }
    const outage = await pair.during(`fault 8: process killed, ${node}`, async () => {
      await pair.power(node, "reboot");
      await pair.drbdSays(serving, 120, /cs:WFConnection/);
      await pair.drbdSays(serving, 240, /cs:Connected .* ds:UpToDate\/UpToDate/);
    });
    expect(outage).toBeLessThanOrEqual(7);
    await pair.whole(serving);
  }
});

it("fault 24: where the sync source is cut in mid-resync, the Inconsistent node refuses", async () => {
  await pair.cut(second);
  await pair.drbdSays(first, 30, /cs:WFConnection/);
  await lab.sshOk(first, "dd if=/dev/urandom of=/srv/bulk bs=1M count=256 conv=fsync status=none", 240);
  await lab.sshOk(first, `drbdadm disk-options --c-plan-ahead=0 --resync-rate=2M ${VOLUME}`);
  await pair.boot(second);
  await pair.drbdSays(second, 240, /cs:SyncTarget .* ds:Inconsistent/);
  await lab.sshOk(second, `drbdadm disk-options --c-plan-ahead=0 --resync-rate=2M ${VOLUME}`);
  await pair.cut(first);
  await pair.drbdSays(second, 60, /cs:WFConnection .* ds:Inconsistent/);
  for (const words of [[], ["--peer-is-off"]]) {
    const { code, stderr } = await pair.haGroup(second, "take-over", ...words);
    expect([code, stderr]).toEqual([11, expect.stringContaining("not UpToDate")]);
  }
  expect((await lab.ssh(second, `drbdadm primary ${VOLUME}`)).code).not.toBe(0);
  // Its pace as configured again: a verification keeps to it, too.
  await lab.sshOk(second, `drbdadm adjust ${VOLUME}`);
  await pair.boot(first);
  await pair.whole(first);
  await lab.sshOk(first, "rm /srv/bulk");
  await nothingLost();
});

it("fault 25: a byte that changed under DRBD is found by verify, and is as it was after what verify says to do", async () => {
  await lab.sshOk(first, "yes byte | head -c 65536 >/srv/flipped && sync -f /srv");
  const extent = await lab.sshOk(first, "filefrag -b4096 -e /srv/flipped");
  const block = Number(/^ +0: +0\.\. +\d+: +(\d+)\.\./m.exec(extent)?.[1]);
  // Around DRBD, on the disk of the other side: its bitmap knows nothing of it.
  const touch = (does: string): Promise<string> =>
    lab.sshOk(second, `d=$(drbdadm sh-ll-dev ${VOLUME}); b=/run/block; ${does}`);
  const read = `dd if="$d" of=$b bs=4096 count=1 skip=${block} iflag=direct status=none && head -c 10 $b`;
  expect(await touch(read)).toBe("byte\nbyte\n");
  await touch(
    `${read} >/dev/null; printf B | dd of=$b conv=notrunc status=none; dd if=$b of="$d" bs=4096 seek=${block} oflag=direct status=none`,
  );
  const found = await project.linodeHa(["verify"], { seconds: 900 });
  expect([found.code, found.stdout]).toEqual([2, expect.stringContaining("1 block of 4 KiB")]);
  expect(found.stdout).toContain(`drbdadm disconnect ${VOLUME}; drbdadm connect ${VOLUME}`);
  await lab.sshOk(first, `drbdadm disconnect ${VOLUME}; drbdadm connect ${VOLUME}`);
  await pair.whole(first);
  expect(await touch(read)).toBe("byte\nbyte\n");
  const again = await project.linodeHa(["verify"], { seconds: 900 });
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining("both sides are the same")]);
}, 2_000_000);
