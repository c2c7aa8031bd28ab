import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { GROUP, ManualPair, VOLUME } from "../support/failover/manualPair";
import { Lab } from "../support/lab";
import { labConfig, onOwnImage } from "../support/labConfig";
import { until } from "../support/run";
import { StackProject } from "../support/stackProject";

/** What a write may wait when the other side is lost. */
const STALL_SECONDS = 7;

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

describe("a fresh pair", () => {
  it("4.1, 4.2: has sides of exactly one size, ext4 on one resource, start-up waits of 10 s, and runs on the preferred node", async () => {
    expect(await pair.active()).toBe(first);
    const sizes = await Promise.all(
      nodes.map((node) =>
        lab.sshOk(node, `blockdev --getsize64 $(drbdadm sh-ll-dev ${VOLUME}); cat /sys/block/drbd0/size`),
      ),
    );
    expect(sizes[1]).toBe(sizes[0]);
    const dump = await lab.sshOk(second, `drbdadm dump ${VOLUME}`);
    expect(dump).toMatch(/\bwfc-timeout +10;/);
    expect(dump).toMatch(/\bdegr-wfc-timeout +10;/);
  });

  it("has nothing left to change, and no role that does anything twice", async () => {
    expect(await project.pendingChanges()).toEqual({});
    for (const node of nodes) {
      const steps = (await lab.sshOk(node, "ls /var/lib/linode-ha/steps")).trim().split("\n");
      expect(steps).toContain(`group-${GROUP}`);
      for (const step of steps) {
        const text = await lab.sshOk(node, `linode-ha-step ${step} apply 2>/dev/null`, 120);
        const answer = JSON.parse(text.trim().split("\n").pop() ?? "") as object;
        expect({ node, step, ...answer }).toMatchObject({ node, step, changed: false, changes: [] });
      }
    }
  });

  it("4.3: has configuration and sites on the volume where it is active, and the node's own on the other", async () => {
    const look = "readlink /etc/apache2 /var/www; test -e /etc/apache2/apache2.conf && echo conf; findmnt /srv || :";
    expect(await lab.sshOk(first, look)).toMatch(/^\/srv\/etc-apache2\n\/srv\/var-www\nconf\n[^]*\/dev\/drbd0/);
    // A package can be upgraded there: its configuration is a folder, and the server accepts it.
    expect(await lab.sshOk(second, look)).toBe("conf\n");
    await lab.sshOk(second, "apache2ctl -t && test -d /etc/apache2");
  });

  it("4.6: has the same packages on both nodes, and a node says when its own have changed", async () => {
    const outputs = JSON.parse(await project.pulumiOk(["stack", "output", "--json"])) as { packageDrift: object };
    expect(outputs.packageDrift).toEqual({});
    const control = "Package: only-here\\nVersion: 1\\nArchitecture: all\\nMaintainer: nobody\\nDescription: a test\\n";
    await lab.sshOk(
      second,
      `mkdir -p /tmp/p/DEBIAN && printf '${control}' >/tmp/p/DEBIAN/control && dpkg-deb -b /tmp/p /tmp/p.deb && dpkg -i /tmp/p.deb`,
    );
    const { stdout } = await lab.ssh(second, "ha-health");
    await lab.sshOk(second, "dpkg -P only-here && rm -rf /tmp/p /tmp/p.deb");
    expect(stdout).toMatch(/packages.*changed.*only-here/);
    expect((await lab.ssh(second, "ha-health")).stdout).toMatch(/packages: as compared/);
  });
});

describe("a person's decisions", () => {
  it("4.4, 4.7: a switchover moves everything in order, and back; start and take-over are refused on the peer meanwhile", async () => {
    const status = await project.linodeHa(["status"]);
    expect([status.code, status.stdout]).toEqual([0, expect.stringContaining(GROUP)]);
    const outage = await pair.during("planned switchover", async () => {
      const { code, stdout, stderr } = await project.linodeHa(["switchover", GROUP, "--to", second]);
      expect([code, stdout + stderr]).toEqual([0, expect.stringContaining(`active on ${second}`)]);
    });
    expect(outage).toBeLessThan(20);
    expect(await pair.active()).toBe(second);
    for (const words of [["start"], ["take-over"], ["take-over", "--peer-is-off"]]) {
      const [verb = "", ...rest] = words;
      const { code, stderr } = await pair.haGroup(first, verb, ...rest);
      expect([words, code, stderr]).toEqual([words, 11, expect.stringContaining(`active on ${second} (${VOLUME} is`)]);
    }
    await pair.haGroupOk(second, "stop");
    await expect(pair.active()).rejects.toThrow("not whole");
    await pair.haGroupOk(first, "start");
    await pair.whole(first);
  });
});

