import { GROUP, ManualPair, VOLUME } from "../support/failover/manualPair";
import { Lab } from "../support/lab";
import { labConfig } from "../support/labConfig";
import { until } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const nodes = ["hand1", "hand2"] as const;
const [first, second] = nodes;
const project = new StackProject(lab, "hand", labConfig("manual-failover", nodes));
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
  await pair.boot(first);
  await pair.whole(first);
  await lab.sshOk(first, "rm /srv/bulk");
  await nothingLost();
});

it("fault 25: a flipped bit under DRBD is reported by verify", async () => {
  await lab.sshOk(first, "echo some text >/srv/flipped && sync -f /srv");
  const block = Number(
    (
      await lab.sshOk(first, 'filefrag -v -b4096 /srv/flipped | awk \'$1 == "0:" { sub(/\\.\\./, "", $4); print $4 }\'')
    ).trim(),
  );
  expect(block).toBeGreaterThan(0);
  const device = (await lab.sshOk(second, `drbdadm sh-ll-dev ${VOLUME}`)).trim();
  await lab.sshOk(
    second,
    `printf S | dd of=${device} bs=1 seek=$((${block} * 4096)) conv=notrunc,fsync oflag=seek_bytes status=none`,
  );
  const found = await project.linodeHa(["verify", VOLUME], { seconds: 1800 });
  expect([found.code, found.stdout]).toEqual([2, expect.stringContaining("1 blocks of 4 KiB")]);
}, 2_400_000);
