import { chmodSync, mkdirSync, utimesSync } from "node:fs";
import { params, WatchedHost } from "./support";
import { runOk } from "../../support/run";

let host: WatchedHost;
beforeEach(() => (host = new WatchedHost()));
afterEach(() => host.close());

const FACTS = "/var/lib/prometheus/node-exporter/linode-ha.prom";
const ago = (days: number): Date => new Date(Date.now() - days * 86_400_000);

test("all well: one line, exit code 0, figures for whoever draws them", async () => {
  expect(await host.ask()).toMatchObject({
    code: 0,
    stdout: "LINODE-HA OK - volume www UpToDate/UpToDate,pacemaker,fencing | www_out_of_sync=0B\n",
  });
});

test.each<[string, string, number, number, string]>([
  ["a split brain", "cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown", 0, 2, "SPLIT BRAIN"],
  ["a peer that is away", "cs:WFConnection ro:Primary/Unknown ds:UpToDate/Outdated", 4, 2, "its sides are parted"],
  ["a resync", "cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate", 99, 1, "being brought up to date"],
  ["a lost disk", "cs:Connected ro:Primary/Secondary ds:Diskless/UpToDate", 0, 2, "not both sides have all data"],
  [
    "sides that differ",
    "cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate",
    4,
    2,
    "both sides count as UpToDate and DIFFER",
  ],
  ["not configured", "cs:Unconfigured", 0, 2, "its sides are parted"],
])("%s", async (_what, state, outOfSync, code, words) => {
  host.drbd(state, outOfSync);
  const answer = await host.ask("drbd");
  expect(answer).toMatchObject({ code });
  expect(answer.stdout.split("\n")[0]).toContain(words);
  expect(answer.stdout).toContain(`www_out_of_sync=${outOfSync * 1024}B`);
});

test("the worst comes first, the rest below it", async () => {
  host.drbd("cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent", 8);
  host.check("60-pacemaker", 1, 'web2 is not online; a "quoted" word | and a bar');
  const { code, stdout } = await host.ask();
  expect(code).toBe(2);
  const [first = "", second = ""] = stdout.split("\n");
  expect(first).toBe(
    'LINODE-HA CRITICAL - pacemaker: web2 is not online; a "quoted" word / and a bar | www_out_of_sync=8192B',
  );
  expect(second).toContain("being brought up to date");
});

test("fencing that is off is critical, unless that was accepted; where nothing needs it, nobody asks", async () => {
  host.write("/etc/linode-ha/fencing.token", "");
  expect(await host.ask("fencing")).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("FENCING IS OFF") as string,
  });
  host.close();
  host = new WatchedHost({ acceptUnfenced: true });
  host.write("/etc/linode-ha/fencing.conf", "");
  expect(await host.ask("fencing")).toMatchObject({ code: 0, stdout: "LINODE-HA OK - no fencing, as accepted\n" });
  await runOk(["rm", host.path("/etc/linode-ha/drbd/www")]);
  expect(await host.ask("fencing")).toMatchObject({ code: 0, stdout: "LINODE-HA OK - nothing to look at\n" });
});

test("fencing that was switched off in the cluster is off", async () => {
  host.program("/bin/systemctl", "#!/bin/sh\n[ $1 = is-enabled ]\n");
  host.program("/bin/crm_attribute", "#!/bin/sh\necho true\n");
  expect((await host.ask("fencing")).code).toBe(0);
  host.program("/bin/crm_attribute", "#!/bin/sh\necho false\n");
  expect((await host.ask("fencing")).code).toBe(2);
});

test("a certificate that was not renewed warns, and is critical in its last week", async () => {
  const file = "/var/lib/linode-ha/certificates/site/live/fullchain.pem";
  const make = (days: number): Promise<string> =>
    runOk([
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      "/CN=x",
      "-days",
      `${days}`,
      "-keyout",
      host.path("/key"),
      "-out",
      host.path(file),
    ]);
  host.write(file, "");
  const codes: [number, number][] = [];
  for (const days of [30, 15, 3]) {
    await make(days);
    codes.push([days, (await host.ask("certificates")).code]);
  }
  expect(codes).toEqual([
    [30, 0],
    [15, 1],
    [3, 2],
  ]);
  host.write(file, "no certificate");
  expect((await host.ask("certificates")).code).toBe(2);
});

