import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { exitCodes } from "../../../hosts/contract";
import { manualFailoverRole, renderGroup } from "../../../hosts/manual-failover/render";
import { until } from "../../support/run";
import * as cases from "./cases";

/** The commands that ha-group runs: each writes down how it was called, and what it starts or stops stays so. */
const COMMANDS: Readonly<Record<string, string>> = {
  drbdadm:
    'case $1 in primary) sed -i s/ROLE=Secondary/ROLE=Primary/ "$W/drbd-1" ;; secondary) sed -i s/^DRBD_ROLE=Primary/DRBD_ROLE=Secondary/ "$W/drbd-1" ;; esac',
  mount: ': >"$W/mounted"',
  umount: 'rm "$W/mounted"',
  findmnt: '[ -e "$W/mounted" ] && echo /dev/drbd1',
  ip: 'case "$*" in *" add "*) : >"$W/address" ;; *" del "*) rm "$W/address" ;; *" show "*) [ ! -e "$W/address" ] || cat "$W/address-words" ;; esac',
  systemctl:
    'for unit; do :; done; case $1 in is-active) if [ -e "$W/unit-$unit" ]; then [ "$2" = --quiet ] || echo active; else [ "$2" = --quiet ] || echo inactive; exit 3; fi ;; start) : >"$W/unit-$unit" ;; stop) rm -f "$W/unit-$unit" ;; esac',
  ping: '[ -e "$W/peer-answers" ]',
  arping: "",
  sysctl: "",
  logger: "",
  journalctl: "",
  fuser: "",
};
/** Calls that change nothing. */
const LOOKS = /^(findmnt|ip .*show|systemctl is-active|systemctl reset-failed|ping|logger|sysctl|journalctl|fuser)/;

let world: string;

beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "ha-group-"));
  const lib = join(world, "usr/local/lib/linode-ha");
  for (const folder of [lib, join(world, "bin"), join(world, "etc/linode-ha/groups")]) {
    mkdirSync(folder, { recursive: true });
  }
  copyFileSync(assetPath("manual-failover/group-members.sh"), join(lib, "group-members.sh"));
  // The real library, but for where it reads the state from.
  writeFileSync(
    join(lib, "drbd.sh"),
    `${readFileSync(assetPath("lib/drbd.sh"), "utf8")}\ndrbd_read() { . "${world}/drbd-$1"; }\n`,
  );
  for (const [name, body] of Object.entries(COMMANDS)) {
    const path = join(world, "bin", name);
    writeFileSync(
      path,
      `#!/bin/sh\nW=${world}\necho "${name} $*" >>"$W/calls"\nif grep -qxF "${name} $*" "$W/fails" 2>/dev/null; then exit 1; fi\n${body}\n`,
    );
    chmodSync(path, 0o755);
  }
  writeFileSync(join(world, "address-words"), "2: eth1 inet6 2001:db8:5::99/64\n");
  group("node1");
  drbd({});
});

afterEach(() => {
  rmSync(world, { recursive: true });
});

function group(node: "node1" | "node2"): void {
  writeFileSync(
    join(world, "etc/linode-ha/groups/srv"),
    renderGroup({ ...cases.manualFailover(node), connectSeconds: 0 }),
  );
}

function drbd(state: { cs?: string; role?: string; peer?: string; disk?: string; peerDisk?: string }): void {
  const { cs = "Connected", role = "Secondary", peer = "Secondary", disk = "UpToDate", peerDisk = "UpToDate" } = state;
  writeFileSync(
    join(world, "drbd-1"),
    `DRBD_CS=${cs}\nDRBD_ROLE=${role}\nDRBD_PEER_ROLE=${peer}\nDRBD_DISK=${disk}\nDRBD_PEER_DISK=${peerDisk}\nDRBD_SYNC=\nDRBD_OUT_OF_SYNC=0\n`,
  );
}

