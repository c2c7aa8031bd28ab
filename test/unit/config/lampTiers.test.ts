import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Problem } from "../../../components/internal/errors";
import { LAMP_FIELDS } from "../../../config/lampFields";
import { lampTiersSchema } from "../../../config/lampSchema";
import { type LampTiersConfig, parseLampTiers } from "../../../config/lampTiers";
import { projectRoot } from "../../support/lab";
import { setAt } from "../services/setAt";

type Document = Record<string, unknown>;

/** The example, with its secrets. */
function example(change: (document: Document) => void = () => undefined): Document {
  const file = join(projectRoot, "stacks", "Pulumi.example-lamp-tiers.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Document };
  const document = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("linode-ha:", ""), value]),
  );
  Object.assign(document, { fencingToken: "f-token", dnsToken: "d-token", siteAdminPassword: "well-known-in-a-test" });
  change(document);
  return document;
}

function problemsOf(document: Document): readonly Problem[] {
  const parsed = parseLampTiers(document);
  return "problems" in parsed ? parsed.problems : [];
}
function configOf(document: Document): LampTiersConfig {
  const parsed = parseLampTiers(document);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}
const told = (document: Document): string[] => problemsOf(document).map(({ path, what }) => `${path}: ${what}`);
const set = (path: string, value: unknown): Document => example((document) => setAt(document, path, value));
const without = (...keys: string[]): Document =>
  example((document) => keys.forEach((key) => Reflect.deleteProperty(document, key)));

test("the example is whole: each tier with its hosts, volumes and addresses, on one network", () => {
  const { tiers, moving, webAddresses } = configOf(example());
  const hosts = Object.fromEntries(
    Object.entries(tiers).map(([name, tier]) => [
      name,
      [tier.nodes, "first" in tier.interconnect && tier.interconnect.first, tier.disks.volumes],
    ]),
  );
  expect(hosts).toEqual({
    proxies: [["proxy1", "proxy2"], 11, {}],
    webServers: [["web1", "web2"], 21, {}],
    files: [["nfs1", "nfs2"], 31, { files: { sizeGiB: 50 } }],
    database: [["db1", "db2"], 41, { mariadb: { sizeGiB: 20 } }],
    backups: [["store1"], 51, { backup: { sizeGiB: 100 } }],
  });
  expect(moving).toEqual({ database: "10.20.0.101", reads: "10.20.0.102", files: "10.20.0.103" });
  expect(webAddresses).toEqual([21, 22, 23, 24, 25].map((last) => `10.20.0.${last}`));
});

test("ports are open on the proxies alone, and only those that are used", () => {
  const { tiers } = configOf(example());
  expect(tiers.proxies.access.publicTcpPorts).toEqual([80, 443]);
  for (const tier of [tiers.webServers, tiers.files, tiers.database]) expect(tier.access.publicTcpPorts).toEqual([]);
  expect(configOf(without("certificate")).tiers.proxies.access.publicTcpPorts).toEqual([80]);
});

test("what may be left out is left out: two web servers, a database on a volume, no backups", () => {
  const { tiers, database } = configOf(
    without("webServers", "files", "database", "backups", "mail", "dns", "certificate", "dnsToken"),
  );
  expect(tiers.webServers.nodes).toEqual(["web1", "web2"]);
  expect(database.design).toBe("drbd");
  expect(tiers.backups).toBeUndefined();
});

test("one web server more moves nobody's address", () => {
  const [two, three] = [2, 3].map((count) => configOf(set("webServers.count", count)).tiers);
  expect(three?.webServers.nodes).toEqual(["web1", "web2", "web3"]);
  expect({ ...three, webServers: two?.webServers }).toEqual(two);
});

