import { Host, multiMaster, replica, slave } from "./support";

let host: Host;
afterEach(() => host.close());

function health(status: string, change: { here?: string; there?: string; unfit?: string } = {}) {
  const { here = "1-1-5,2-2-7", there = "1-1-5,2-2-7", unfit = "" } = change;
  host = new Host(multiMaster);
  host.answer("own", [
    ["SHOW ALL SLAVES", status],
    ["TABLE_CONSTRAINTS", unfit],
    ["gtid_binlog_pos", here],
  ]);
  host.answer("peer", there === "down" ? "down" : [["gtid_binlog_pos", there]]);
  return host.run("health");
}

test("all well: one line with both positions", () => {
  expect(health(slave())).toMatchObject({
    code: 0,
    stdout: "multi-master, writer: here 1-1-5,2-2-7, web2 1-1-5,2-2-7\n",
  });
});

test("a conflict is told loudly, with what it was and both positions", () => {
  const { code, stdout } = health(
    slave({ Slave_SQL_Running: "No", Last_SQL_Errno: "1062", Last_SQL_Error: "Duplicate entry 'x'" }),
    { there: "1-1-4,2-2-9" },
  );
  expect(code).toBe(1);
  expect(stdout).toContain("REPLICATION STOPPED AT A CONFLICT with web2");
  expect(stdout).toContain("Duplicate entry 'x' (here 1-1-5,2-2-7, web2 1-1-4,2-2-9)");
});

test.each<[string, string, Parameters<typeof health>[1], string]>([
  ["far behind", slave({ Seconds_Behind_Master: "61" }), {}, "61 s behind web2, more than 60"],
  [
    "no connection",
    slave({ Slave_IO_Running: "Connecting", Last_IO_Error: "refused" }),
    {},
    "no connection to web2: refused",
  ],
  ["switched off", slave({ Slave_SQL_Running: "No" }), {}, "is switched off"],
  ["never set up", "", {}, "is not set up"],
  ["too old", slave({ Slave_IO_Running: "No", Last_IO_Errno: "1236" }), {}, "cannot go on from where this node is"],
  ["lost its own", slave(), { there: "1-1-6,2-2-7" }, "LOST transactions that web2 has from it"],
  ["a table without a key", slave(), { unfit: "site.t: no primary key" }, "site.t: no primary key"],
])("unhealthy: %s", (_what, status, change, words) => {
  const { code, stdout } = health(status, change);
  expect(code).toBe(1);
  expect(stdout).toContain(words);
});

test("a peer that does not answer leaves its position unknown", () => {
  expect(health(slave(), { there: "down" }).stdout).toContain("web2 unknown");
});

test("data that is only coming in, and a server that is down", () => {
  host = new Host();
  host.mark("seeding");
  expect(host.run("health")).toMatchObject({ code: 1, stdout: "the data is not in service (mark: seeding)\n" });
  host.mark("open");
  host.answer("own", "down");
  expect(host.run("health")).toMatchObject({ code: 1, stdout: "the server does not answer\n" });
});

test.each([
  ["0", "1\nON", 0, "replica, writer"],
  ["0", "0\nON", 1, "no replica acknowledges"],
  ["0", "1\nOFF", 1, "no replica acknowledges"],
  ["1", "1\nON", 1, "read-only until web2 has said"],
])("a writer with a replica: read-only %s, acknowledgements %j", (readOnly, status, code, words) => {
  host = new Host({ ...replica, node: "web1" });
  const rows = status.split("\n").map((value) => `Rpl\t${value}`);
  host.answer("own", [
    ["read_only", readOnly],
    ["Rpl_semi_sync", rows.join("\n")],
    ["gtid_binlog_pos", "1-1-5"],
  ]);
  const result = host.run("health");
  expect(result.code).toBe(code);
  expect(result.stdout).toContain(words);
});
