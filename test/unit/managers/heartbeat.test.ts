import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { renderStep } from "../../../hosts/bundle";
import { heartbeatTime, renderHaCf, renderHaResources } from "../../../hosts/heartbeat/files";
import { heartbeatRole } from "../../../hosts/heartbeat/render";
import { expandAddress, type ManagedGroup } from "../../../hosts/managerGroup";
import * as cases from "./cases";

const haCf = (node: string): string => renderHaCf({ ...cases.activePassiveHeartbeat(node), failback: false });

test("both nodes have the same three files", () => {
  for (const path of ["/etc/ha.d/ha.cf", "/etc/ha.d/haresources", "/etc/ha.d/authkeys"] as const) {
    expect(heartbeatRole.files(cases.activePassiveHeartbeat("lb2"))[path]).toEqual(
      heartbeatRole.files(cases.activePassiveHeartbeat("lb1"))[path],
    );
  }
});

test("the active/passive pair has its source's times, the crossed pair its own", () => {
  expect(haCf("lb1")).toMatch(/keepalive 2\nwarntime 10\ndeadtime 30\ninitdead 120\n/);
  const crossed = renderHaCf({ ...cases.crossedHeartbeat("alice"), failback: true });
  expect(crossed).toMatch(/keepalive 2\nwarntime 5\ndeadtime 15\ninitdead 120\n/);
  expect(crossed).toContain("auto_failback on");
});

test("fractions of a second are milliseconds", () => {
  expect([heartbeatTime(0.75), heartbeatTime(2), heartbeatTime(1 / 3)]).toEqual(["750ms", "2", "333ms"]);
});

test("the port stands before the media that it is for", () => {
  const lines = haCf("lb1").split("\n");
  expect(lines.indexOf("udpport 694")).toBeLessThan(lines.findIndex((line) => line.startsWith("ucast")));
});

test("each node may shoot the other, and neither itself", () => {
  expect(haCf("lb1").match(/^stonith_host.*/gm)).toEqual([
    "stonith_host lb1 external/linode lb2:1002",
    "stonith_host lb2 external/linode lb1:1001",
  ]);
  expect(() => renderHaCf({ ...cases.activePassiveHeartbeat("lb1"), failback: false, plugs: { lb1: "1" } })).toThrow(
    'node "lb2" needs its Linode\'s id',
  );
});

test("without a ping node there is nothing for ipfail to judge by, and it does not run", () => {
  const text = renderHaCf({ ...cases.activePassiveHeartbeat("lb1"), failback: false, pingNodes: [] });
  expect(text).not.toMatch(/ipfail|deadping|^ping /m);
  expect(haCf("lb1")).toContain("respawn hacluster /usr/libexec/heartbeat/ipfail");
});

test("IPv6 heartbeats and ping nodes have words of their own", () => {
  const params = cases.activePassiveHeartbeat("lb1");
  const nodes = [{ name: "lb1", links: [{ interface: "eth1", address: "2001:db8::1" }] }, params.nodes[1]] as const;
  const text = renderHaCf({ ...params, nodes, failback: false, pingNodes: ["2001:db8::ff"] });
  expect(text).toContain("ucast6 eth1 2001:db8::1");
  expect(text).toContain("ping6 2001:db8::ff");
});

test("a group is a line: its node, then its members in the order of starting", () => {
  const [comment, line] = renderHaResources(cases.activePassiveGroups)
    .replace(/\\\n {2}/g, "")
    .split("\n");
  // Heartbeat has no names for groups; whoever reads the file needs them.
  expect(comment).toBe("# group site");
  expect(line).toBe(
    "lb1 IPaddr2::172.16.1.254/24/eth1 drbddisk::www linode-ha-mount::/dev/drbd0::/var/www/html::ext4 " +
      "drbddisk::mysql linode-ha-mount::/dev/drbd1::/var/lib/mysql::ext4 " +
      "linode-ha-unit::mariadb.service linode-ha-unit::apache2.service MailTo::root::site",
  );
});

test("an IPv6 address is written out, because :: separates a job's words", () => {
  expect(expandAddress("2001:db8:5::99")).toBe("2001:db8:5:0:0:0:0:99");
  expect(expandAddress("::1")).toBe("0:0:0:0:0:0:0:1");
  expect(expandAddress("fe80::")).toBe("fe80:0:0:0:0:0:0:0");
  expect(renderHaResources(cases.manualGroups)).toContain("linode-ha-address::2001:db8:5:0:0:0:0:99/64/eth1");
});

test("what haresources cannot hold is refused", () => {
  const [group] = cases.activePassiveGroups;
  const bad = (to: string): ManagedGroup => ({ ...group!, runs: [...group!.runs.slice(0, 5), { kind: "mail", to }] });
  for (const to of ["a b", "a::b", "#a"]) {
    expect(() => renderHaResources([bad(to)])).toThrow("haresources cannot hold");
  }
});

test("two groups that begin with the same thing are refused: Heartbeat could not tell them apart", () => {
  const [group] = cases.activePassiveGroups;
  expect(() => renderHaResources([group!, { ...group!, name: "other" }])).toThrow(
    "groups must begin with different things",
  );
});

