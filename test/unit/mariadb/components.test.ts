import * as pulumi from "@pulumi/pulumi";
import {
  type HaPair,
  MariadbMultiMaster,
  type MariadbMultiMasterArgs,
  MariadbReplica,
  type MariadbReplicaArgs,
  UserError,
} from "../../../components";
import { checkedPassword } from "../../../components/services/internal/mariadbPairPlan";
import { MockEngine, valueOf } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

let engine: MockEngine;
let pair: HaPair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("db");
});
afterEach(async () => {
  await engine.settled();
});

const storage = { kind: "disk", name: "db" } as const;
const both = (args: Partial<MariadbMultiMasterArgs> = {}) =>
  new MariadbMultiMaster("db", { nodes: pair.nodes, storage, ...args });
const follow = (args: Partial<MariadbReplicaArgs> = {}) =>
  new MariadbReplica("db", { nodes: pair.nodes, storage, ...args });
const steps = (): string[] =>
  engine
    .ofType("command:remote:Command")
    .map(({ name }) => name)
    .filter((name) => name.startsWith("db-"));
const step = (name: string) => engine.named(name, "command:remote:Command").inputs;
const text = (name: string): string => step(name)["create"] as string;

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("file system, server, trust, data, replication: each on both nodes before the next", async () => {
  both();
  await engine.settled();
  const kinds = steps().map((name) => name.replace(/^db-web\d-/, ""));
  expect(kinds).toEqual(["filesystem", "server", "trust", "seed", "replication"].flatMap((kind) => [kind, kind]));
  expect(new Set(steps()).size).toBe(10);
});

test("data on a folder needs no file system of its own", async () => {
  both({ storage: { kind: "folder" } });
  await engine.settled();
  expect(steps()).toHaveLength(8);
  expect(text("db-web1-server")).toContain("datadir = /var/lib/mariadb-pair/data");
});

test("each node has its numbers, and the same mark of this pair's data", async () => {
  both({ serverIds: [11, 12], domainIds: [21, 22] });
  await engine.settled();
  expect(text("db-web1-server")).toMatch(/server_id = 11\ngtid_domain_id = 21\n/);
  expect(text("db-web2-server")).toMatch(/server_id = 12\ngtid_domain_id = 22\n/);
  const cluster = /CLUSTER='(\w+)'/.exec(text("db-web1-server"))?.[1];
  expect(text("db-web2-server")).toContain(`CLUSTER='${cluster ?? "none"}'`);
});

test("of a pair with a replica the named one writes; numbers stay where they are", async () => {
  follow({ primary: "web2", serverIds: [11, 12] });
  await engine.settled();
  expect(text("db-web1-server")).toContain("INITIAL_ROLE='reader'");
  expect(text("db-web2-server")).toContain("INITIAL_ROLE='writer'");
  expect(text("db-web1-server")).toMatch(/server_id = 11\ngtid_domain_id = 1\n/);
  expect(text("db-web2-replication")).toContain("linode-ha-mariadb-watch.service");
});

test("passwords are random, secret, and in no text; a step gets only those that it needs", async () => {
  const { password } = both();
  expect(await pulumi.isSecret(pulumi.secret(password))).toBe(true);
  await engine.settled();
  const shown = engine.ofType("command:remote:Command").map(({ inputs }) => String(inputs["create"]));
  expect(shown.join()).not.toContain("secret-of-");
  expect(step("db-web1-server")["stdin"]).toBeUndefined();
  // The mocked engine wraps a secret; its value is inside.
  const names = (name: string) =>
    [...JSON.stringify(step(name)["stdin"]).matchAll(/(mariadb-\w+)=/g)].map(([, found]) => found);
  expect(names("db-web1-trust")).toEqual(["mariadb-replication", "mariadb-health"]);
  expect(names("db-web1-seed")).toEqual(["mariadb-replication", "mariadb-health", "mariadb-password"]);
});

test("outputs name both servers", async () => {
  const database = both({ storage: { kind: "folder" } });
  expect(Object.keys(await valueOf(database.hosts))).toEqual(["web1", "web2"]);
  expect(database).toMatchObject({ unit: "mariadb.service", port: 3306, database: "site", user: "site" });
});

test("everything that is wrong in one report, and nothing is registered", async () => {
  const before = engine.registered.length;
  const found = problems(() =>
    both({
      serverIds: [3, 3],
      domainIds: [1, 1],
      passwords: { site: "", replication: "short" },
      clients: ["web3.example.org"],
      port: 0,
      database: "My Site",
      binlogDays: 0,
      storage: { kind: "volume", name: "absent" },
    }),
  );
  for (const words of [
    "serverIds: both nodes have the same",
    "domainIds: both nodes have the same: the transactions of the two nodes could not be told apart",
    "passwords.site: is missing or too weak",
    "passwords.replication: is missing or too weak",
    "clients: is not an IP address",
    "port: is not a TCP port",
    "database: is not a plain name",
    "binlogDays: is out of range",
    "storage.name: web1 has no such volume",
  ]) {
    expect(found).toContainEqual(expect.stringContaining(words));
  }
  const more = engine.registered.slice(before).filter(({ type }) => !type.startsWith("linode-ha:"));
  expect(more.filter(({ name }) => name.startsWith("db"))).toEqual([]);
});

test.each<[string, () => unknown, string]>([
  ["a primary of another pair", () => follow({ primary: "web3" }), "primary: is not a node of this pair"],
  ["a wait that is none", () => follow({ ackSeconds: 0 }), "ackSeconds: is out of range"],
  ["a domain that is none", () => follow({ domainId: 0 }), "domainId: is out of range"],
  [
    "one password twice",
    () => both({ passwords: { site: "a".repeat(16), health: "a".repeat(16) } }),
    "passwords: one password is given twice",
  ],
  [
    "a folder that the unit cannot see",
    () => both({ storage: { kind: "folder", path: "/home/db" } }),
    "storage.path: is a folder that",
  ],
  [
    "the package's own folder",
    () => both({ storage: { ...storage, mountpoint: "/var/lib/mysql" } }),
    "storage.mountpoint: is a folder that",
  ],
  [
    "a name that no step can have",
    () => new MariadbMultiMaster("Data_Base", { nodes: pair.nodes, storage }),
    "name: is not a name",
  ],
])("refused: %s", (_what, build, words) => {
  expect(problems(build)).toEqual([expect.stringContaining(words)]);
});

test("a host has one MariaDB", () => {
  both({ storage: { kind: "folder" } });
  expect(problems(() => new MariadbReplica("second", { nodes: pair.nodes, storage, port: 3307 }))).toEqual([
    expect.stringContaining('nodes: this service of web1 is already used by MariadbMultiMaster "db"'),
    expect.stringContaining("nodes: this service of web2"),
  ]);
});

test("a weak password that is only known later is refused too, and is not repeated", () => {
  expect(checkedPassword("db", "site", "a".repeat(16))).toHaveLength(16);
  expect(() => checkedPassword("db", "site", "geheim")).toThrow("passwords.site: is missing or too weak");
  expect(() => checkedPassword("db", "site", "geheim")).not.toThrow("geheim");
});