const touch = (name: string, text = ""): void => writeFileSync(join(world, name), text);
const lost = { cs: "WFConnection", peer: "Unknown", peerDisk: "DUnknown" } as const;

function ha(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("bash", [assetPath("manual-failover/ha-group.sh"), ...words], {
    encoding: "utf8",
    env: { HA_GROUP_ROOT: world, HA_GROUP_PATH: `${join(world, "bin")}:/usr/bin:/bin`, PATH: "/usr/bin:/bin" },
  });
}

/** What was changed, in order. */
function deeds(): string[] {
  if (!existsSync(join(world, "calls"))) {
    return [];
  }
  const calls = readFileSync(join(world, "calls"), "utf8").trimEnd().split("\n");
  return calls.filter((call) => !LOOKS.test(call));
}

const STARTED = [
  "drbdadm primary srv",
  "mount -t ext4 -o defaults /dev/drbd1 " + "/srv",
  "systemctl start linode-ha-links@srv.service",
  "ip -6 address add 2001:db8:5::99/64 dev eth1",
  "systemctl start postgresql.service",
  "systemctl start apache2.service",
];

// The mount point is made for real; a group of the test must not make folders outside its own.
beforeEach(() => {
  const path = join(world, "etc/linode-ha/groups/srv");
  writeFileSync(path, readFileSync(path, "utf8").replace(" /srv ", ` ${world}/srv `));
  STARTED[1] = `mount -t ext4 -o defaults /dev/drbd1 ${world}/srv`;
});

test("starts in order, and stops the other way round", () => {
  expect(ha("start", "srv").status).toBe(0);
  expect(deeds()).toEqual([...STARTED, "systemctl start --no-block linode-ha-group@srv.service"]);
  expect(ha("status", "srv").status).toBe(0);
  rmSync(join(world, "calls"));
  expect(ha("stop", "srv").status).toBe(0);
  expect(deeds()).toEqual([
    "systemctl stop apache2.service",
    "systemctl stop postgresql.service",
    "ip address del 2001:db8:5::99/64 dev eth1",
    "systemctl stop linode-ha-links@srv.service",
    `umount ${world}/srv`,
    "drbdadm secondary srv",
  ]);
  expect(ha("status", "srv").status).toBe(3);
});

test("starting what is started, and stopping what is stopped, does nothing", () => {
  ha("start", "srv");
  const before = deeds().length;
  expect(ha("start", "srv").status).toBe(0);
  expect(deeds()).toHaveLength(before);
  ha("stop", "srv");
  const after = deeds().length;
  expect(ha("stop", "srv").status).toBe(0);
  expect(deeds()).toHaveLength(after);
});

test("a member that does not start leaves nothing half running", () => {
  touch("fails", "systemctl start postgresql.service\n");
  const { status, stderr } = ha("start", "srv");
  expect(status).toBe(exitCodes.unexpected);
  expect(stderr).toContain("unit postgresql.service did not start");
  expect(deeds().slice(-3)).toEqual([
    "systemctl stop linode-ha-links@srv.service",
    `umount ${world}/srv`,
    "drbdadm secondary srv",
  ]);
});

test("an address that somebody has is not taken", () => {
  touch("address-words", "2: eth1 inet6 2001:db8:5::99/64 dadfailed tentative\n");
  const { status, stderr } = ha("start", "srv");
  expect(status).toBe(exitCodes.unexpected);
  expect(stderr).toContain("already has 2001:db8:5::99");
  expect(deeds()).not.toContain("systemctl start postgresql.service");
});

test("a file system that is held keeps its resource Primary", () => {
  ha("start", "srv");
  // umount fails ten times, a second apart; here the file system is asked about once only.
  const lib = join(world, "usr/local/lib/linode-ha/group-members.sh");
  writeFileSync(lib, readFileSync(lib, "utf8").replace("++tries >= 10", "++tries >= 1"));
  touch("fails", `umount ${world}/srv\n`);
  expect(ha("stop", "srv").status).toBe(exitCodes.unexpected);
  expect(deeds()).not.toContain("drbdadm secondary srv");
  expect(ha("status", "srv").status).toBe(1);
});