test("failback is one setting for all groups", () => {
  const params = cases.crossedHeartbeat("alice");
  const [db, www] = params.groups;
  expect(() => heartbeatRole.files({ ...params, groups: [db!, { ...www!, failback: false }] })).toThrow(
    "auto_failback",
  );
});

test("the key is a secret that only root can read", () => {
  const params = cases.activePassiveHeartbeat("lb1");
  expect(heartbeatRole.files(params)["/etc/ha.d/authkeys"]).toMatchObject({
    mode: "0600",
    secret: "heartbeat-authkey",
  });
  expect(renderStep(heartbeatRole, params, { step: "heartbeat-pair", node: "lb1", machine: "1" })).toContain(
    "1 sha1 {{secret:heartbeat-authkey}}",
  );
});

describe("the job for a systemd unit", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ha-unit-"));
    // A systemctl for which one unit runs, and which says what it was asked.
    writeFileSync(
      join(folder, "systemctl"),
      '#!/bin/sh\necho "$@"\ncase "$*" in *is-active*good*) exit 0 ;; *is-active*) exit 3 ;; *) exit 0 ;; esac\n',
    );
    chmodSync(join(folder, "systemctl"), 0o755);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (...words: string[]) =>
    spawnSync("sh", [assetPath("heartbeat/unit.sh"), ...words], {
      encoding: "utf8",
      env: { PATH: [folder, process.env["PATH"]].join(delimiter) },
    });

  test("says running or stopped, as Heartbeat reads it", () => {
    expect(run("good", "status")).toMatchObject({ status: 0, stdout: expect.stringContaining("running") });
    expect(run("bad", "status")).toMatchObject({ status: 3, stdout: expect.stringContaining("stopped") });
    expect(run("bad", "status").stdout).not.toMatch(/running|OK/i);
  });

  test("starts, also what has failed before, and stops", () => {
    expect(run("good", "start").stdout).toBe("reset-failed good\nstart good\n");
    expect(run("good", "stop").stdout).toBe("stop good\n");
    expect(run("good").status).toBe(2);
  });
});

test("what runs is looked at job by job, in the file as it is rendered", () => {
  const folder = mkdtempSync(join(tmpdir(), "ha-groups-"));
  try {
    const file = join(folder, "haresources");
    writeFileSync(file, renderHaResources(cases.activePassiveGroups));
    // A node that has the address and one of the two services.
    writeFileSync(join(folder, "ip"), "#!/bin/sh\necho '2: eth1    inet 172.16.1.254/24 scope global eth1'\n", {
      mode: 0o755,
    });
    writeFileSync(join(folder, "systemctl"), "#!/bin/sh\nprintf 'active\\ninactive\\n'\nexit 3\n", { mode: 0o755 });
    const { stdout, status } = spawnSync("bash", [assetPath("heartbeat/groups.sh")], {
      encoding: "utf8",
      env: { PATH: [folder, process.env["PATH"]].join(delimiter), HARESOURCES: file },
    });
    expect(status).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("group site lb1");
    expect(lines.filter((line) => line.endsWith(" running"))).toEqual([
      "job IPaddr2::172.16.1.254/24/eth1 running",
      "job linode-ha-unit::mariadb.service running",
    ]);
    // Mail is nothing that could run.
    expect(lines).toHaveLength(1 + 7);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("a node that starts", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ha-silence-"));
    writeFileSync(join(folder, "sleep"), '#!/bin/sh\necho "sleep $1"\n', { mode: 0o755 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (uptime: string, ...words: string[]) => {
    writeFileSync(join(folder, "uptime"), `${uptime} 1.00\n`);
    return spawnSync("sh", [assetPath("heartbeat/silence.sh"), ...words], {
      encoding: "utf8",
      env: { PATH: [folder, process.env["PATH"]].join(delimiter), UPTIME: join(folder, "uptime") },
    });
  };

  test("is silent until its peer must have called it dead, and not a second longer", () => {
    expect(run("12.34", "34")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^silent for 22 s.*\nsleep 22\n$/),
    });
    expect(run("34.00", "34")).toMatchObject({ status: 0, stdout: "" });
    expect(run("86400.01", "34")).toMatchObject({ status: 0, stdout: "" });
    expect(run("12.34").status).toBe(2);
  });

  test.each([
    ["the active/passive pair", cases.activePassiveHeartbeat("lb1"), 34],
    ["the crossed pair", cases.crossedHeartbeat("alice"), 19],
  ] as const)("is so for longer than the dead time: %s", (_, params, seconds) => {
    expect(seconds).toBeGreaterThan(params.timings.deadtime + params.timings.keepalive);
    const files = heartbeatRole.files({ ...params });
    // Replication too: the peer must not become the target of what the crashed side has.
    expect(files["/etc/systemd/system/linode-ha-drbd@.service.d/silence.conf"]).toEqual({
      mode: "0644",
      content: `[Service]\nExecStartPre=/usr/local/lib/linode-ha/heartbeat-silence ${seconds}\n`,
    });
    expect(files["/etc/systemd/system/heartbeat.service.d/silence.conf"]).toEqual({
      mode: "0644",
      content: `[Service]\nExecStartPre=/usr/local/lib/linode-ha/heartbeat-silence ${seconds}\nTimeoutStartSec=${seconds + 60}\n`,
    });
  });
});
