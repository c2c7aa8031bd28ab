import { Host } from "./support";

let host: Host;
beforeEach(() => {
  host = new Host();
  host.answer("own", [
    ["COUNT(*)", "3"],
    ["gtid_binlog_pos", "1-1-5,2-2-7"],
  ]);
});
afterEach(() => host.close());

test("says what it has", () => {
  const { code, stdout } = host.run("donor", "state");
  expect(code).toBe(0);
  for (const line of ["cluster=c0ffee", "mark=open", "role=writer", "server=up", "tables=3", "gtid=1-1-5,2-2-7"]) {
    expect(stdout.split("\n")).toContain(line);
  }
});

test.each(["bash", "state; reboot", "copy /etc/shadow", ""])("does nothing else: %j", (verb) => {
  expect(host.run("donor", verb).code).toBe(2);
  expect(host.calls).toBe("");
});

test("a copy: nothing of the peer's arrives meanwhile, and replication stays stopped until the peer resumes it", () => {
  expect(host.run("donor", "copy").code).toBe(0);
  expect(host.calls).toMatch(/^own: STOP ALL SLAVES\nmariadb-backup --backup --stream=mbstream .*\n$/);
});

test("a copy that fails: replication goes on", () => {
  host.command("mariadb-backup", "echo no space >&2; exit 1");
  const { code, stderr } = host.run("donor", "copy");
  expect(code).toBe(10);
  expect(stderr).toContain("no space");
  expect(host.calls).toMatch(/START ALL SLAVES\n$/);
});

test("nothing is copied from data that is not in service", () => {
  host.mark("made");
  expect(host.run("donor", "copy").code).toBe(10);
  expect(host.calls).toBe("");
});

test.each([
  ["open", "c0ffee", 0],
  ["made", "c0ffee", 0],
  ["seeding", "c0ffee", 1],
  ["begun", "c0ffee", 1],
  ["open", "decaf", 1],
])("the server starts on whole data of its own pair only: %s %s", (state, cluster, code) => {
  host.mark(state, cluster);
  expect(host.run("guard").code).toBe(code);
});
