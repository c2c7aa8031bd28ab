import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

describe("a change that drbdadm carries out", () => {
  /** Runs `drbd_adjust` with a drbdadm that fails so often, in these words. */
  function adjust(failures: number, words: string): { code: number | null; said: string; calls: number } {
    const folder = mkdtempSync(join(tmpdir(), "linode-ha-drbd-"));
    try {
      const program = `#!/bin/bash\necho "$*" >>${folder}/calls\nif (($(wc -l <${folder}/calls) <= ${failures})); then cat ${folder}/words >&2; exit 20; fi\n`;
      writeFileSync(join(folder, "words"), words);
      writeFileSync(join(folder, "drbdadm"), program);
      chmodSync(join(folder, "drbdadm"), 0o755);
      const script = `set -euo pipefail; PATH=${folder}:$PATH; sleep() { :; }; . ${assetPath("lib/drbd.sh")}; drbd_adjust www`;
      const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
      const calls = readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
      expect(new Set(calls)).toEqual(new Set(["adjust www"]));
      return { code: status, said: stdout + stderr, calls: calls.length };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const slow =
    "Command 'drbdsetup-84 connect www ipv4:10.20.0.1:7788 --verify-alg=sha1 --shared-secret=7KEHtop --allow-two-primaries=yes' did not terminate within 5 seconds\n";

  it("is asked for again where a busy host did not answer in drbdadm's time, and never shows the secret", () => {
    const { code, said, calls } = adjust(2, slow);
    expect({ code, calls }).toEqual({ code: 0, calls: 3 });
    expect(said).toContain("--shared-secret=(secret) --allow-two-primaries=yes' did not terminate");
    expect(said).not.toContain("7KEHtop");
  });

  it("fails in the end, and at once where it was refused", () => {
    expect(adjust(99, slow)).toMatchObject({ code: 20, calls: 5 });
    const refused = "Failure: (125) Device has a disk-config; 'drbdsetup connect --shared-secret=\"with blanks\" -x'\n";
    const { code, said, calls } = adjust(99, refused);
    expect({ code, calls }).toEqual({ code: 20, calls: 1 });
    expect(said).toBe("Failure: (125) Device has a disk-config; 'drbdsetup connect --shared-secret=(secret) -x'\n");
  });

  it("hides a secret in single quotes whole, too", () => {
    const { said } = adjust(99, "drbdsetup connect --shared-secret='with blanks' -x failed\n");
    expect(said).toBe("drbdsetup connect --shared-secret=(secret) -x failed\n");
  });
});
