import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { asset } from "../../../hosts/assets";
import { Desk, said as contentOf } from "../fencing/support";

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  mkdirSync(join(desk.folder, "bin"));
  desk.write("bin/logger", `#!/bin/sh\necho "$*" >>${join(desk.folder, "logged")}\n`, 0o755);
});
afterEach(() => {
  desk.close();
});

const proc = (connection: string, disk: string): string =>
  `version: 8.4.11 (api:1/proto:86-101)\n 1: cs:${connection} ro:Secondary/Unknown ds:${disk}/DUnknown C r-----\n`;

/** Runs what dopd calls `drbdadm`, where the kernel says one thing and drbdadm itself does another. */
function asked(
  before: string,
  real: string,
  { words = ["outdate", "site"], meanwhile = ":" } = {},
): { status: number | null; called: string; logged: string } {
  const state = join(desk.folder, "proc");
  desk.write("proc", before);
  desk.write("drbdadm", `#!/bin/sh\necho "$*" >>${join(desk.folder, "called")}\n${real}\n`, 0o755);
  desk.write("drbd.sh", asset("lib/drbd.sh").replaceAll("/proc/drbd", state));
  desk.write("site", "RESOURCE=site\nMINOR=1\n");
  const script = asset("heartbeat/outdate.sh")
    .replace("REAL=/usr/sbin/drbdadm", `REAL=${join(desk.folder, "drbdadm")}`)
    .replace("RESOURCES=/etc/linode-ha/drbd", `RESOURCES=${desk.folder}`)
    .replace("WAIT_MS=2500", "WAIT_MS=700")
    .replace("/usr/local/lib/linode-ha/drbd.sh", join(desk.folder, "drbd.sh"));
  desk.write("outdate", script, 0o755);
  const { status } = spawnSync("bash", ["-c", `(${meanwhile}) & "$0" "$@"`, join(desk.folder, "outdate"), ...words], {
    encoding: "utf8",
    env: { PATH: `${join(desk.folder, "bin")}:${process.env["PATH"] ?? ""}` },
  });
  return {
    status,
    called: contentOf(join(desk.folder, "called")).trim(),
    logged: contentOf(join(desk.folder, "logged")).trim(),
  };
}

const outdates = (): string => `printf '%s' '${proc("WFConnection", "Outdated")}' >${join(desk.folder, "proc")}`;

test("a side that has lost its peer is outdated at once", () => {
  expect(asked(proc("WFConnection", "UpToDate"), outdates())).toEqual({
    status: 0,
    called: "outdate site",
    logged: "",
  });
});

test("a side that still takes itself for connected is asked only when it has noticed", () => {
  const notices = `sleep 0.3; printf '%s' '${proc("NetworkFailure", "UpToDate")}' >${join(desk.folder, "proc")}`;
  expect(asked(proc("Connected", "UpToDate"), outdates(), { meanwhile: notices })).toEqual({
    status: 0,
    called: "outdate site",
    logged: "",
  });
});

test("a side that stays connected is not told of as outdated", () => {
  expect(asked(proc("Connected", "UpToDate"), "exit 0")).toEqual({
    status: 1,
    called: "",
    logged: expect.stringContaining("site: asked to mark this side outdated, but it is cs:Connected") as string,
  });
});

test("nor is one whose disk is UpToDate after a success of drbdadm's", () => {
  const { status, logged } = asked(proc("WFConnection", "UpToDate"), "exit 0");
  expect([status, logged]).toEqual([1, expect.stringContaining("ds:UpToDate/DUnknown: not done")]);
});

test.each(["WFConnection ro:Secondary/Unknown ds:Diskless/DUnknown C", "Unconfigured"])(
  "a disk that the kernel does not have is marked by drbdadm itself: cs:%s",
  (state) => {
    expect(asked(`version: 8.4.11 (api:1/proto:86-101)\n 1: cs:${state}\n`, "exit 0")).toEqual({
      status: 0,
      called: "outdate site",
      logged: "",
    });
  },
);

test.each([5, 17, 20])("drbdadm's own answer %d is dopd's to understand", (code) => {
  expect(asked(proc("WFConnection", "Inconsistent"), `exit ${code}`)).toMatchObject({ status: code, logged: "" });
});

test("what else dopd may want of drbdadm it gets", () => {
  expect(asked(proc("Connected", "UpToDate"), "exit 3", { words: ["role", "site"] })).toEqual({
    status: 3,
    called: "role site",
    logged: "",
  });
});
