import { ActivePassive } from "../support/activePassive";
import { measure } from "../support/failover/outages";
import { NOTHING_LOST } from "../support/failover/seen";

/** What a planned move may take in all before the test gives up on it; what it takes is printed. */
const MOVE_SECONDS = 120;

const pair = new ActivePassive(["ap1", "ap2"]);
const { lab, nodes, project } = pair;

beforeAll(() => pair.build(), 1_500_000);

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
    const seen = await pair.during(async () => undefined, 30);
    expect(seen).toMatchObject({ nodes: [nodes[0]], refused: 0, ...NOTHING_LOST });
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
    const seen = await pair.during(async () => {
      await lab.sshOk(from, "systemctl stop heartbeat", 120);
    }, MOVE_SECONDS);
    expect(seen).toMatchObject({ nodes: [from, to], ...NOTHING_LOST });
    measure("active-passive", "3.5: Heartbeat stopped on the active node", { site: seen.outage * 1000 });
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
    const seen = await pair.during(async () => {
      const { code, stderr, stdout } = await project.linodeHa(["switchover", "lamp"]);
      expect({ code, words: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, words: "" });
    }, MOVE_SECONDS);
    expect(seen).toMatchObject({ nodes: [from, to], ...NOTHING_LOST });
    measure("active-passive", "planned switchover", { site: seen.outage * 1000 });
    expect((await project.linodeHa(["standby", to])).code).toBe(0);
    expect(await pair.active()).toBe(from);
    const refused = await project.linodeHa(["maintenance"]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("Heartbeat v1 has no maintenance mode");
    await pair.whole();
  });
});
