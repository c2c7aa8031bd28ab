import { Host, multiMaster, replica, slave } from "./support";

let host: Host;
beforeEach(() => {
  host = new Host(replica);
  host.write("base/.linode-ha/mariadb-role", "reader 2\n");
  own();
  host.answer("peer", "down");
});
afterEach(() => host.close());

/** The server here: its replication, and whether what was received is applied in time. */
function own(status = slave({ Gtid_IO_Pos: "1-1-5", Slave_IO_Running: "Connecting" }), waited = "0"): void {
  host.answer("own", [
    ["SHOW ALL SLAVES", status],
    ["MASTER_GTID_WAIT", waited],
    ["SELECT @@GLOBAL.read_only", "1"],
    ["gtid_binlog_pos", "1-1-5"],
  ]);
}

/** The proof was noted when the host had been up for so long; it is up for 1000 s. */
const proof = (at: number, server = "run-1"): void =>
  host.write("run/linode-ha/mariadb-evidence", `at=${at}\nreceived=1-1-5\nserver=${server}\n`);
const role = (): string => host.read("base/.linode-ha/mariadb-role");
const now = (): number => Math.floor(Date.now() / 1000);

test("with a fresh proof: the receiver stops, what was received is applied, then it writes, in this order", () => {
  proof(995);
  expect(host.run("take-over")).toMatchObject({ code: 0, stderr: "" });
  expect(host.calls).toMatch(
    /STOP SLAVE IO_THREAD[^]*MASTER_GTID_WAIT\('1-1-5', 60\)[^]*STOP SLAVE; RESET SLAVE ALL[^]*read_only = OFF/,
  );
  expect(role()).toBe("writer 3\n");
});

test("nobody is left to acknowledge: the new writer does not wait for it", () => {
  proof(995);
  host.run("take-over");
  expect(host.calls).toContain("rpl_semi_sync_master_enabled = OFF; SET GLOBAL read_only = OFF");
});

test.each([
  ["a proof as old as the writer waits", (): void => proof(990), "the last proof is 10 s older"],
  ["no proof at all", (): void => undefined, "no proof was ever noted"],
  ["a server that was started anew since", (): void => proof(999, "run-0"), "started anew since the last proof"],
])("a stale replica is refused: %s", (_what, arrange, words) => {
  arrange();
  const { code, stderr } = host.run("take-over");
  expect(code).toBe(11);
  expect(stderr).toContain(words);
  expect(stderr).toContain("nobody was made the writer");
  expect(host.calls).not.toContain("STOP SLAVE");
  expect(role()).toBe("reader 2\n");
});

test("an old proof is enough where the writer is known to have been off soon after it", () => {
  proof(900);
  expect(host.run("take-over", "--peer-off-since", `${now() - 85}`).code).toBe(11);
  expect(host.run("take-over", "--peer-off-since", `${now() - 95}`).code).toBe(0);
});

test("a moment that cannot be is refused: before the last proof, or in the future", () => {
  proof(900);
  expect(host.run("take-over", "--peer-off-since", `${now() - 200}`).code).toBe(11);
  expect(host.run("take-over", "--peer-off-since", `${now() + 60}`).code).toBe(2);
});

test("a loss that is accepted in so many words", () => {
  expect(host.run("take-over", "--accept-loss").code).toBe(0);
  expect(host.calls).toContain("MASTER_GTID_WAIT");
  expect(role()).toBe("writer 3\n");
});

test("a log that is not applied in time: the receiver goes on, and nobody writes", () => {
  proof(999);
  own(slave({ Gtid_IO_Pos: "1-1-5" }), "-1");
  const { code, stderr } = host.run("take-over", "--wait", "1");
  expect(code).toBe(12);
  expect(stderr).toContain("what was received (1-1-5) is not applied after 1 s");
  expect(host.calls).toContain("START SLAVE IO_THREAD");
  expect(host.calls).not.toContain("read_only = OFF");
});

test("what applies starts before what receives stops: MariaDB would drop what it has received", () => {
  proof(999);
  own(slave({ Slave_SQL_Running: "No", Gtid_IO_Pos: "1-1-5" }));
  expect(host.run("take-over").code).toBe(0);
  const [applies, receives] = ["START SLAVE SQL_THREAD", "STOP SLAVE IO_THREAD"].map((words) =>
    host.calls.indexOf(words),
  );
  expect(applies).toBeGreaterThan(-1);
  expect(applies).toBeLessThan(receives ?? -1);
});

test("a replica whose replication stopped at an error is refused", () => {
  proof(999);
  own(slave({ Slave_SQL_Running: "No", Last_SQL_Errno: "1032", Last_SQL_Error: "Can't find record" }));
  const { code, stderr } = host.run("take-over");
  expect(code).toBe(11);
  expect(stderr).toContain("Can't find record");
});

test("while the writer lives and writes, nobody takes over, not even with a loss accepted", () => {
  proof(999);
  host.answer("peer", [["read_only", "0\t1-1-5"]]);
  for (const words of [[], ["--accept-loss"]]) {
    const { code, stderr } = host.run("take-over", ...words);
    expect(code).toBe(10);
    expect(stderr).toContain("on web1: mariadb-take-over --step-aside");
  }
  expect(role()).toBe("reader 2\n");
});

test("a writer that stepped aside: all that it has must be here, no proof is needed", () => {
  host.answer("peer", [["read_only", "1\t1-1-6"]]);
  expect(host.run("take-over", "--wait", "1").code).toBe(12);
  host.answer("peer", [["read_only", "1\t1-1-5"]]);
  expect(host.run("take-over").code).toBe(0);
});

test("stepping aside: read-only first, then its mark", () => {
  host.write("base/.linode-ha/mariadb-role", "writer 2\n");
  expect(host.run("take-over", "--step-aside").code).toBe(0);
  expect(host.calls).toContain("SET GLOBAL read_only = ON");
  expect(role()).toBe("reader 2\n");
});

test("a writer that restarted and does not know whether it was overtaken needs a word", () => {
  host.write("base/.linode-ha/mariadb-role", "writer 2\n");
  expect(host.run("take-over").code).toBe(11);
  expect(host.run("take-over", "--accept-loss").code).toBe(0);
  expect(role()).toBe("writer 3\n");
});

test("replication is not started beside a take-over, and a writer follows nobody", () => {
  host.write("base/.linode-ha/mariadb-role", "writer 2\n");
  host.answer("peer", [["gtid_binlog_pos", "1-1-5"]]);
  const { code, stderr } = host.run("replicate", "resume");
  expect(code).toBe(10);
  expect(stderr).toContain("it follows nobody");
  expect(host.calls).not.toContain("CHANGE MASTER");
});

test.each([[["--force"]], [["--wait"]], [["--wait", "soon"]], [["--peer-off-since", "yesterday"]]])(
  "usage: %j",
  (words) => {
    expect(host.run("take-over", ...words).code).toBe(2);
  },
);

test("two writers have nothing to take over", () => {
  host.close();
  host = new Host(multiMaster);
  expect(host.run("take-over").code).toBe(10);
});
