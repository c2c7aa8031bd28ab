import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Host, multiMaster, replica } from "./support";

const PEER = "cluster=c0ffee\nmark=open\nrole=writer\nterm=0\nbytes=1000\nserver=up\ntables=3\ngtid=1-1-5,2-2-7\n";
let host: Host;
beforeEach(() => arrange());
afterEach(() => host.close());

function arrange(params = multiMaster): void {
  host = new Host(params);
  host.ssh("state", PEER);
  host.answer("own", [["gtid_binlog_pos", "1-1-9,2-2-7"]]);
  host.write("base/data/precious", "rows");
}
const kept = (): string[] => readdirSync(host.base).filter((name) => name.startsWith("data.before-"));

test("without words it only says what would be thrown away", () => {
  const { code, stdout } = host.run("reseed");
  expect(code).toBe(0);
  expect(stdout).toContain("position here (web1):  1-1-9,2-2-7");
  expect(stdout).toContain("position on web2: 1-1-5,2-2-7");
  expect(stdout).toContain("transactions of this node that web2 does not have: 4");
  expect(host.calls).not.toContain("systemctl");
});

test("told so: the server stops, the former data is kept, and the steps make it anew", () => {
  expect(host.run("reseed", "--discard", "web1").code).toBe(0);
  expect(host.calls).toMatch(
    /systemctl stop mariadb.service\nlinode-ha-step mariadb-seed-db apply\nlinode-ha-step mariadb-replication-db apply\n$/,
  );
  expect(kept()).toHaveLength(1);
  expect(host.read(join("base", kept()[0] ?? "", "precious"))).toBe("rows");
  expect(host.read("base/.linode-ha/mariadb")).toBe("seeding c0ffee\n");
});

test("one that did not come to its end goes on, and throws away no former data", () => {
  host.command("linode-ha-step", "exit 10");
  expect(host.run("reseed", "--discard", "web1").code).toBe(10);
  host.command("linode-ha-step", "exit 0");
  expect(host.run("reseed", "--discard", "web1").code).toBe(0);
  expect(kept()).toHaveLength(1);
});

test.each<[string, () => void, number, string]>([
  ["the other node's name", () => undefined, 10, "this is web1, not web2"],
  ["a peer that does not answer", () => host.command("ssh", "exit 255"), 10, "does not answer"],
  ["a peer of another pair", () => host.ssh("state", PEER.replace("c0ffee", "decaf")), 11, "no data of this pair"],
  ["a peer without data in service", () => host.ssh("state", PEER.replace("open", "made")), 11, "no data of this pair"],
  ["a peer whose server is down", () => host.ssh("state", PEER.replace("up", "down")), 11, "no data of this pair"],
  ["data of another pair here", () => host.mark("open", "decaf"), 11, "is not this pair's"],
])("refused: %s", (what, change, code, words) => {
  change();
  const result = host.run("reseed", "--discard", what.includes("name") ? "web2" : "web1");
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(words);
  expect(result.stderr).toContain("nothing was changed");
  expect(existsSync(join(host.base, "data/precious"))).toBe(true);
  expect(host.calls).not.toContain("systemctl");
});

test("the writer of a pair with a replica is never made anew from the replica", () => {
  host.close();
  arrange({ ...replica, node: "web1" });
  host.ssh("state", PEER.replace("writer", "reader"));
  const { code, stderr } = host.run("reseed", "--discard", "web1");
  expect(code).toBe(11);
  expect(stderr).toContain("this node's data may be the newer");
});