test.each<[string, Parameters<typeof drbd>[0], RegExp]>([
  ["it is active on the peer", { peer: "Primary" }, /on node2: ha-group stop srv/],
  ["the peer is not connected", lost, /ha-group take-over srv --peer-is-off/],
  ["this side is Inconsistent", { cs: "SyncTarget", disk: "Inconsistent" }, /wait for the resync/],
  ["this side is Outdated and alone", { ...lost, disk: "Outdated" }, /bring node2 back and let it resync/],
  ["this side is Consistent and alone", { ...lost, disk: "Consistent" }, /bring node2 back and let it resync/],
  ["the two have parted", { cs: "StandAlone", peer: "Unknown" }, /recover split-brain srv --keep/],
])("does not start where %s, and says what to do", (_name, state, advice) => {
  drbd(state);
  for (const verb of ["start", "take-over"]) {
    const { status, stderr } = ha(verb, "srv");
    expect([verb, status]).toEqual([verb, exitCodes.unsafe]);
    expect(stderr).toMatch(advice);
  }
  expect(deeds()).toEqual([]);
});

test("a take-over from a connected peer that has stopped is a plain start", () => {
  expect(ha("take-over", "srv").status).toBe(0);
  expect(deeds().slice(0, STARTED.length)).toEqual(STARTED);
});

test("a take-over from a lost peer needs the word that it is off, and does not believe it if the peer answers", () => {
  drbd(lost);
  touch("peer-answers");
  const { status, stderr } = ha("take-over", "srv", "--peer-is-off");
  expect(status).toBe(exitCodes.unsafe);
  expect(stderr).toContain("node2 answers at 10.0.0.2");
  expect(deeds()).toEqual([]);
  rmSync(join(world, "peer-answers"));
  expect(ha("take-over", "srv", "--peer-is-off").status).toBe(0);
  expect(deeds()[0]).toBe("drbdadm primary srv");
  expect(readFileSync(join(world, "var/lib/linode-ha/state/ha-group.log"), "utf8")).toContain("peer-is-off");
});

test.each(["Outdated", "Inconsistent", "Consistent"])(
  "the word that the peer is off does not make %s data good",
  (disk) => {
    drbd({ ...lost, disk });
    expect(ha("take-over", "srv", "--peer-is-off").status).toBe(exitCodes.unsafe);
    expect(deeds()).toEqual([]);
  },
);

test("force needs a reason, which is kept, and no force helps while the peer is active or answers", () => {
  drbd({ ...lost, disk: "Outdated" });
  expect(ha("take-over", "srv", "--force-unsafe").status).toBe(exitCodes.usage);
  expect(ha("take-over", "srv", "--force-unsafe", " ").status).toBe(exitCodes.usage);
  touch("peer-answers");
  expect(ha("take-over", "srv", "--force-unsafe", "node2 burnt").status).toBe(exitCodes.unsafe);
  rmSync(join(world, "peer-answers"));
  drbd({ peer: "Primary" });
  expect(ha("take-over", "srv", "--force-unsafe", "node2 burnt").status).toBe(exitCodes.unsafe);
  expect(deeds()).toEqual([]);
  drbd({ ...lost, disk: "Outdated" });
  expect(ha("take-over", "srv", "--force-unsafe", "node2 burnt").status).toBe(0);
  expect(deeds()[0]).toBe("drbdadm primary --force srv");
  expect(readFileSync(join(world, "var/lib/linode-ha/state/ha-group.log"), "utf8")).toContain("because: node2 burnt");
});

test("force is used only on what needs it", () => {
  drbd(lost);
  expect(ha("take-over", "srv", "--force-unsafe", "node2 burnt").status).toBe(0);
  expect(deeds()).toContain("drbdadm primary srv");
  expect(deeds()).not.toContain("drbdadm primary --force srv");
});

