import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asset } from "../../../hosts/assets";
import { Host, multiMaster, replica } from "./support";

/** A function of a step's script, whole. */
const functionsOf = (script: string, ...names: readonly string[]): string =>
  names
    .map((name) => new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}\\n`, "m").exec(asset(script))?.[0] ?? `missing-${name}\n`)
    .join("");

const PRELUDE = `set -euo pipefail
. "$MARIADB_HA_ROOT/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings
mark_read
UNIT=mariadb.service DATA=kept DATABASE=site DB_USER=site CLIENTS="localhost 10.20.0.9" LHA_BASE=$MARIADB_HA_ROOT/lha STEP=seed
EXIT_REFUSED=10 EXIT_UNSAFE=11
applying() { :; }
say() { :; }
changed() { echo "changed: $*"; }
die() { code=$1; shift; printf 'error: %s\\n' "$@" >&2; exit "$code"; }
write_durably() { cat >"$1"; }
state_file() { printf '%s/%s' "$MARIADB_HA_ROOT" "$1"; }
`;

let host: Host;
beforeEach(() => arrange());
afterEach(() => host.close());

function arrange(params = multiMaster): void {
  host = new Host(params);
  host.mark("made");
  host.write("base/data/former", "");
  host.answer("own", [["COUNT(*)", "0"]]);
  for (const verb of ["fetch", "settle"]) host.ssh(verb, "");
  // The program that copies is tried in a test of its own.
  host.write(
    "usr/local/lib/linode-ha/mariadb/copy",
    `#!/bin/bash\necho "copy $1" >>${host.root}/calls\n[ -e ${host.root}/copy-fails ] && exit 10\nmkdir -p "$2" && touch "$2/new"\n`,
    0o755,
  );
}
const peer = (mark: string, change: Record<string, string> = {}): void =>
  host.ssh(
    "state",
    Object.entries({ cluster: "c0ffee", mark, role: "writer", term: "2", ...change })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );

function run(script: string, names: readonly string[], call: string) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `${PRELUDE}${functionsOf(script, ...names)}${call}`], {
    encoding: "utf8",
    env: { MARIADB_HA_ROOT: host.root, PATH: `${join(host.root, "bin")}:/usr/sbin:/usr/bin:/bin` },
  });
  return { code: status, stdout, stderr };
}
const first = () =>
  run("services/mariadb-seed/role.sh", ["first_data", "begin_empty", "copy_in"], 'first_data; echo "data: $DATA"');
const mark = (): string => host.read("base/.linode-ha/mariadb");

test("two empty servers go into service empty, and replay nothing of their packages' scripts", () => {
  peer("made");
  expect(first()).toMatchObject({ code: 0, stdout: expect.stringContaining("data: empty") as string });
  expect(host.calls).toMatch(/RESET MASTER\n$/);
  expect(mark()).toBe("open c0ffee\n");
});

test("an empty server beside one with data: a copy in its place, and only then into service", () => {
  peer("open");
  expect(first()).toMatchObject({ code: 0, stdout: expect.stringContaining("data: copied") as string });
  expect(host.calls).toMatch(
    /systemctl stop mariadb.service\ncopy fetch\ncopy settle\nsystemctl start mariadb.service\n$/,
  );
  expect(existsSync(join(host.base, "data/new"))).toBe(true);
  expect(existsSync(join(host.base, "data/former"))).toBe(false);
  expect(mark()).toBe("open c0ffee\n");
  expect(host.read("base/.linode-ha/mariadb-resume")).toBe("web2\n");
});

test("a copy that fails leaves the mark of one that is coming in, with which no server starts; the next run takes it anew", () => {
  peer("open");
  host.write("copy-fails", "");
  expect(first().code).toBe(10);
  expect(mark()).toBe("seeding c0ffee\n");
  expect(existsSync(join(host.base, "data/former"))).toBe(true);
  expect(host.run("guard").code).toBe(1);
  spawnSync("rm", [join(host.root, "copy-fails")]);
  expect(first().code).toBe(0);
  expect(mark()).toBe("open c0ffee\n");
});

test.each<[string, () => void, string]>([
  ["tables that nobody put into service", () => host.answer("own", [["COUNT(*)", "2"]]), "holds 2 tables"],
  ["a peer of another pair", () => peer("open", { cluster: "decaf" }), "the data of another pair"],
  ["a peer that is being filled from here", () => peer("seeding"), "neither node has data in service"],
  ["a peer without any data of ours", () => peer("none", { cluster: "" }), "neither node has data in service"],
])("nothing is copied, put into service or thrown away: %s", (_what, change, words) => {
  peer("open");
  change();
  const { code, stderr } = first();
  expect(code).toBe(11);
  expect(stderr).toContain(words);
  expect(mark()).toBe("made c0ffee\n");
  expect(host.calls).not.toContain("systemctl");
});

