import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";

/** What the library says of a kernel whose /proc/drbd begins so; undefined: there is none. */
function verdict(proc: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "linode-ha-drbd-"));
  try {
    const path = join(folder, "proc");
    if (proc !== undefined) writeFileSync(path, proc);
    const library = readFileSync(assetPath("lib/drbd-version.sh"), "utf8").replaceAll("/proc/drbd", path);
    const script = `set -euo pipefail\n${library}\ndrbd_version_fits && w=fits || w=lacks; echo "$w \${DRBD_VERSION:-none}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.each([
  ["Debian's own", "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: 059B1B470318F053F5077D5\n", "fits 8.4.11"],
  ["the first with every option", "version: 8.4.7 (api:1/proto:86-101)\n", "fits 8.4.7"],
  ["an older one", "version: 8.4.5 (api:1/proto:86-101)\n", "lacks 8.4.5"],
  ["an older series", "version: 8.3.13 (api:88/proto:86-96)\n", "lacks 8.3.13"],
  ["the next major version", "version: 9.2.12 (api:2/proto:118-122)\nGIT-hash: 2da6f528\n", "lacks 9.2.12"],
  ["something else", "drbd\n", "lacks none"],
  ["none loaded yet", undefined, "fits none"],
])("the loaded module: %s", (_what, proc, words) => {
  expect(verdict(proc)).toBe(words);
});
