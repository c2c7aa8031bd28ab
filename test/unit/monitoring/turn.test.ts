import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { WatchedHost } from "./support";

let host: WatchedHost;
beforeEach(() => {
  host = new WatchedHost();
  host.program("/bin/mail", `#!/bin/sh\n{ echo "to $3: $2"; cat; echo ---; } >>${host.path("/mails")}\n`);
});
afterEach(() => host.close());

const mails = (): string[] =>
  existsSync(host.path("/mails"))
    ? readFileSync(host.path("/mails"), "utf8")
        .split("---\n")
        .filter((text) => text !== "")
    : [];
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) expect((await host.turn()).code).toBe(0);
};

test("a moment's trouble mails nobody; what lasts mails once, and once more when it is over", async () => {
  await turns(2);
  host.drbd("cs:WFConnection ro:Primary/Unknown ds:UpToDate/Outdated");
  await turns(1);
  host.drbd();
  await turns(2);
  expect(mails()).toEqual([]);
  host.drbd("cs:WFConnection ro:Primary/Unknown ds:UpToDate/Outdated");
  await turns(4);
  expect(mails()).toHaveLength(1);
  expect(mails()[0]).toMatch(/^to ops@example\.org: \S+: LINODE-HA CRITICAL - volume www: cs:WFConnection/);
  host.drbd();
  await turns(3);
  expect(mails()).toHaveLength(2);
  expect(mails()[1]).toContain("LINODE-HA OK");
});

test("as long as it stays bad there is one mail a day, and a mail that could not be sent is tried again", async () => {
  host.drbd("cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown");
  const mail = readFileSync(host.path("/bin/mail"), "utf8");
  host.program("/bin/mail", "#!/bin/sh\nexit 1\n");
  await turns(3);
  host.program("/bin/mail", mail);
  await turns(2);
  expect(mails()).toHaveLength(1);
  const told = host.path("/var/lib/linode-ha/monitoring/told");
  const [was = "", seen = "", state = "", at = ""] = readFileSync(told, "utf8").trim().split(" ");
  writeFileSync(told, `${was} ${seen} ${state} ${Number(at) - 90_000}\n`);
  await turns(2);
  expect(mails()).toHaveLength(2);
});

test("without an address nothing is mailed, and what is known is written all the same", async () => {
  host.close();
  host = new WatchedHost({ mailTo: undefined });
  host.drbd("cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown");
  await turns(2);
  expect(readFileSync(host.path("/var/lib/prometheus/node-exporter/linode-ha.prom"), "utf8")).toContain(
    'linode_ha_drbd_standalone{resource="www"} 1\n',
  );
  expect(existsSync(host.path("/var/lib/linode-ha/monitoring/told"))).toBe(false);
});

test("the scheduled verification notes what it found, and does not begin where that would say nothing", async () => {
  const verify = () => host.run("/usr/local/lib/linode-ha/monitoring/verify");
  const found = host.path("/var/lib/linode-ha/monitoring/verified-www");
  const connected = "cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate";
  /** drbdadm begins, and the kernel is through when it is asked for the third time. */
  const play = (end: string, kib: number): void => {
    host.drbd();
    const words = (state: string): string => `version: 8.4.11\n 0: ${state} C r-----\n    ns:0 oos:${kib}\n`;
    writeFileSync(host.path("/verifying"), words("cs:VerifyS ro:Primary/Secondary ds:UpToDate/UpToDate"));
    writeFileSync(host.path("/end"), words(end));
    host.program(
      "/bin/drbdadm",
      `#!/bin/sh\n[ "$*" = "verify www" ] || exit 9\nmv ${host.path("/verifying")} ${host.path("/proc")}\n(sleep 0.4; mv ${host.path("/end")} ${host.path("/proc")}) >/dev/null 2>&1 &\n`,
    );
  };
  play(connected, 0);
  expect(await verify()).toMatchObject({ code: 0, stdout: "www: 0 KiB differ\n" });
  expect(readFileSync(found, "utf8")).toBe("0\n");
  play(connected, 8);
  expect(await verify()).toMatchObject({ code: 1, stdout: "www: 8 KiB differ\n" });
  expect(readFileSync(found, "utf8")).toBe("8192\n");
  utimesSync(found, new Date(0), new Date(0));
  play("cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown", 8);
  expect((await verify()).stdout).toContain("cut short");
  host.drbd("cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent");
  expect(await verify()).toMatchObject({ code: 1, stdout: expect.stringContaining("is not verified now") as string });
  expect(readFileSync(found, "utf8")).toBe("8192\n");
});
