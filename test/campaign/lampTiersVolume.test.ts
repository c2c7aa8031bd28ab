import { LampSite } from "../support/site/lampSite";

/** The same system with the other design of its database: one server, whose data is on both nodes. */
const site = new LampSite({ database: { design: "drbd" } });
const { lab, project } = site;

beforeAll(() => site.build(), 2_400_000);

afterAll(async () => {
  await project.remove();
}, 900_000);

afterEach(() => lab.fault("heal"));

test("1.4 has one database, whose data is on a replicated volume, and nothing left to change", async () => {
  await site.whole();
  const [active, standby] = [await site.active("database"), await site.standby("database")];
  expect(await lab.sshOk(active, "findmnt -rno FSTYPE /srv/mariadb && systemctl is-active mariadb")).toBe(
    "ext4\nactive\n",
  );
  expect((await lab.ssh(standby, "systemctl is-active mariadb")).stdout).toBe("inactive\n");
  for (const node of [active, standby]) {
    expect(await lab.sshOk(node, "cat /proc/drbd")).toMatch(/ro:\w+\/\w+ ds:UpToDate\/UpToDate C/);
  }
  expect((await site.page("site", "/")).status).toBe(200);
  expect(await project.pendingChanges()).toEqual({});
});

test("1.4 losing the active database: the other node starts the server on the same data", async () => {
  const before = await site.active("database");
  await site.losing("database on a volume: power cut of the active", before);
  expect(await site.active("database")).not.toBe(before);
  expect(await site.lost()).toEqual([]);
});

test("losing the active file server", async () => {
  await site.losing("power cut of the active file server", await site.active("files"));
  expect(await site.lost()).toEqual([]);
});

// Its data count as the newer ones until the peer is promoted: were they to meet, the peer would be their Inconsistent target.
test.each(["database", "files"] as const)(
  "an active node of the %s that is back at once stays out of replication until the take-over",
  async (pair) => {
    const before = await site.active(pair);
    const peer = await site.standby(pair);
    const begun = (await lab.sshOk(peer, "date +%s")).trim();
    await site.losing(`${pair} on a volume: power cut of the active, which is back at once`, before, true);
    expect(await site.active(pair)).toBe(peer);
    expect(await site.lost()).toEqual([]);
    expect(
      await lab.sshOk(peer, `journalctl --dmesg --since @${begun} --no-pager --grep SyncTarget || :`),
    ).not.toContain("Began resync as SyncTarget");
  },
);

test("losing its standby", async () => {
  await site.losing("database on a volume: power cut of the standby", await site.standby("database"));
  expect(await site.lost()).toEqual([]);
});
