import { ActivePassive, activePassiveConfig } from "../support/activePassive";
import { Lab } from "../support/lab";
import { until } from "../support/run";
import { StackProject } from "../support/stackProject";

/** The stack's default: Heartbeat's `deadtime`. */
const DEADTIME = 30;
const KEEPALIVE = 2;
/** What a planned move may take in all before the test gives up on it; what it takes is printed. */
const MOVE_SECONDS = 120;

const lab = new Lab();
const nodes = ["ap1", "ap2"] as const;
const project = new StackProject(lab, "active", activePassiveConfig(nodes));
const pair = new ActivePassive(lab, project, nodes);

beforeAll(async () => {
  await lab.up();
  await project.init();
  await project.up();
  await pair.prepare();
}, 1_500_000);

afterAll(async () => {
  await project.remove();
}, 600_000);

describe("a fresh pair", () => {
  it("3.1 has two resources with the settings of its source, in the kernel of both nodes", async () => {
    for (const node of nodes) {
      for (const [resource, port] of [
        ["site", 7788],
        ["database", 7789],
      ] as const) {
        const shown = await lab.sshOk(
          node,
          `{ drbdsetup show ${resource} --show-defaults; cat /etc/drbd.d/${resource}.res; } | grep -v shared-secret`,
        );
        expect(shown).toMatch(new RegExp(`ipv4 10\\.20\\.0\\.1:${port};[\\s\\S]*ipv4 10\\.20\\.0\\.2:${port};`));
        for (const setting of [
          /on-io-error\s+detach;/,
          /max-buffers\s+2048;/,
          /ko-count\s+4;/,
          /resync-rate\s+10240k;/,
          /al-extents\s+257;/,
          /wfc-timeout 0;/,
          /degr-wfc-timeout 120;/,
        ]) {
          expect(shown).toMatch(setting);
        }
      }
    }
  });

  it("3.2 runs all of its one group on the preferred node, and is reached at its address", async () => {
    expect(await pair.active()).toBe(nodes[0]);
    const seen = await pair.client.during(async () => undefined, 30);
    expect(seen).toMatchObject({ nodes: [nodes[0]], refused: 0, lost: { rows: [], lines: [] } });
  });

  it("3.3 is under Heartbeat itself, with its source's times, a key only root can read, a ping node and ipfail", async () => {
    for (const node of nodes) {
      const text = await lab.sshOk(
        node,
        "stat -c '%a %U' /etc/ha.d/authkeys; cat /etc/ha.d/ha.cf; pgrep -lx 'ipfail|dopd'",
      );
      expect(text).toMatch(/^600 root\n/);
      expect(text).toContain("keepalive 2\nwarntime 10\ndeadtime 30\ninitdead 120\n");
      expect(text).toContain("auto_failback off");
      expect(text).toMatch(/^ping 198\.51\.100\.1$/m);
      expect(text).toMatch(/\d+ ipfail\n/);
      expect(text).toMatch(/\d+ dopd\n/);
    }
    const [group] = (await lab.sshOk(nodes[0], "cat /etc/ha.d/haresources")).split(/^# group /m).slice(1);
    const order = [
      "lamp",
      nodes[0],
      "drbddisk::site",
      "drbddisk::database",
      "linode-ha-mount::/dev/drbd0",
      "linode-ha-address::",
      "mariadb",
      "apache2",
    ];
    const places = order.map((word) => group?.indexOf(word) ?? -1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places).not.toContain(-1);
  });

  it("3.4 can balance load at layer 4", async () => {
    for (const node of nodes) {
      const text = await lab.sshOk(
        node,
        "cat /proc/sys/net/ipv4/ip_forward; lsmod; ipvsadm -A -t 10.20.0.9:80 -s rr && ipvsadm -Ln; ipvsadm -D -t 10.20.0.9:80",
      );
      expect(text).toMatch(/^1\n/);
      for (const name of ["ip_vs ", "ip_vs_rr ", "ip_vs_wlc "]) expect(text).toContain(`\n${name}`);
      expect(text).toContain("10.20.0.9:80 rr");
    }
  });

  it("has nothing left to change", async () => {
    expect(await project.pendingChanges()).toEqual({});
  });

  it("tells its user how it is", async () => {
    const { code, stdout } = await project.linodeHa(["status"]);
    expect(stdout).toContain(`group     lamp  on ${nodes[0]}`);
    expect(stdout).toContain("manager   heartbeat");
    expect(stdout).toContain("external/linode");
    expect(code).toBe(0);
  });
});

describe("planned moves", () => {
  it("3.5 stopping Heartbeat on the active node moves everything, and leaves stopped services and Secondary resources", async () => {
    const [from, to] = [await pair.active(), pair.peer(await pair.active())];
    const seen = await pair.client.during(async () => {
      await lab.sshOk(from, "systemctl stop heartbeat", 120);
    }, MOVE_SECONDS);
    expect(seen).toMatchObject({ nodes: [from, to], lost: { rows: [], lines: [] } });
    process.stdout.write(`3.5: outage ${seen.outage.toFixed(1)} s\n`);
    expect(await pair.active()).toBe(to);
    expect((await pair.parts(from)).filter(({ here }) => here)).toEqual([]);
    expect(await lab.sshOk(from, "cat /proc/drbd")).toMatch(
      /ro:Secondary\/Primary ds:UpToDate\/UpToDate[\s\S]*ro:Secondary\/Primary ds:UpToDate/,
    );
    await lab.sshOk(from, "systemctl start heartbeat");
    await pair.whole();
    // No failback: it stays where it is.
    expect(await pair.active()).toBe(to);
  });

  it("switchover and standby work with Heartbeat; maintenance says that there is none", async () => {
    const from = await pair.active();
    const to = pair.peer(from);
    const seen = await pair.client.during(async () => {
      const { code, stderr, stdout } = await project.linodeHa(["switchover", "lamp"]);
      expect({ code, words: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, words: "" });
    }, MOVE_SECONDS);
    expect(seen).toMatchObject({ nodes: [from, to], lost: { rows: [], lines: [] } });
    process.stdout.write(`switchover: outage ${seen.outage.toFixed(1)} s\n`);
    expect((await project.linodeHa(["standby", to])).code).toBe(0);
    expect(await pair.active()).toBe(from);
    const refused = await project.linodeHa(["maintenance"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("Heartbeat v1 has no maintenance mode");
    await pair.whole();
  });
});

describe("faults", () => {
  it("fault 1: the active node's power is cut; its peer fences it and takes over once", async () => {
    const from = await pair.active();
    const to = pair.peer(from);
    const [before, own] = [await pair.bootId(from), await pair.bootId(to)];
    let cut = new Date();
    const seen = await pair.client.during(async () => {
      cut = new Date();
      await lab.fault("power-cut", from);
      return cut;
    }, 240);
    expect(seen).toMatchObject({ nodes: [from, to], lost: { rows: [], lines: [] } });
    const { dead, fenced, started } = await pair.takeOver(to, cut);
    const [fencing, start] = [fenced - dead, started - fenced];
    process.stdout.write(
      `fault 1: served again after ${seen.servedAfter.toFixed(1)} s: noticed after ${dead.toFixed(1)} s, ` +
        `fencing ${fencing.toFixed(1)} s, start ${start.toFixed(1)} s\n`,
    );
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
    const seen = await pair.client.during(async () => {
      await lab.fault("partition", ...nodes, "--network", "vlan");
      await until(`the data of ${peer} to be outdated`, 60, async () => {
        const { stdout } = await lab.probe(peer, "cat /proc/drbd");
        return stdout.match(/ds:Outdated\/DUnknown/g)?.length === 2;
      });
    }, 60);
    try {
      expect(seen).toMatchObject({ nodes: [active], lost: { rows: [], lines: [] } });
      const promote = await lab.ssh(peer, "drbdadm primary site");
      expect(promote.code).not.toBe(0);
      expect((await project.linodeHa(["switchover", "lamp"])).code).not.toBe(0);
      expect(await pair.active()).toBe(active);
      process.stdout.write(`fault 17: writes stalled for ${seen.outage.toFixed(1)} s\n`);
      expect(seen.outage).toBeLessThan(7);
    } finally {
      await lab.fault("heal");
    }
    await pair.whole();
    expect(await Promise.all(nodes.map((node) => pair.bootId(node)))).toEqual([one, two]);
  });
});