test("a backup that is old, or never was, is told", async () => {
  host.write("/etc/linode-ha/backup/nightly/settings", `BASE='${host.path("/srv")}'\nALARM_HOURS='26'\n`);
  const ask = (): Promise<number> => host.ask("backups").then(({ code }) => code);
  expect(await ask()).toBe(1);
  host.write("/var/lib/linode-ha/monitoring/begun", "");
  utimesSync(host.path("/var/lib/linode-ha/monitoring/begun"), ago(2), ago(2));
  expect(await ask()).toBe(2);
  const snapshot = (at: Date): string => `/srv/snapshots/${at.toISOString().replace(/[-:]|\.\d+/g, "")}/manifest`;
  host.write(snapshot(ago(2)), "source=web1\n");
  // Begun, and broken off: no backup.
  host.write(snapshot(ago(0)), "");
  expect(await ask()).toBe(2);
  host.write(snapshot(ago(1)), "source=web1\n");
  expect(await ask()).toBe(0);
});

test("a verification that found something, and one that never comes", async () => {
  const verified = "/var/lib/linode-ha/monitoring/verified-www";
  host.write(verified, "0\n");
  expect(await host.ask("verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("verified 0 days ago") as string,
  });
  utimesSync(host.path(verified), ago(20), ago(20));
  // A host that is watched since today has had no chance yet.
  expect((await host.ask("verify")).code).toBe(0);
  host.write("/var/lib/linode-ha/monitoring/begun", "");
  utimesSync(host.path("/var/lib/linode-ha/monitoring/begun"), ago(20), ago(20));
  expect(await host.ask("verify")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("not verified for 15 days") as string,
  });
  host.write(verified, "4096\n");
  expect(await host.ask("verify")).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("4096 bytes that differ") as string,
  });
});

test("replication that stopped, and that is behind", async () => {
  const server = async (io: string, sql: string, lag: string): Promise<number> => {
    host.program(
      "/bin/mariadb",
      `#!/bin/sh\nprintf '   Slave_IO_Running: ${io}\\n  Slave_SQL_Running: ${sql}\\n Seconds_Behind_Master: ${lag}\\n'\n`,
    );
    return (await host.ask("replication")).code;
  };
  mkdirSync(host.path("/run/mysqld"), { recursive: true });
  await runOk([
    "python3",
    "-c",
    `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(host.path("/run/mysqld/mysqld.sock"))})`,
  ]);
  expect(await server("Yes", "Yes", "60")).toBe(0);
  expect(await server("Yes", "Yes", "61")).toBe(2);
  expect(await server("Connecting", "Yes", "NULL")).toBe(2);
  expect(await server("Yes", "No", "NULL")).toBe(2);
});

test("what is collected is answered at once, for anybody, and is unknown when it is old or was never there", async () => {
  expect(await host.run("/usr/local/sbin/ha-check")).toMatchObject({
    code: 3,
    stdout: expect.stringContaining("nothing was collected yet") as string,
  });
  expect((await host.turn()).code).toBe(0);
  chmodSync(host.path("/usr/local/lib/linode-ha/monitoring/facts"), 0);
  expect((await host.run("/usr/local/sbin/ha-check")).code).toBe(0);
  const old = new Date(Date.now() - (params.limits.intervalSeconds * 3 + 130) * 1000);
  utimesSync(host.path(FACTS), old, old);
  expect(await host.run("/usr/local/sbin/ha-check")).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/is \d+ s old/) as string,
  });
  expect(await host.run("/usr/local/sbin/ha-check", "nonsense")).toMatchObject({
    code: 3,
    stdout: expect.stringContaining("usage:") as string,
  });
});
