import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";

const proc = `version: 8.4.11 (api:1/proto:86-101)
srcversion: 059B1B470318F053F5077D5
 0: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----
    ns:0 nr:2976256 dw:2976256 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:7509148
	[====>...............] sync'ed: 28.4% (7332/10236)M
	finish: 0:24:20 speed: 5,136 (5,060) want: 4,096 K/sec
 1: cs:Unconfigured
11: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
    ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
`;

function read(minor: number): string[] {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-drbd-"));
  try {
    writeFileSync(join(folder, "proc"), proc);
    writeFileSync(
      join(folder, "drbd.sh"),
      readFileSync(assetPath("lib/drbd.sh"), "utf8").replaceAll("/proc/drbd", join(folder, "proc")),
    );
    const script = `set -euo pipefail; . ${folder}/drbd.sh; drbd_read ${minor}; drbd_words; echo; echo "$DRBD_OUT_OF_SYNC"; echo "$DRBD_SYNC"; drbd_connected && echo yes || echo no`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the kernel's words of one resource are read, and no other's", () => {
  expect(read(0)).toEqual([
    "cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate",
    "7509148",
    expect.stringMatching(/^sync'ed: 28\.4%.*finish: 0:24:20/),
    "yes",
  ]);
  expect(read(11).slice(0, 2)).toEqual(["cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate", "0"]);
  for (const minor of [1, 5])
    expect(read(minor)).toEqual(["cs:Unconfigured ro:Unknown/Unknown ds:DUnknown/DUnknown", "0", "", "no"]);
});
