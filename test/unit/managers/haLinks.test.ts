import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";

/** The folder that stands in for a host's root. */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ha-links-"));
  for (const folder of ["etc/linode-ha/links", "srv", "apache2", "bin"]) {
    mkdirSync(at(folder), { recursive: true });
  }
  writeFileSync(at("apache2/ports"), "80\n");
  writeFileSync(at("etc/linode-ha/links/srv"), `${at("apache2")} ${at("srv/etc-apache2")}\n`);
  // A systemctl for which a unit is active where a file says so.
  writeFileSync(at("bin/systemctl"), `#!/bin/sh\nfor unit; do :; done\n[ -e "${root}/active-$unit" ]\n`);
  chmodSync(at("bin/systemctl"), 0o755);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const at = (path: string): string => join(root, path);

function links(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("bash", [assetPath("manual-failover/ha-links.sh"), ...words], {
    encoding: "utf8",
    env: { HA_GROUP_ROOT: root, PATH: `${at("bin")}:/usr/bin:/bin` },
  });
}

test("the first time, the active node's own content is what begins; after that, each node's own is left alone", () => {
  expect(links("start", "srv").status).toBe(0);
  expect(readFileSync(at("srv/etc-apache2/ports"), "utf8")).toBe("80\n");
  writeFileSync(at("apache2/ports"), "8080\n");
  expect(links("status", "srv").status).toBe(0);
  expect(links("stop", "srv").status).toBe(0);
  expect(readFileSync(at("apache2/ports"), "utf8")).toBe("80\n");
  expect(links("status", "srv").status).toBe(3);
  expect(links("start", "srv").status).toBe(0);
  expect(readFileSync(at("apache2/ports"), "utf8")).toBe("8080\n");
});

test("twice is once", () => {
  links("start", "srv");
  expect(links("start", "srv")).toMatchObject({ status: 0, stdout: "" });
  links("stop", "srv");
  expect(links("stop", "srv")).toMatchObject({ status: 0, stdout: "" });
});

test("after a crash the node has its own again, before the file system is mounted", () => {
  links("start", "srv");
  rmSync(at("srv/etc-apache2"), { recursive: true });
  expect(links("start", "srv")).toMatchObject({
    status: 10,
    stderr: expect.stringContaining("is its file system mounted"),
  });
  expect(links("reset").status).toBe(0);
  expect(readFileSync(at("apache2/ports"), "utf8")).toBe("80\n");
});

test("a reset while the group is active takes nothing away", () => {
  links("start", "srv");
  writeFileSync(at("active-linode-ha-links@srv.service"), "");
  expect(links("reset").status).toBe(0);
  expect(links("status", "srv").status).toBe(0);
});

test("nothing is overwritten where both versions are there", () => {
  links("start", "srv");
  rmSync(at("apache2"));
  mkdirSync(at("apache2"));
  expect(links("start", "srv")).toMatchObject({ status: 10, stderr: expect.stringContaining("both") });
  expect(existsSync(at("apache2.linode-ha-own/ports"))).toBe(true);
});

test("nothing to begin with is refused, and nothing is made", () => {
  rmSync(at("apache2"), { recursive: true });
  expect(links("start", "srv").status).toBe(10);
  expect(existsSync(at("srv/etc-apache2"))).toBe(false);
});

test.each([[[]], [["start"]], [["start", "other"]], [["reset", "srv"]]])("%j is a mistake of use", (words) => {
  expect(links(...words).status).toBe(2);
});
