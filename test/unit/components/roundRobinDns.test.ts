import * as linode from "@pulumi/linode";
import { type HaPair, RoundRobinDns, type RoundRobinDnsArgs, UserError } from "../../../components";
import { MockEngine, valueOf } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

const RECORD = "linode:index/domainRecord:DomainRecord";
const DOMAIN = "linode:index/domain:Domain";
let engine: MockEngine;
let pair: HaPair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("data");
});
afterEach(async () => {
  await engine.settled();
});

const fresh = { kind: "new", domain: "example.org", soaEmail: "hostmaster@example.org" } as const;
const dns = (args: Partial<RoundRobinDnsArgs> = {}) =>
  new RoundRobinDns("dns", { nodes: pair.nodes, zone: fresh, ...args });
const records = () =>
  engine.ofType(RECORD).map(({ inputs }) => [inputs["name"] ?? "", inputs["recordType"], inputs["target"]] as const);

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError)
      return error.problems.map(({ path, what, allowed = "" }) => `${path}: ${what}; ${allowed}`);
    throw error;
  }
  return [];
}

test("each name has each node's address of either family, without a prefix length", async () => {
  dns();
  await engine.settled();
  expect(records()).toHaveLength(8);
  for (const name of ["", "www"]) {
    expect(records()).toEqual(
      expect.arrayContaining([
        [name, "A", "198.51.100.11"],
        [name, "A", "198.51.100.12"],
        [name, "AAAA", "2001:db8:1::11"],
        [name, "AAAA", "2001:db8:1::12"],
      ]),
    );
  }
  expect(new Set(engine.ofType(RECORD).map(({ name }) => name)).size).toBe(8);
});

test("names of records come from the component's, the name's and the node's: never from a place in a list", async () => {
  dns({ names: ["*.shop", ""] });
  await engine.settled();
  const names = engine.ofType(RECORD).map(({ name }) => name);
  expect(names).toContain("dns-apex-web1-a");
  expect(names).toContain("dns-wildcard-shop-web2-aaaa");
});

test("a new zone is made, and the records are in it", async () => {
  const made = dns({ ttlSeconds: 30 });
  await engine.settled();
  expect(engine.named("dns-zone", DOMAIN).inputs).toMatchObject({ domain: "example.org", type: "master" });
  const id = await valueOf(made.domainId);
  expect(engine.ofType(RECORD).every(({ inputs }) => inputs["domainId"] === id && inputs["ttlSec"] === 30)).toBe(true);
  expect(made.names).toEqual(["example.org", "www.example.org"]);
});

test("an existing zone is looked up by its name, and nothing else of it is touched", async () => {
  dns({ zone: { kind: "existing", domain: "example.org" }, ttlSeconds: 0 });
  await engine.settled();
  expect(engine.ofType(DOMAIN)).toEqual([]);
  expect(records()).toHaveLength(8);
});

test.each([
  [60, "nearest: 30 or 120"],
  [299, "nearest: 120 or 300"],
  [600, "nearest: 300 or 3600"],
  [1, "nearest: 30;"],
  [3_000_000, "nearest: 2419200;"],
  [-1, "nearest: 30;"],
])("a time of %d s is refused, and the nearest are named", (ttlSeconds, words) => {
  expect(problems(() => dns({ ttlSeconds }))).toEqual([expect.stringContaining(words)]);
});

test.each<[string, Partial<RoundRobinDnsArgs>, string]>([
  ["no node", { nodes: [] }, "nodes: is empty"],
  ["no domain", { zone: { kind: "existing", domain: "example" } }, "zone.domain: is not a domain"],
  ["no mailbox", { zone: { ...fresh, soaEmail: "nobody" } }, "zone.soaEmail: is not a mailbox"],
  ["no name", { names: [] }, "names: is empty"],
  ["one name twice", { names: ["www", "www"] }, "names: has one name twice"],
  ["two names that would share a record", { names: ["a.b", "a-b"] }, "names: has one name twice"],
  ["the zone in a name", { names: ["www.example.org"] }, "names[0]: has the zone's name in it"],
  ["a name that is none", { names: ["WWW!"] }, "names[0]: is not a name within the zone"],
])("refused: %s", (_what, args, words) => {
  expect(problems(() => dns(args))).toEqual([expect.stringContaining(words)]);
});

const health = { token: "dns-token-of-the-test" } as const;
const step = (name: string) => engine.named(name, "command:remote:Command").inputs;

test("with health each node watches the other, when the records are there; the token is a secret", async () => {
  dns({ names: ["www", ""], health: { ...health, probe: { path: "/ha-health" } } });
  await engine.settled();
  const order = engine.registered.map(({ type, name }) => (type === RECORD ? "record" : `${type} ${name}`));
  expect(order.indexOf("command:remote:Command dns-web1-watch")).toBeGreaterThan(order.lastIndexOf("record"));
  const text = step("dns-web1-watch")["create"] as string;
  expect(text).toContain("OWN_URL=https://198.51.100.11:443/ha-health\nPEER_URL=https://198.51.100.12:443/ha-health\n");
  expect(text).toContain(
    "NAMES=www=parked-www =parked-apex\nOWN=198.51.100.11 2001:db8:1::11\nPEER=198.51.100.12 2001:db8:1::12\n",
  );
  expect(text).toContain("HOST_HEADER=www.example.org\n");
  expect(step("dns-web2-watch")["create"]).toContain("PEER_NAME=web1\n");
  expect(JSON.stringify(step("dns-web1-watch")["create"])).not.toContain(health.token);
  expect(JSON.stringify(step("dns-web1-watch")["stdin"])).toContain(Buffer.from(health.token).toString("base64"));
});

test("a zone that is declared elsewhere is used as it is", async () => {
  const zone = new linode.Domain("mine", { domain: "example.org", type: "master", soaEmail: "a@example.org" });
  dns({ zone: { kind: "declared", domain: "example.org", zone } });
  await engine.settled();
  expect(engine.ofType(DOMAIN).map(({ name }) => name)).toEqual(["mine"]);
  const id = Number(await valueOf(zone.id));
  expect(engine.ofType(RECORD).every(({ inputs }) => inputs["domainId"] === id)).toBe(true);
});

test.each<[string, Partial<RoundRobinDnsArgs>, string]>([
  ["no token", { health: { token: " " } }, "health.token: is empty"],
  ["too soon", { health: { ...health, downSeconds: 4 } }, "health.downSeconds: is out of range"],
  ["half a second", { health: { ...health, upSeconds: 7.5 } }, "health.upSeconds: is out of range"],
  ["a path with a shell's signs", { health: { ...health, probe: { path: "/$(id)" } } }, "health.probe.path: is not"],
  ["a port that is none", { health: { ...health, probe: { port: 0 } } }, "health.probe.port: is not a TCP port"],
])("refused of health: %s", (_what, args, words) => {
  expect(problems(() => dns(args))).toEqual([expect.stringContaining(words)]);
});

test("one node cannot be watched by another", () => {
  expect(problems(() => dns({ nodes: [pair.nodes[0]], health }))).toEqual([
    expect.stringContaining("health: needs two nodes"),
  ]);
});

test("all problems make one report, before anything is registered", () => {
  const before = engine.registered.length;
  expect(problems(() => dns({ nodes: [], names: [], ttlSeconds: 1, zone: { ...fresh, soaEmail: "" } }))).toHaveLength(
    4,
  );
  expect(engine.registered.slice(before).filter(({ type }) => !type.startsWith("linode-ha:"))).toEqual(
    expect.not.arrayContaining([expect.objectContaining({ name: expect.stringMatching(/^dns/) as string })]),
  );
});
