import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { lampTiers } from "../../../stacks/lampTiers";
import { projectRoot } from "../../support/lab";
import { MockEngine } from "../../support/mockEngine";

jest.mock("../../../config/accountChecks", () => ({ accountSettings: () => ({}), checkAgainstApi: async () => [] }));

/** The program on the lab's configuration, with some of it changed. */
async function built(change: Record<string, unknown> = {}): Promise<MockEngine> {
  const file = join(projectRoot, "stacks", "Pulumi.lab-lamp-tiers.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  const all = Object.entries({ ...config, ...change }).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  process.env["LINODE_FENCING_TOKEN"] = "f-token";
  process.env["LINODE_DNS_TOKEN"] = "d-token";
  const engine = new MockEngine();
  await engine.start();
  await lampTiers(Object.fromEntries(all) as Record<string, string>, "linode-ha");
  await engine.settled();
  return engine;
}

const text = (engine: MockEngine, name: string): string =>
  String(engine.named(name, "command:remote:Command").inputs["create"]);
/** The members of the cluster's groups, in their order. */
const members = (engine: MockEngine, cluster: string, node: string): string[] =>
  [...text(engine, `${cluster}-${node}-pacemaker`).matchAll(/<primitive id="([a-z0-9-]+)"/g)].map(([, id]) => id ?? "");

describe("with a replica", () => {
  let engine: MockEngine;
  beforeAll(async () => (engine = await built()));

  test("writing begins where all that was received is applied, and only then has the address", () => {
    const ids = members(engine, "db-cluster", "db1").filter((id) => id.startsWith("db-"));
    expect(ids).toEqual(["db-svc-linode-ha-mariadb-writer", "db-ip-database"]);
    expect(text(engine, "db-db1-replication")).toContain("ExecStart=/usr/local/sbin/mariadb-take-over\n");
  });

  test("reading has an address of its own, on the other node, and both servers listen on both", () => {
    expect(members(engine, "db-cluster", "db1")).toContain("reads-ip-reads");
    for (const [node, own] of [
      ["db1", "10.20.0.41"],
      ["db2", "10.20.0.42"],
    ]) {
      expect(text(engine, `db-${node}-server`)).toContain(`bind-address = 127.0.0.1,${own},10.20.0.101,10.20.0.102\n`);
      expect(text(engine, `db-${node}-server`)).toContain("net.ipv4.ip_nonlocal_bind = 1");
    }
  });

  test("a commit waits longer for the replica than a dead writer is noticed and powered off", () => {
    expect(text(engine, "db-db1-server")).toContain("rpl_semi_sync_master_timeout = 120000");
  });

  test("the files' address comes last, and clients mount it", () => {
    const ids = members(engine, "files-cluster", "nfs1");
    expect(ids.slice(-3)).toEqual(["files-fs-files", "files-svc-linode-ha-nfs", "files-ip-files"]);
    for (const node of ["web1", "web2"])
      expect(text(engine, `www-${node}-nfs-mount`)).toContain("What=10.20.0.103:/\n");
  });

  test("every web server is asked by both proxies, and writes to the one address", () => {
    for (const node of ["proxy1", "proxy2"]) {
      expect(text(engine, `proxy-${node}-proxy`)).toMatch(
        /server 10\.20\.0\.21:80[^\n]*\n[^\n]*server 10\.20\.0\.22:80/,
      );
    }
    for (const node of ["web1", "web2"]) {
      expect(text(engine, `site-${node}-wordpress`)).toContain("define('DB_HOST', '10.20.0.101');");
    }
  });

  test("all nine hosts are watched, and each volume is verified on one", () => {
    const watched = engine.registered.filter(
      ({ name, type }) => type === "command:remote:Command" && /^lamp-.*-monitoring$/.test(name),
    );
    expect(watched).toHaveLength(9);
    const verifying = watched.filter(({ inputs }) => String(inputs["create"]).includes("OnCalendar=Sun 03:30"));
    expect(verifying.map(({ name }) => name)).toEqual(["lamp-nfs1-monitoring"]);
  });

  test("the names lead to the proxies' address, and to nothing else", () => {
    const records = engine.ofType("linode:index/domainRecord:DomainRecord");
    expect(records.map(({ inputs }) => [inputs["recordType"], inputs["target"]])).toEqual([
      ["A", "203.0.113.99"],
      ["A", "203.0.113.99"],
    ]);
  });
});

test("with its data on a volume, the server moves with it, and may be used by web servers that come later", async () => {
  const engine = await built({ "linode-ha:database": { design: "drbd" } });
  expect(members(engine, "db-cluster", "db1").slice(-3)).toEqual(["db-fs-mariadb", "db-ip-database", "db-svc-mariadb"]);
  expect(text(engine, "db-db1-services-mariadb")).toMatch(/CLIENTS='[^']*10\.20\.0\.25/);
});

test("with two that replicate both ways, one has the address, and needs no promotion", async () => {
  const engine = await built({ "linode-ha:database": { design: "multi-master", serverIds: [7, 8] } });
  expect(members(engine, "db-cluster", "db1").filter((id) => id.startsWith("db-"))).toEqual(["db-ip-database"]);
  expect(text(engine, "db-db1-server")).toContain("server_id = 7\n");
  expect(text(engine, "db-db2-server")).toContain("server_id = 8\n");
});

test("a second site follows from another region, and is let in where it has to be and nowhere else", async () => {
  const engine = await built({ "linode-ha:disaster": { region: "eu-central", minutes: 7 } });
  expect(engine.named("far-far1", "linode:index/instance:Instance").inputs["region"]).toBe("eu-central");
  expect(text(engine, "elsewhere-far1-disaster")).toContain("OnUnitInactiveSec=7min");
  const lets = engine
    .ofType("linode:index/firewall:Firewall")
    .filter(({ inputs }) => JSON.stringify(inputs["inbounds"]).includes("ssh-hosts"));
  expect(lets.map(({ name }) => name).sort()).toEqual(["db", "web"]);
});

test("a number makes web servers, all alike", async () => {
  const engine = await built({ "linode-ha:webServers": { count: 4 } });
  const steps = ["web1", "web2", "web3", "web4"].map((node) => text(engine, `site-${node}-wordpress`));
  expect(steps).toHaveLength(4);
  expect(text(engine, "proxy-proxy1-proxy").match(/server 10\.20\.0\.2\d:80/g)).toHaveLength(4);
  expect(text(engine, "files-nfs1-services-nfs")).toContain("10.20.0.24(rw");
});
