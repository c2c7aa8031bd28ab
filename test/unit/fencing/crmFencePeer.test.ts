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
function handled(role: "Primary" | "Secondary", code: number): { status: number | null; asked: string; said: string } {
  desk.write("theirs", `#!/bin/sh\necho "$*" >${join(desk.folder, "asked")}\nexit ${code}\n`, 0o755);
  mkdirSync(join(desk.folder, "bin"), { recursive: true });
  desk.write("bin/logger", "#!/bin/sh\n", 0o755);
  desk.write(
    "proc",
    `version: 8.4.11 (api:1/proto:86-101)\n 1: cs:WFConnection ro:${role}/Unknown ds:UpToDate/DUnknown C r-----\n`,
  );
  desk.write("drbd.sh", asset("lib/drbd.sh").replaceAll("/proc/drbd", join(desk.folder, "proc")));
  const script = asset("fencing/crm-fence-peer.sh")
    .replace("/usr/lib/drbd/crm-fence-peer.sh", join(desk.folder, "theirs"))
    .replace("PATH=", `PATH=${join(desk.folder, "bin")}:`);
  desk.write("crm-fence-peer", script, 0o755);
  const { status, stderr } = spawnSync(join(desk.folder, "crm-fence-peer"), ["--timeout", "82"], {
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

test("a Primary waits as long as DRBD listens, a promotion as long as it was told", () => {
  expect(handled("Primary", 7).asked).toBe("--timeout 82 --timeout 540 --dc-timeout 560");
  expect(handled("Secondary", 7).asked).toBe("--timeout 82");
});

test.each([1, 3, 127])("what else it answers (%d) stays as it is", (code) => {
  expect(handled("Primary", code).status).toBe(code);
});