test("what the peer holds is not guessed", () => {
  host.command("ssh", "exit 255");
  expect(first()).toMatchObject({ code: 10, stderr: expect.stringContaining("does not answer") as string });
});

test("an empty node of a pair with a replica is filled from its writer only, and becomes its reader", () => {
  host.close();
  arrange({ ...replica, node: "web1" });
  peer("open", { role: "reader" });
  expect(first()).toMatchObject({ code: 11, stderr: expect.stringContaining("mariadb-take-over") as string });
  peer("open");
  expect(first().code).toBe(0);
  expect(host.read("base/.linode-ha/mariadb-role")).toBe("reader 2\n");
});

test("accounts have the least rights, and the nodes' own need the peer's certificate", () => {
  for (const name of ["replication", "health", "password"])
    host.write(`lha/secrets/seed/mariadb-${name}`, `pw-${name}`);
  const { stdout } = run("services/mariadb-seed/role.sh", ["account_statements", "account"], "account_statements");
  expect(stdout.split("\n")[0]).toBe("SET SESSION sql_log_bin = 0;");
  expect(stdout.split("\n").filter((line) => line.startsWith("GRANT"))).toEqual([
    "GRANT REPLICATION SLAVE ON *.* TO 'ha_replication'@'10.20.0.2';",
    "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'ha_health'@'10.20.0.2';",
    "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'ha_health'@'localhost';",
    "GRANT ALL PRIVILEGES ON `site`.* TO 'site'@'localhost';",
    "GRANT ALL PRIVILEGES ON `site`.* TO 'site'@'10.20.0.9';",
  ]);
  expect(stdout).toContain("'ha_replication'@'10.20.0.2' IDENTIFIED BY 'pw-replication' REQUIRE SUBJECT '/CN=web2';");
});

test("no password is an argument of a process", () => {
  for (const name of ["replication", "health", "password"])
    host.write(`lha/secrets/seed/mariadb-${name}`, `pw-${name}`);
  host.command("mariadb", `echo "arguments: $*" >>"$W/calls"; cat >/dev/null`);
  run("services/mariadb-seed/role.sh", ["accounts", "account_statements", "account"], "accounts");
  host.run("replicate", "resume");
  expect(host.calls).toContain("arguments:");
  expect(host.calls).not.toMatch(/pw-|of-the-replication/);
});

test("tables that cannot be replicated are listed, and nothing goes on", () => {
  host.answer("own", [["TABLE_CONSTRAINTS", "site.a: no primary key\nsite.b: engine MyISAM, not InnoDB\n"]]);
  const { code, stderr } = run("services/mariadb-seed/role.sh", ["fit"], "fit");
  expect(code).toBe(10);
  expect(stderr).toContain("site.a: no primary key; site.b: engine MyISAM, not InnoDB");
});

describe("the data that is made", () => {
  const make = () => run("services/mariadb-pair/role.sh", ["make_data"], 'make_data; echo "data: $DATA"');
  beforeEach(() => {
    host.command("mariadb-install-db", `echo made >>"$W/calls"`);
    host.command("install", `mkdir -p "\${!#}"`);
    spawnSync("rm", ["-r", join(host.base, ".linode-ha")]);
  });

  test("is refused where something is, which stays", () => {
    expect(make()).toMatchObject({ code: 11, stderr: expect.stringContaining("holds something already") as string });
    expect(existsSync(join(host.base, "data/former"))).toBe(true);
  });

  test("is made where nothing is, and never in service by that", () => {
    spawnSync("rm", ["-r", join(host.base, "data")]);
    expect(make()).toMatchObject({ code: 0, stdout: expect.stringContaining("data: created") as string });
    expect(mark()).toBe("made c0ffee\n");
  });

  test.each(["made", "open", "seeding"])("is kept once it is %s", (state) => {
    host.mark(state);
    expect(make().code).toBe(0);
    expect(existsSync(join(host.base, "data/former"))).toBe(true);
    expect(mark()).toBe(`${state} c0ffee\n`);
  });

  test("of another pair is refused", () => {
    host.mark("open", "decaf");
    expect(make()).toMatchObject({ code: 11, stderr: expect.stringContaining("of another pair") as string });
    expect(readFileSync(join(host.base, "data/former"), "utf8")).toBe("");
  });
});
