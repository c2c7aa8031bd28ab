import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectRoot } from "../../support/lab";

const role = fs.readFileSync(path.join(projectRoot, "hosts", "services", "common", "role.sh"), "utf8");
/** A function of the role's script, whole. */
const shellFunction = (name: string): string =>
  new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}\\n`, "m").exec(role)?.[0] ?? "";

let volume: string;
beforeEach(() => (volume = fs.mkdtempSync(path.join(os.tmpdir(), "make-data-"))));
afterEach(() => fs.rmSync(volume, { recursive: true }));

/** Makes the data at these paths, with a helper that empties them first, as the services' own do. Returns the exit code. */
function makeData(...paths: readonly string[]): number {
  const all = paths.map((name) => path.join(volume, name));
  const helper = path.join(volume, "helper");
  fs.writeFileSync(
    helper,
    `#!/bin/sh\nfor p in ${all.join(" ")}; do rm -rf "$p"; mkdir "$p"; touch "$p/made"; done\n`,
    {
      mode: 0o755,
    },
  );
  const script = `set -euo pipefail
    SERVICE=x MOUNTPOINT=${volume} MARK=${volume}/.linode-ha/x DATA_PATHS='${all.join(" ")}' HELPER=${helper} LHA_BASE=/none STEP=x
    EXIT_UNSAFE=11 EXIT_REFUSED=10
    applying() { :; }; say() { :; }; changed() { :; }; die() { exit "$1"; }; write_durably() { cat >"$1"; }
    ${shellFunction("make_data")}${shellFunction("holds_something")}make_data`;
  try {
    execFileSync("bash", ["-c", script], { stdio: "pipe" });
    return 0;
  } catch (error) {
    return (error as { status: number }).status;
  }
}
const write = (name: string, content: string): void => {
  fs.mkdirSync(path.dirname(path.join(volume, name)), { recursive: true });
  fs.writeFileSync(path.join(volume, name), content);
};
/** What an unfinished run leaves. */
const begun = (...paths: readonly string[]): void =>
  write(".linode-ha/x", `begun ${paths.map((name) => path.join(volume, name)).join(" ")}\n`);

test("is made where nothing is, and kept ever after", () => {
  expect(makeData("data")).toBe(0);
  write("data/user", "precious");
  expect(makeData("data")).toBe(0);
  expect(fs.readdirSync(path.join(volume, "data")).sort()).toEqual(["made", "user"]);
});

test("is refused where something is, which stays", () => {
  write("data/user", "precious");
  expect(makeData("data")).toBe(11);
  expect(fs.readFileSync(path.join(volume, "data/user"), "utf8")).toBe("precious");
});

test("what an unfinished run left is made anew", () => {
  begun("data");
  write("data/half", "");
  expect(makeData("data")).toBe(0);
  expect(fs.readdirSync(path.join(volume, "data"))).toEqual(["made"]);
});

test("an unfinished run gives no leave to empty a path that it was not to make", () => {
  begun("data");
  write("other/user", "precious");
  expect(makeData("data", "other")).toBe(11);
  expect(fs.readFileSync(path.join(volume, "other/user"), "utf8")).toBe("precious");
});
