import { Host, replica, slave } from "./support";

let host: Host;
afterEach(() => host.close());

function at(node: "web1" | "web2", role: string): Host {
  host = new Host({ ...replica, node });
  host.write("base/.linode-ha/mariadb-role", `${role}\n`);
  return host;
}
const evidence = (): string => host.read("run/linode-ha/mariadb-evidence");

describe("on the replica", () => {
  function follow(status: string, writer: string): void {
    at("web2", "reader 0");
    host.write("run/linode-ha/mariadb-attached", "");
    host.answer("own", [["SHOW ALL SLAVES", status]]);
    host.answer("peer", [["SEMI_SYNC", writer]]);
    host.run("watch", "--once");
  }

  test("a proof: acknowledgements are waited for, and all of the writer's log is here", () => {
    follow(slave(), "ON\t1\t1-1-5");
    expect(evidence()).toBe("at=1000\nreceived=1-1-5,2-2-7\nserver=run-1\n");
  });

  test.each([
    ["the writer has more", slave(), "ON\t1\t1-1-6"],
    ["nobody waits for acknowledgements", slave(), "OFF\t1\t1-1-5"],
    ["the writer knows of no replica", slave(), "ON\t0\t1-1-5"],
    ["it does not follow", slave({ Slave_IO_Running: "Connecting" }), "ON\t1\t1-1-5"],
  ])("no proof where %s", (_what, status, writer) => {
    follow(status, writer);
    expect(evidence()).toBe("");
  });

  test("no proof before it has heard the writer's term", () => {
    at("web2", "reader 0");
    host.answer("own", [["SHOW ALL SLAVES", slave()]]);
    host.answer("peer", [["SEMI_SYNC", "ON\t1\t1-1-5"]]);
    host.run("watch", "--once");
    expect(evidence()).toBe("");
    host.ssh("attach", "term=3\n");
    host.run("watch", "--once");
    expect(evidence()).not.toBe("");
    expect(host.read("base/.linode-ha/mariadb-role")).toBe("reader 3\n");
  });
});

describe("on the writer", () => {
  const peer = (role: string, term: number, cluster = "c0ffee"): void =>
    host.ssh("state", `cluster=${cluster}\nmark=open\nrole=${role}\nterm=${term}\n`);
  const readOnly = (own: string, there: string): void => {
    host.answer("own", [["read_only", own]]);
    host.answer("peer", [["read_only", there]]);
  };

  test("opened once the peer says that it does not write: acknowledgements first", () => {
    at("web1", "writer 0");
    readOnly("1", "1");
    peer("reader", 0);
    host.run("watch", "--once");
    expect(host.calls).toMatch(/rpl_semi_sync_master_enabled = ON; SET GLOBAL read_only = OFF/);
  });

  test("stays closed while the peer says nothing", () => {
    at("web1", "writer 0");
    readOnly("1", "1");
    host.run("watch", "--once");
    expect(host.calls).not.toContain("read_only = O");
  });

  test("closed, and a reader from now on, where the peer has taken over", () => {
    at("web1", "writer 0");
    readOnly("0", "0");
    peer("writer", 1);
    host.run("watch", "--once");
    expect(host.calls).toContain("SET GLOBAL read_only = ON");
    expect(host.read("base/.linode-ha/mariadb-role")).toBe("reader 1\n");
  });

  test("two that both say writer of one term: neither is opened", () => {
    at("web1", "writer 1");
    readOnly("1", "1");
    peer("writer", 1);
    expect(host.run("watch", "--once").stdout).toContain("neither is opened");
    expect(host.calls).not.toContain("read_only = OFF");
  });

  test("one that writes while its peer does not is not even looked at over SSH", () => {
    at("web1", "writer 0");
    readOnly("0", "1");
    host.run("watch", "--once");
    expect(host.calls).not.toContain("ssh");
  });

  describe("when the peer is silent", () => {
    const fencing = (status: string, seconds: number): void => {
      const at = new Date(Date.now() + seconds * 1000).toISOString().replace("T", " ");
      host.command(
        "stonith_admin",
        `echo "$*" >>"$W/calls"; echo '<fence_event action="reboot" target="web2" status="${status}" completed="${at}"/>'`,
      );
    };
    function silent(): void {
      at("web1", "writer 0");
      host.answer("own", [
        ["read_only", "0"],
        ["SELECT @@GLOBAL.rpl_semi_sync_master_enabled", "1"],
      ]);
      host.answer("peer", "down");
      host.write("run/linode-ha/mariadb-peer-word", `${Math.floor(Date.now() / 1000)}\n`);
    }
    const released = "SET GLOBAL rpl_semi_sync_master_enabled = OFF";

    test("nothing waits for its acknowledgements once it was powered off since its last word", () => {
      silent();
      fencing("success", 5);
      expect(host.run("watch", "--once").stdout).toContain("web2 was powered off");
      expect(host.calls).toContain("--history web2 --verbose");
      expect(host.calls).toContain(released);
    });

    test.each([
      ["the fencing failed", () => fencing("failed", 5)],
      ["the fencing was before its last word", () => fencing("success", -60)],
      ["there is no manager", () => undefined],
      [
        "it has never been heard of",
        () => {
          fencing("success", 5);
          host.write("run/linode-ha/mariadb-peer-word", "");
        },
      ],
    ])("commits go on waiting where %s", (_what, given) => {
      silent();
      given();
      host.run("watch", "--once");
      expect(host.calls).not.toContain(released);
    });
  });
});