test("a boot starts the group on its preferred node only", () => {
  const path = join(world, "etc/linode-ha/groups/srv");
  const own = readFileSync(path, "utf8");
  group("node2");
  expect(ha("boot", "srv").status).toBe(0);
  expect(deeds()).toEqual([]);
  writeFileSync(path, own);
  expect(ha("boot", "srv").status).toBe(0);
  expect(deeds()[0]).toBe("drbdadm primary srv");
});

/** A boot's start that goes on by itself, with what it says and how it ends. */
function booting(): { said: () => string; ended: Promise<number | null> } {
  let words = "";
  const child = spawn("bash", [assetPath("manual-failover/ha-group.sh"), "boot", "srv"], {
    env: { HA_GROUP_ROOT: world, HA_GROUP_PATH: `${join(world, "bin")}:/usr/bin:/bin`, PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr.on("data", (piece: Buffer) => (words += piece.toString("utf8")));
  return { said: () => words, ended: new Promise((resolve) => child.once("close", resolve)) };
}

test.each([
  ["the peer is not connected", lost],
  ["this side has not all data", { cs: "SyncTarget", disk: "Inconsistent" }],
  ["the two have parted", { cs: "StandAlone", peer: "Unknown" }],
])("a boot waits where %s, and starts when it is safe", async (_name, state) => {
  drbd(state);
  const boot = booting();
  await until("the boot to say that it waits", 10, () => Promise.resolve(boot.said().includes("waiting")), 50);
  expect(deeds()).toEqual([]);
  drbd({});
  expect(await boot.ended).toBe(0);
  expect(deeds()[0]).toBe("drbdadm primary srv");
});

test("a boot that waits is in nobody's way, and starts nothing once a person has decided", async () => {
  drbd(lost);
  const boot = booting();
  await until("the boot to say that it waits", 10, () => Promise.resolve(boot.said().includes("waiting")), 50);
  expect(ha("stop", "srv").status).toBe(0);
  expect(await boot.ended).toBe(0);
  drbd({});
  expect(boot.said()).toContain("a person has decided");
  expect(deeds()).toEqual([]);
});

test("a boot finds the group active on the peer and leaves it there", () => {
  drbd({ peer: "Primary" });
  const { status, stderr } = ha("boot", "srv");
  expect([status, stderr]).toEqual([0, expect.stringContaining("active on node2")]);
  expect(deeds()).toEqual([]);
});

test("status tells each member, for people and for programs", () => {
  ha("start", "srv");
  rmSync(join(world, "unit-apache2.service"));
  const { status, stdout } = ha("status", "srv");
  expect(status).toBe(1);
  expect(stdout).toMatch(/^started {2}drbd srv 1 {3}cs:Connected ro:Primary/m);
  expect(stdout).toMatch(/^stopped {2}unit apache2.service$/m);
  const parsed = JSON.parse(ha("status", "srv", "--json").stdout) as { active: boolean; members: { state: string }[] };
  expect(parsed.active).toBe(false);
  expect(parsed.members.map(({ state }) => state)).toEqual([...Array<string>(5).fill("started"), "stopped"]);
});

test.each([
  [[]],
  [["start"]],
  [["start", "srv", "extra"]],
  [["fly", "srv"]],
  [["take-over", "srv", "--now"]],
  [["start", "../srv"]],
])("%j is a mistake of use", (words) => {
  expect(ha(...words).status).toBe(exitCodes.usage);
  expect(deeds()).toEqual([]);
});

test("a value that the group's file cannot hold is refused", () => {
  const params = cases.manualFailover("node1");
  const runs = [{ kind: "mail", to: "a b" }] as const;
  expect(() => renderGroup({ ...params, group: { ...params.group, runs } })).toThrow("cannot hold");
  expect(() => manualFailoverRole.variables({ ...params, node: "node3" })).toThrow('node "node3" is not one of');
});
