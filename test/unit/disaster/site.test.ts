import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { renderStep } from "../../../hosts/bundle";
import type { HostRole } from "../../../hosts/contract";
import { disasterSourceRole } from "../../../hosts/services/disaster-source/render";
import { type DisasterParams, disasterRole } from "../../../hosts/services/disaster/render";
import { run, type RunResult } from "../../support/run";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const key = (text: string): string => `ssh-ed25519 ${Buffer.from(text).toString("base64")}`;
const host = (name: string, address: string) => ({ name, address, hostKey: key(name) });

const params: DisasterParams = {
  name: "elsewhere",
  databases: [host("db1", "198.51.100.1"), host("db2", "198.51.100.2")],
  fileHosts: [host("web1", "198.51.100.3")],
  database: { name: "site", user: "site" },
  folder: "/srv/www",
  serverId: 101,
  bufferPoolMiB: 128,
  minutes: 5,
  alarmSeconds: 1800,
  start: ["nginx.service"],
};
const source = {
  name: "elsewhere",
  database: "site",
  port: 3306,
  files: { folder: "/srv/www", mountpoint: "/srv/www" },
  target: { name: "far1", address: "203.0.113.9" },
  key: key("far"),
} as const;

function readable<P, R>(role: HostRole<P, R>, values: P): string {
  const own = Object.entries(role.files(values)).filter(([path]) => !path.startsWith("/usr/local/"));
  return [
    ...Object.entries(role.variables(values)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, content }]) => `\n==> ${path} ${mode}\n${content}`),
  ].join("");
}
const texts: Record<string, string> = {
  disaster: readable(disasterRole, params),
  "disaster-source": readable(disasterSourceRole, source),
};

test.each(Object.keys(texts))("%s renders as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", `${name}.txt`);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("steps fit into a command, and the second site listens to nobody", () => {
  const identity = { step: "a-step", node: "far1", machine: "1" };
  expect(renderStep(disasterRole, params, identity).length).toBeLessThan(60_000);
  expect(texts["disaster"]).toContain("bind-address = 127.0.0.1\n");
  expect(texts["disaster"]).toContain("read_only = ON\n");
});

