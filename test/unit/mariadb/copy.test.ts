import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Host } from "./support";

const PEER = "cluster=c0ffee\nmark=open\nbytes=1000\nserver=up\n";
let host: Host;
let folder: string;
beforeEach(() => {
  host = new Host();
  folder = join(host.base, "data.incoming");
  host.ssh("state", PEER);
  host.ssh("copy", "stream");
});
afterEach(() => host.close());

/** A copy as mariadb-backup leaves it. */
const copied = (file: string, line: string): void => host.write(`base/data.incoming/${file}`, line);

test("fetched whole, made ready, and the server's own", () => {
  host.command("mbstream", `cat >"${folder}/got"`);
  expect(host.run("copy", "fetch", folder).code).toBe(0);
  expect(host.read("base/data.incoming/got")).toBe("stream");
  expect(host.calls).toMatch(/ssh state\nssh copy\nmariadb-backup --prepare [^\n]*\nchown -R mysql:mysql /);
});

test("one that breaks off is not kept", () => {
  host.command("ssh", `[ "\${!#}" = state ] && exec cat "$W/ssh-state"; echo half; exit 255`);
  const { code, stderr } = host.run("copy", "fetch", folder);
  expect(code).toBe(10);
  expect(stderr).toContain("did not come whole");
  expect(existsSync(folder)).toBe(false);
});

test.each<[string, () => void, number, string]>([
  ["there is no room", () => host.ssh("state", PEER.replace("1000", "9000000000000000")), 10, "MiB free"],
  ["the peer is of another pair", () => host.ssh("state", PEER.replace("c0ffee", "decaf")), 11, "no data of this pair"],
  [
    "the peer's data is not in service",
    () => host.ssh("state", PEER.replace("open", "made")),
    11,
    "no data of this pair",
  ],
  ["the folder is there already", () => mkdirSync(folder), 11, "exists already"],
])("nothing is fetched where %s", (_what, change, code, words) => {
  change();
  const result = host.run("copy", "fetch", folder);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(words);
  expect(host.calls).not.toContain("ssh copy");
});

test.each(["xtrabackup_binlog_info", "mariadb_backup_binlog_info"])(
  "goes on numbering where it was copied, whichever version wrote %s",
  (file) => {
    copied(file, "mariadb-bin.000004\t405\t1-1-6,2-2-1\n");
    host.command("mariadbd", `echo "mariadbd $*" >>"$W/calls"; exec sleep 0.5`);
    const { code, stdout } = host.run("copy", "settle", folder);
    expect([code, stdout]).toEqual([0, "1-1-6,2-2-1\n"]);
    expect(host.calls).toMatch(/mariadbd .*--skip-networking --skip-slave-start/);
    expect(host.calls).toMatch(
      /RESET MASTER;\nSET GLOBAL gtid_binlog_state = '1-1-6,2-2-1'; SET GLOBAL gtid_slave_pos = '1-1-6,2-2-1'; SHUTDOWN/,
    );
  },
);

test("a copy that does not say where it was taken, or says nonsense, is refused", () => {
  mkdirSync(folder);
  expect(host.run("copy", "settle", folder).code).toBe(10);
  copied("xtrabackup_binlog_info", "mariadb-bin.000004\t405\t1-1-6'; DROP\n");
  expect(host.run("copy", "settle", folder).stderr).toContain("is no position");
});