test.each<[string, Document, string[]]>([
  [
    "a second site in the first one's region, with nothing to follow",
    example((d) => {
      setAt(d, "disaster", { region: "eu-central", node: "web1" });
      setAt(d, "database", { design: "drbd" });
    }),
    [
      "disaster.node: web1 is the name of another host already, at webServers.prefix",
      "disaster.region: is the first site's own region, and would be lost with it",
      "database.design: keeps no log that a second site could follow",
    ],
  ],
  ["a web tier of zero", set("webServers.count", 0), ["webServers.count: is too small"]],
  ["more than are kept apart", set("webServers.count", 6), ["webServers.count: is too large"]],
  [
    "server ids that clash",
    set("database.serverIds", [3, 3]),
    ["database.serverIds: both servers have the same number, and would not follow each other"],
  ],
  [
    "settings of another design",
    example((d) => setAt(d, "database", { design: "drbd", serverIds: [1, 2], ackSeconds: 30 })),
    ["database.serverIds: does not belong to design drbd", "database.ackSeconds: does not belong to design drbd"],
  ],
  ["a design that is none", set("database.design", "galera"), ["database.design: is not one of the choices"]],
  [
    "a time that the name servers do not know",
    set("dns.ttlSeconds", 60),
    ["dns.ttlSeconds: is no time that the vendor's name servers know; nearest: 30 or 120"],
  ],
  [
    "backups inside the system",
    set("backups.node", "db2"),
    ["backups.node: db2 is one of the hosts that are backed up, and would be lost with them"],
  ],
  [
    "two hosts of one name",
    set("proxies", { nodes: ["web1", "proxy2"] }),
    ["webServers.prefix: web1 is the name of another host already, at proxies.nodes[0]"],
  ],
  [
    "a network that the operator is in",
    set("hosts.cidr", "203.0.113.0/24"),
    [
      "hosts.cidr: the VLAN's network 203.0.113.0/24 overlaps 203.0.113.0/24, hosts.access.adminCidrs: answers to it would go into the VLAN",
    ],
  ],
  [
    "a network without room",
    set("hosts.cidr", "10.20.0.0/25"),
    ["hosts.cidr: is not an IPv4 network with room for all hosts"],
  ],
  ["no password", without("siteAdminPassword"), ["siteAdminPassword: is missing: the site's first account needs one"]],
  ["a weak one", set("siteAdminPassword", "short"), ["siteAdminPassword: is shorter than 12 characters"]],
  ["a certificate without a zone", without("dns"), ["dns: is missing: a certificate is proven through the zone"]],
  [
    "a certificate without a token",
    without("dnsToken"),
    ["dnsToken: is missing: the proxies answer the authority's challenges in the zone"],
  ],
  ["a name in another zone", set("site.host", "www.example.net"), ["site.host: is not in the zone example.org"]],
  [
    "no token for fencing",
    without("fencingToken"),
    ["fencingToken: is missing: fencing through the vendor's API needs a token"],
  ],
  [
    "a region nobody knows the routers of",
    set("hosts.region", "xx-new"),
    ["routeServerNumber: is missing: the number of xx-new's route servers is not known here"],
  ],
  [
    "ports that are not the user's to open",
    set("hosts.access.publicTcpPorts", [22]),
    ["hosts.access.publicTcpPorts: is not a known key"],
  ],
])("%s is told, and nothing else", (_what, document, expected) => {
  expect(told(document)).toEqual(expected);
});

test("everything that is wrong is in one report, and no secret in it", () => {
  const problems = problemsOf(
    example((document) => {
      setAt(document, "webServers.count", 0);
      setAt(document, "dns.ttlSeconds", 7);
      setAt(document, "backups.node", "nfs1");
      setAt(document, "siteAdminPassword", "tell-none");
      setAt(document, "database.serverIds", [1, 1]);
    }),
  );
  expect(problems.map(({ path }) => path).sort()).toEqual([
    "backups.node",
    "database.serverIds",
    "dns.ttlSeconds",
    "siteAdminPassword",
    "webServers.count",
  ]);
  expect(JSON.stringify(problems)).not.toContain("tell-none");
  for (const { todo } of problems) expect(todo.length).toBeGreaterThan(5);
});

test("every field has its words", () => {
  const document = example((d) => {
    setAt(d, "database.ackSeconds", 30);
    setAt(d, "database.serverIds", [1, 2]);
  });
  const missing: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (!(path in LAMP_FIELDS)) missing.push(path);
    if (Array.isArray(value)) value.forEach((each) => walk(each, `${path}[]`));
    else if (typeof value === "object" && value !== null) {
      Object.entries(value).forEach(([key, each]) => walk(each, `${path}.${key}`));
    }
  };
  Object.entries(lampTiersSchema.parse(document)).forEach(([key, value]) => walk(value, key));
  expect(missing).toEqual([]);
});