/** The command with ssh, the server and systemd played. The server says what `state` holds, and notes what it is told. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "linode-ha-disaster-"));
  const settings = disasterRole.files({ ...params, folder: join(root, "www") as `/${string}` });
  write(
    "etc/linode-ha/disaster/elsewhere/settings",
    settings["/etc/linode-ha/disaster/elsewhere/settings"]?.content ?? "",
  );
  write("etc/linode-ha/disaster/elsewhere/replication.secret", "not-shown\n");
  mkdirSync(join(root, "etc/mysql/mariadb.conf.d"), { recursive: true });
  program(
    "ssh",
    `for w; do case $w in root@*) at=\${w#root@} ;; esac; last=$w; done
[ -e "$ROOT/alive-$at" ] || exit 255
[ "$last" != dump ] || cat "$ROOT/dump"`,
  );
  program(
    "mariadb",
    `words=$(cat); echo "$words" >>"$ROOT/told"
case "$words" in
  *"ALL SLAVES STATUS"*) cat "$ROOT/state" ;;
  *"COUNT(*)"*) cat "$ROOT/tables" ;;
  *MASTER_GTID_WAIT*) cat "$ROOT/waited" ;;
esac`,
  );
  program("systemctl", 'echo "systemctl $*" >>"$ROOT/told"');
  program("rsync", 'while [ $# -gt 1 ]; do shift; done; mkdir -p "$1"; touch "$1/fetched"');
  state("Yes", "Yes");
  write("tables", "0\n");
  write("waited", "0\n");
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function program(name: string, text: string): void {
  write(`bin/${name}`, `#!/bin/sh\n${text}\n`);
  chmodSync(join(root, "bin", name), 0o755);
}
const state = (io: string, sql: string, lag = "0"): void =>
  write(
    "state",
    `  Slave_IO_Running: ${io}\n  Slave_SQL_Running: ${sql}\n  Seconds_Behind_Master: ${lag}\n  Gtid_IO_Pos: 0-1-9\n`,
  );
const disaster = (...words: string[]): Promise<RunResult> =>
  run(["bash", assetPath("services/disaster/site.sh"), "elsewhere", ...words], {
    env: { DISASTER_ROOT: root, ROOT: root, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}` },
    seconds: 60,
  });
const told = (): string => (existsSync(join(root, "told")) ? readFileSync(join(root, "told"), "utf8") : "");
const memory = (name: string): string => join(root, "var/lib/linode-ha/disaster/elsewhere", name);
const copied = (): void => write("var/lib/linode-ha/disaster/elsewhere/copied", "0-1-5\n");
const alive = (address: string): void => write(`alive-${address}`, "");
const here = hostname();

test("it follows from the position of the copy, and the second node of the first site will do", async () => {
  alive("198.51.100.2");
  state("No", "No");
  write("dump", "-- SET GLOBAL gtid_slave_pos='0-1-5,1-2-7';\nCREATE TABLE `a` (\n-- Dump completed on a day\n");
  expect(await disaster("follow")).toMatchObject({ code: 0 });
  expect(told()).toMatch(
    /SET sql_log_bin = 0[^]*CREATE TABLE `a`[^]*SET GLOBAL gtid_slave_pos = '0-1-5,1-2-7'[^]*MASTER_HOST = '127\.0\.0\.1', MASTER_PORT = 3307[^]*START SLAVE/,
  );
});

test.each([
  ["breaks off", "-- SET GLOBAL gtid_slave_pos='0-1-5';\nCREATE TABLE", "did not come whole"],
  ["has no position", "CREATE TABLE\n-- Dump completed\n", "does not say at which position"],
])("a copy that %s is not followed", async (_what, dump, words) => {
  alive("198.51.100.1");
  state("No", "No");
  write("dump", dump);
  const { code, stderr } = await disaster("follow");
  expect(code).toBe(12);
  expect(stderr).toContain(words);
  expect(told()).not.toContain("START SLAVE");
});

test("a database that holds something else is not overwritten", async () => {
  alive("198.51.100.1");
  state("No", "No");
  write("tables", "3\n");
  expect(await disaster("follow")).toMatchObject({ code: 11 });
  expect(told()).not.toContain("DROP");
});

test.each<[string, () => void, string[], number, string]>([
  ["without a word", copied, [], 11, "was not confirmed"],
  ["with another's name", copied, ["--replace", "web1"], 11, "was not confirmed"],
  ["before a whole copy", () => undefined, ["--replace", here], 11, "no whole copy"],
  [
    "while the database answers",
    () => {
      copied();
      alive("198.51.100.2");
    },
    ["--replace", here],
    10,
    "the first site lives",
  ],
  [
    "while the web server answers",
    () => {
      copied();
      alive("198.51.100.3");
    },
    ["--replace", here],
    10,
    "the first site lives",
  ],
  [
    "where starting would drop what was received",
    () => {
      copied();
      state("No", "No");
    },
    ["--replace", here],
    12,
    "would be dropped",
  ],
  [
    "where what was received is not applied",
    () => {
      copied();
      write("waited", "-1\n");
    },
    ["--replace", here],
    12,
    "is not applied",
  ],
])("no promotion %s", async (_what, prepare, words, code, says) => {
  prepare();
  const answer = await disaster("promote", ...words);
  expect(answer.code).toBe(code);
  expect(answer.stderr).toContain(says);
  expect(told()).not.toContain("read_only = OFF");
  expect(existsSync(memory("promoted"))).toBe(false);
});

test("a promotion applies what was received before it opens, and what is stopped starts before the receiver stops", async () => {
  copied();
  state("Connecting", "No");
  const { code, stdout } = await disaster("promote", "--replace", here);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("is the site now") as string });
  const order = [
    "START SLAVE SQL_THREAD",
    "STOP SLAVE IO_THREAD",
    "MASTER_GTID_WAIT('0-1-9'",
    "read_only = OFF",
    "systemctl start nginx.service",
  ];
  const places = order.map((words) => told().indexOf(words));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect([...places].sort((a, b) => a - b)).toEqual(places);
  expect(readFileSync(join(root, "etc/mysql/mariadb.conf.d/96-linode-ha-promoted.cnf"), "utf8")).toContain(
    "read_only = OFF",
  );
  expect(told()).not.toContain("not-shown");
  // From then on it is the site, and follows nobody.
  expect((await disaster("status")).stdout).toContain("this host is the site since");
  for (const verb of ["follow", "files"]) expect((await disaster(verb)).code).toBe(11);
});

test("its health check knows how far it is behind", async () => {
  alive("198.51.100.3");
  expect(await disaster("status")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("were never fetched") as string,
  });
  expect((await disaster("files")).code).toBe(0);
  expect(await disaster("status")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("database 0 s behind") as string,
  });
  state("Yes", "Yes", "1801");
  expect(await disaster("status")).toMatchObject({ code: 1, stdout: "the database is 1801 s behind\n" });
  state("Connecting", "Yes", "NULL");
  expect((await disaster("status")).stdout).toContain("does not follow");
});
