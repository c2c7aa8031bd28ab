import { Host, multiMaster, slave } from "./support";

let host: Host;
afterEach(() => host.close());

/** A host whose replication is as given, among two servers at these positions. */
function given(status: string, here = "1-1-5,2-2-7", there = "1-1-5,2-2-7", params = multiMaster): Host {
  host = new Host(params);
  host.answer("own", [
    ["SHOW ALL SLAVES", status],
    ["gtid_binlog_pos", here],
  ]);
  host.answer("peer", [["gtid_binlog_pos", there]]);
  return host;
}

test("what runs as it was set up is left alone", () => {
  given(slave());
  host.run("replicate", "resume");
  const before = host.calls.length;
  expect(host.run("replicate", "ensure").code).toBe(0);
  expect(host.calls.slice(before)).toBe("own: SHOW ALL SLAVES STATUS\n");
});

test("a new one asks for its own domain from where the peer has it, and for the other from where this node is", () => {
  given("", "1-1-9,2-2-7", "1-1-6,2-2-30");
  host.run("replicate", "ensure");
  expect(host.calls).toContain("SET GLOBAL gtid_slave_pos = '1-1-6,2-2-7';");
  expect(host.calls).toMatch(/gtid_strict_mode = OFF;[^]*gtid_slave_pos[^]*gtid_strict_mode = ON;[^]*START SLAVE;/);
});

test("it is encrypted, and verified by the peer's own certificate", () => {
  given("");
  host.run("replicate", "ensure");
  expect(host.calls).toContain("MASTER_SSL = 1, MASTER_SSL_VERIFY_SERVER_CERT = 1");
  expect(host.calls).toMatch(/MASTER_SSL_CA = '[^']*\/peer\.crt'/);
  expect(host.calls).toContain("MASTER_HOST = '10.20.0.2'");
});

test("one that stopped at a conflict stays stopped; both positions are told", () => {
  given(
    slave({ Slave_SQL_Running: "No", Last_SQL_Errno: "1062", Last_SQL_Error: "Duplicate entry 'x'" }),
    "1-1-9,2-2-7",
  );
  const { code, stderr } = host.run("replicate", "ensure");
  expect(code).toBe(11);
  expect(stderr).toContain("Duplicate entry 'x' (here 1-1-9,2-2-7, web2 1-1-5,2-2-7)");
  expect(host.calls).not.toContain("START SLAVE");
});

test("a node that lost transactions which its peer has from it is refused: it would use their numbers again", () => {
  given("", "1-1-4,2-2-7", "1-1-6,2-2-7");
  const { code, stderr } = host.run("replicate", "ensure");
  expect(code).toBe(11);
  expect(stderr).toContain("web2 has transactions of this node that this node has lost");
  expect(stderr).toContain("mariadb-reseed --discard web1");
  expect(host.calls).not.toContain("CHANGE MASTER");
});

test("nothing of what was received is dropped while the peer does not answer", () => {
  given(slave({ Slave_IO_Running: "No", Slave_SQL_Running: "No" }));
  host.answer("peer", "down");
  const { code, stderr } = host.run("replicate", "ensure");
  expect(code).toBe(12);
  expect(stderr).toContain("web2 does not answer");
  expect(host.calls).not.toContain("RESET SLAVE");
});

test("a replica never waits for acknowledgements, says that it acknowledges, and learns its writer's term", () => {
  given("", "1-1-5", "1-1-5", { ...multiMaster, topology: "replica", node: "web2" });
  host.write("base/.linode-ha/mariadb-role", "reader 1\n");
  host.ssh("attach", "term=4\n");
  host.answer("own", [
    ["gtid_binlog_pos", "1-1-5"],
    ["SHOW ALL SLAVES", slave()],
  ]);
  expect(host.run("replicate", "resume").code).toBe(0);
  expect(host.calls).toContain("rpl_semi_sync_master_enabled = OFF; SET GLOBAL rpl_semi_sync_slave_enabled = ON");
  expect(host.read("base/.linode-ha/mariadb-role")).toBe("reader 4\n");
});