describe("faults", () => {
  beforeEach(() => pair.home(first), 600_000);

  it("fault 2: a power cut of the standby stalls writes for at most 7 s, and it comes back by itself", async () => {
    const stall = await pair.during("fault 2: power cut of the standby", async () => {
      await pair.cut(second);
      await pair.drbdSays(first, 30, /cs:WFConnection ro:Primary/);
    });
    expect(stall).toBeLessThanOrEqual(STALL_SECONDS);
    await pair.boot(second);
    await pair.whole(first);
  });

  it("fault 4: a standby that stands still stalls writes for at most 7 s, and catches up when it wakes", async () => {
    const stall = await pair.during("fault 4: standby frozen, then resumed", async () => {
      await lab.fault("freeze", second);
      await pair.drbdSays(first, 30, /cs:WFConnection ro:Primary/);
      await lab.fault("thaw", second);
    });
    expect(stall).toBeLessThanOrEqual(STALL_SECONDS);
    await pair.whole(first);
  });

  it("fault 17: where only the replication is lost, the peer is outdated and refuses promotion, even once the active node is off", async () => {
    const stall = await pair.during("fault 17: replication link only", async () => {
      await lab.fault("partition", first, second, "--network", "vlan");
      await pair.drbdSays(second, 60, /ds:Outdated/);
    });
    expect(stall).toBeLessThanOrEqual(STALL_SECONDS);
    const alive = await pair.haGroup(second, "take-over", "--peer-is-off");
    expect([alive.code, alive.stderr]).toEqual([11, expect.stringMatching(/hand1 answers at .*: it is not off/)]);
    await pair.cut(first);
    await pair.hasStatus(first, "offline", 60);
    for (const words of [[], ["--peer-is-off"]]) {
      const { code, stderr } = await pair.haGroup(second, "take-over", ...words);
      expect([code, stderr]).toEqual([11, expect.stringContaining("may have later writes, is not connected since 2")]);
    }
    await lab.fault("heal");
    await pair.boot(first);
    await pair.whole(first);
    for (const kind of ["db", "file"] as const) expect(await pair.visitors.lost(kind)).toEqual([]);
  });

  it("fault 1: after a power cut of the active node a take-over is one command with a person's word, and nothing is lost", async () => {
    let commandSeconds = 0;
    await pair.during("fault 1: power cut of the active node, until a person's command is through", async () => {
      await pair.cut(first);
      await pair.drbdSays(second, 30, /cs:WFConnection .* ds:UpToDate/);
      // It cannot know, and says so.
      const { code, stderr } = await pair.haGroup(second, "take-over");
      expect([code, stderr]).toEqual([11, expect.stringContaining(`take-over ${GROUP} --peer-is-off`)]);
      expect(stderr).toMatch(/hand1 is not connected since \S+Z, and may be active \(data is cs:WFConnection/);
      const begun = Date.now();
      await pair.haGroupOk(second, "take-over", "--peer-is-off");
      commandSeconds = (Date.now() - begun) / 1000;
    });
    process.stdout.write(`manual-failover: fault 1: the take-over command took ${commandSeconds.toFixed(1)} s\n`);
    await pair.boot(first);
    // The preferred node comes back, and leaves the group where it is.
    await pair.whole(second);
    expect(await lab.sshOk(first, `journalctl -b -o cat -u linode-ha-group@${GROUP}`)).toContain(`active on ${second}`);
  });

  it("fault 23: a forced split brain is seen on both sides; recover keeps what it is told to, and a copy of the rest", async () => {
    await lab.fault("partition", first, second, "--network", "vlan");
    await pair.drbdSays(second, 60, /cs:WFConnection .* ds:Outdated/);
    // Nothing but raw force gets here.
    await lab.sshOk(second, `drbdadm primary --force ${VOLUME} && mkdir -p /mnt/x && mount /dev/drbd0 /mnt/x`);
    await lab.sshOk(second, "echo second >/mnt/x/of-second && umount /mnt/x && drbdadm secondary data");
    await lab.sshOk(first, "echo first >/srv/of-first && sync -f /srv");
    await lab.fault("heal");
    await until("both sides to stand alone", 90, async () =>
      (await Promise.all(nodes.map((node) => pair.drbd(node)))).every((words) => words.includes("cs:StandAlone")),
    );
    expect((await project.linodeHa(["status"])).code).not.toBe(0);
    const refused = await pair.haGroup(second, "take-over");
    expect([refused.code, refused.stderr]).toEqual([
      11,
      expect.stringMatching(/parted|active on|not have all data|not UpToDate/),
    ]);
    const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-copy-")), "second.img");
    const words = ["recover", "split-brain", VOLUME, "--keep", first];
    // Nobody is there to be asked: nothing is discarded.
    const unasked = await project.linodeHa(words, { input: "" });
    expect(unasked.code).not.toBe(0);
    expect(await pair.drbd(second)).toContain("cs:StandAlone");
    const done = await project.linodeHa([...words, "--copy", copy, "--yes"], { seconds: 900 });
    expect([done.code, done.stdout + done.stderr]).toEqual([0, expect.stringContaining("copied")]);
    await pair.whole(first);
    expect(await lab.sshOk(first, "cat /srv/of-first; ls /srv")).not.toContain("of-second");
    expect(fs.statSync(copy).size).toBeGreaterThan(10 * 2 ** 30 - 2 ** 26);
    fs.rmSync(path.dirname(copy), { recursive: true });
  });
});
