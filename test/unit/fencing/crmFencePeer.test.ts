import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { asset } from "../../../hosts/assets";
import { Desk, said as contentOf } from "./support";

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => {
  desk.close();
});

/** Runs the handler where that of drbd-utils ends with a code, in a kernel where the resource has a role. */
function handled(
  role: "Primary" | "Secondary",
  code: number,
  meanwhile = ":",
): { status: number | null; asked: string; said: string } {
  desk.write("theirs", `#!/bin/sh\necho "$*" >${join(desk.folder, "asked")}\n${meanwhile}\nexit ${code}\n`, 0o755);
  mkdirSync(join(desk.folder, "bin"), { recursive: true });
  desk.write("bin/logger", "#!/bin/sh\n", 0o755);
  desk.write(
    "proc",
    `version: 8.4.11 (api:1/proto:86-101)\n 1: cs:WFConnection ro:${role}/Unknown ds:UpToDate/DUnknown C r-----\n`,
  );
  desk.write("drbd.sh", asset("lib/drbd.sh").replaceAll("/proc/drbd", join(desk.folder, "proc")));
  const script = asset("fencing/crm-fence-peer.sh")
    .replace("/usr/lib/drbd/crm-fence-peer.sh", join(desk.folder, "theirs"))
    .replace("PRIMARY_SECONDS=540", "PRIMARY_SECONDS=2")
    .replace("PATH=", `PATH=${join(desk.folder, "bin")}:`);
  desk.write("crm-fence-peer", script, 0o755);
  const { status, stderr } = spawnSync(join(desk.folder, "crm-fence-peer"), ["--timeout", "1"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], DRBD_RESOURCE: "www", DRBD_MINOR: "1" },
  });
  return { status, asked: contentOf(join(desk.folder, "asked")).trim(), said: stderr };
}

test.each(["Primary", "Secondary"] as const)("a %s hears that its peer is fenced, or kept from promotion", (role) => {
  for (const code of [4, 7]) expect(handled(role, code)).toMatchObject({ status: code, said: "" });
});

test("a Primary is never told that its peer may be taken for dead: its writes wait", () => {
  const { status, said } = handled("Primary", 5);
  expect(status).toBe(1);
  expect(said).toMatch(/NOT confirmed off: writes stay FROZEN .*drbdadm resume-io www/);
});

test("a Secondary is not promoted on the guess that its peer is dead", () => {
  const { status, said } = handled("Secondary", 5);
  expect(status).toBe(1);
  expect(said).toContain("NOT confirmed off: this side is not promoted");
});

test.each([
  ["Primary", "2", "FROZEN"],
  ["Secondary", "1", "not promoted"],
] as const)(
  "a %s whose peer nobody confirms is refused in time, and no constraint is placed",
  (role, seconds, words) => {
    const begun = Date.now();
    // Theirs would place its constraint when its time is up; whoever asked again would then be told that all is well.
    const { status, said, asked } = handled(role, 5, `sleep 20; echo placed >>${join(desk.folder, "asked")}`);
    expect([status, asked]).toEqual([1, "--timeout 86400 --dc-timeout 86400"]);
    expect(said).toContain(words);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(Number(seconds) * 1000);
    expect(Date.now() - begun).toBeLessThan(15_000);
  },
);

test.each([[[]], [["--timeout"]], [["--timeout", "0"]], [["--timeout", "x"]]])(
  "called with %j it answers nothing",
  (words) => {
    handled("Primary", 7);
    const { status, stderr } = spawnSync(join(desk.folder, "crm-fence-peer"), words, {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], DRBD_MINOR: "1" },
    });
    expect([status, stderr]).toEqual([1, expect.stringContaining("usage: crm-fence-peer --timeout SECONDS")]);
  },
);

test.each([1, 3, 127])("what else it answers (%d) stays as it is", (code) => {
  expect(handled("Primary", code).status).toBe(code);
});
