import { ActivePassive } from "../support/activePassive";
import { measure } from "../support/failover/outages";
import { NOTHING_LOST } from "../support/failover/seen";
import { until } from "../support/run";

/** The stack's default: Heartbeat's `deadtime`. */
const DEADTIME = 30;
/** What fencing and starting may take beside, on a busy machine. */
const MOVE_SECONDS = 60;

const pair = new ActivePassive(["ap1", "ap2"]);
const { lab, nodes, project } = pair;

const record = (fault: string, seconds: number): void => measure("active-passive", fault, { site: seconds * 1000 });

beforeAll(() => pair.build(), 1_500_000);

afterAll(async () => {
  await lab.fault("heal");
  await project.remove();
}, 600_000);

beforeEach(async () => {
  await pair.whole();
}, 300_000);

it("fault 2: the standby's power is cut; no error, a short stall, only what was written is copied again", async () => {
  const active = await pair.active();
  const standby = pair.peer(active);
  const before = await pair.bootId(standby);
  const seen = await pair.during(async () => lab.fault("power-cut", standby), 90);
  record("fault 2: power cut of the standby", seen.outage);
  expect(seen).toMatchObject({ nodes: [active], ...NOTHING_LOST });
  await pair.whole();
  expect(await pair.bootId(standby)).not.toBe(before);
  expect(await pair.journal(active, new Date(Date.now() - 300_000), "Began resync as SyncSource")).not.toMatch(
    /will sync [0-9]{7,} KB/,
  );
});

it("fault 6: a shutdown of the active node through the API is a clean hand-over", async () => {
  const active = await pair.active();
  const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === active);
  const seen = await pair.during(async () => {
    expect((await lab.api("POST", `linode/instances/${String(linode?.["id"])}/shutdown`)).status).toBe(200);
  }, MOVE_SECONDS * 2);
  record("fault 6: API shutdown of the active", seen.outage);
  expect(seen).toMatchObject({ nodes: [active, pair.peer(active)], ...NOTHING_LOST });
  expect((await lab.api("POST", `linode/instances/${String(linode?.["id"])}/boot`)).status).toBe(200);
  await pair.whole();
});

it("fault 7: a reboot of the active node through the API moves the group, and it does not come back by itself", async () => {
  const active = await pair.active();
  const [linode] = (await lab.list("linode/instances")).filter(({ label }) => label === active);
  const seen = await pair.during(async () => {
    expect((await lab.api("POST", `linode/instances/${String(linode?.["id"])}/reboot`)).status).toBe(200);
  }, MOVE_SECONDS * 2);
  record("fault 7: API reboot of the active", seen.outage);
  expect(seen).toMatchObject({ nodes: [active, pair.peer(active)], ...NOTHING_LOST });
  await pair.whole();
  expect(await pair.active()).toBe(pair.peer(active));
});

it("fault 9: Heartbeat itself is killed on the active node; the node is fenced, and its peer takes over", async () => {
  const active = await pair.active();
  const before = await pair.bootId(active);
  const seen = await pair.during(async () => {
    await lab.sshOk(active, "pkill -KILL -x heartbeat");
    // Its services run on until the peer has noticed.
    await until(`${pair.peer(active)} to have it all`, DEADTIME + MOVE_SECONDS * 2, async () =>
      (await pair.parts(pair.peer(active))).every(({ here }) => here),
    );
  }, MOVE_SECONDS);
  record("fault 9: Heartbeat killed on the active", seen.outage);
  expect(seen).toMatchObject({ nodes: [active, pair.peer(active)], ...NOTHING_LOST });
  await pair.whole();
  expect(await pair.bootId(active)).not.toBe(before);
});

it("fault 11: a killed service is restarted by systemd; Heartbeat does not watch it, and a stopped one is only reported", async () => {
  const active = await pair.active();
  const seen = await pair.during(async () => {
    await lab.sshOk(active, "systemctl kill --signal=KILL --kill-whom=main mariadb");
  }, MOVE_SECONDS);
  record("fault 11: a service killed", seen.outage);
  expect(seen).toMatchObject({ nodes: [active], ...NOTHING_LOST });
  await lab.sshOk(active, "systemctl stop apache2");
  const { code, stdout } = await project.linodeHa(["status"]);
  // First, so that what comes next finds a whole pair.
  await lab.sshOk(active, "systemctl start apache2");
  expect(stdout).toContain(`apache2.service does not run on ${active}`);
  expect(code).not.toBe(0);
});

it("fault 15: the nodes lose each other altogether; the side that writes shoots first and goes on", async () => {
  const active = await pair.active();
  const standby = pair.peer(active);
  const [own, other] = [await pair.bootId(active), await pair.bootId(standby)];
  const seen = await pair.during(async () => {
    await lab.fault("partition", ...nodes);
    await until(`${standby} to be fenced`, DEADTIME + MOVE_SECONDS, async () => {
      const boot = await pair.bootId(standby);
      return boot !== "" && boot !== other;
    });
    await lab.fault("heal");
  }, MOVE_SECONDS);
  record("fault 15: full partition", seen.outage);
  expect(seen).toMatchObject({ nodes: [active], ...NOTHING_LOST });
  await pair.whole();
  expect(await pair.bootId(active)).toBe(own);
});

it("3.6 both sides are the same, block by block, after all of it", async () => {
  await pair.verify();
}, 900_000);
