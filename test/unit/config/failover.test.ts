import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseFailover } from "../../../config/failover";
import { FAILOVER_SYSTEMS, type FailoverSystem, failoverFields } from "../../../config/failoverFields";
import { withToken } from "../../../config/fencingToken";
import { setAt } from "../services/setAt";
import { projectRoot } from "../../support/lab";

function example(system: FailoverSystem): Record<string, unknown> {
  const { config } = parse(readFileSync(join(projectRoot, "stacks", `Pulumi.lab-${system}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  const document = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("linode-ha:", ""), value]),
  );
  // As `linode-lab env` has it.
  return withToken(document, { LINODE_FENCING_TOKEN: "of-the-lab" });
}

function problems(system: FailoverSystem, change: (document: Record<string, unknown>) => void): string[] {
  const document = example(system);
  change(document);
  const parsed = parseFailover(system, document);
  return "problems" in parsed ? parsed.problems.map(({ path, what }) => `${path}: ${what}`) : [];
}

test("a region that is not known here takes a number of one's own", () => {
  const own = (d: Record<string, unknown>) => {
    setAt(d, "pair.region", "xx-new");
    setAt(d, "routeServerNumber", 77);
  };
  expect(problems("crossed-pair", own)).toEqual([]);
  // Nothing is announced on a VLAN.
  expect(problems("manual-failover", (d) => setAt(d, "pair.region", "xx-new"))).toEqual([]);
});

test("all of it is one report", () => {
  const found = problems("crossed-pair", (d) => {
    setAt(d, "pair.region", "xx-new");
    setAt(d, "groups.db.scores", { preferred: 5, other: 5 });
    setAt(d, "groups.db.services", ["mariadbb"]);
    setAt(d, "groups.web.addresses", ["www"]);
    setAt(d, "groups.web.volumes", ["www", "mysql"]);
    setAt(d, "volumes.www.filesystem.mountpoint", "/var/mysql");
    setAt(d, "fencingToken", "");
  });
  for (const path of [
    "pair.region",
    "groups.db.scores",
    "groups.db.services[0]",
    "groups.web.addresses[0]",
    "groups.web.volumes[1]",
    "volumes.www.filesystem.mountpoint",
    "fencingToken",
  ]) {
    expect(found.map((line) => line.split(": ")[0])).toContain(path);
  }
});

test.each(FAILOVER_SYSTEMS)("the lab's %s is a configuration without problems", (system) => {
  expect(problems(system, () => undefined)).toEqual([]);
});

const CASES: readonly [string, (document: Record<string, unknown>) => void, string][] = [
  ["scores tie", (d) => setAt(d, "groups.db.scores", { preferred: 5, other: 5 }), "groups.db.scores: the scores tie"],
  [
    "unknown service",
    (d) => setAt(d, "groups.db.services", ["mariadbb"]),
    "groups.db.services[0]: is not among services",
  ],
  ["idle service", (d) => setAt(d, "groups.db.services", ["mariadbb"]), "services.mariadb: is in no group"],
  [
    "two groups",
    (d) => setAt(d, "groups.web.volumes", ["www", "mysql"]),
    "groups.web.volumes[1]: runs in group db already",
  ],
  ["foreign node", (d) => setAt(d, "groups.db.preferred", "bob"), "groups.db.preferred: is not a node of this pair"],
  [
    "left behind",
    (d) => setAt(d, "services.mariadb.volume", "www"),
    "services.mariadb.volume: does not move with the service",
  ],
  [
    "an address of a node's name",
    (d) => setAt(d, "addresses", { alice: { kind: "vlan", address: "10.20.0.100" } }),
    "is a node's name",
  ],
  ["JFS", (d) => setAt(d, "volumes.mysql.filesystem.type", "jfs"), "cannot replay its journal"],
  ["nested", (d) => setAt(d, "volumes.www.filesystem.mountpoint", "/var/mysql/www"), "is within that of volume mysql"],
  ["same mount point", (d) => setAt(d, "volumes.www.filesystem.mountpoint", "/var/mysql"), "the same mount point"],
  ["ports", (d) => setAt(d, "services.mariadb.port", 7801), "services.mariadb.port: uses port 7801"],
  ["replication ports", (d) => setAt(d, "volumes.www.port", 7801), "volumes.www.port: uses port 7801"],
  ["minors", (d) => setAt(d, "volumes.www.minor", 0), "volumes.www.minor: is the same device number"],
  [
    "not in the VLAN",
    (d) => setAt(d, "addresses.db.address", "10.9.0.1"),
    "addresses.db.address: is not in the VLAN's network",
  ],
  ["a node's", (d) => setAt(d, "addresses.db.address", "10.20.0.1"), "addresses.db.address: is the network's own"],
  [
    "an address of nobody",
    (d) => setAt(d, "groups.web.addresses", ["www"]),
    "groups.web.addresses[0]: is not among addresses",
  ],
  ["an idle address", (d) => setAt(d, "groups.web.addresses", []), "addresses.site: is in no group"],
  ["one address in two groups", (d) => setAt(d, "groups.web.addresses", ["site", "db"]), "runs in group db already"],
  [
    "another group's file system",
    (d) => {
      setAt(d, "groups.db.volumes", []);
      setAt(d, "groups.web.volumes", ["www", "mysql"]);
    },
    "services.mariadb.volume: does not move with the service: it is not among groups.db.volumes",
  ],
  [
    "a region without a number",
    (d) => setAt(d, "pair.region", "xx-new"),
    "pair.region: the number of this region's route servers is not known, and site could not be announced",
  ],
  ["a number that is none", (d) => setAt(d, "routeServerNumber", 0), "routeServerNumber: is too small"],
  [
    "unfenced",
    (d) => setAt(d, "fencing", { kind: "none", acceptUnfenced: false }),
    "fencing.acceptUnfenced: must be true",
  ],
  ["unknown key", (d) => setAt(d, "groups.db.prefered", "alice"), "groups.db.prefered: is not a known key"],
];
test.each(CASES)("refused: %s", (_name, change, words) => {
  expect(problems("crossed-pair", change).join("\n")).toContain(words);
});

test("fencing through the API needs a token, and a token is never shown", () => {
  const linode = (d: Record<string, unknown>) => {
    Reflect.deleteProperty(d, "fencingToken");
  };
  expect(problems("crossed-pair", linode).join()).toContain("fencingToken: is missing");
  const document = { ...example("crossed-pair"), fencing: { kind: "linode" }, fencingToken: 123456789 };
  const parsed = parseFailover("crossed-pair", document);
  expect(JSON.stringify(parsed)).toContain("fencingToken");
  expect(JSON.stringify(parsed)).not.toContain("123456789");
});

test("a link must point into its group's volume", () => {
  expect(
    problems("manual-failover", (d) => setAt(d, "groups.services.links", { "/etc/apache2": "/opt/apache" })),
  ).toEqual([
    "groups.services.links./etc/apache2: is on no volume of this group: on the other node it would point at nothing",
  ]);
});

test("port 7777 is o2cb's only where there is one", () => {
  expect(problems("crossed-pair", (d) => setAt(d, "volumes.www.port", 7777))).toEqual([]);
});

test.each(FAILOVER_SYSTEMS)("%s: every field that the example uses is in the reference", (system) => {
  expect(Object.keys(failoverFields(system))).toEqual(
    expect.arrayContaining(["system", "groups.*.services", "pair.nodes"]),
  );
});
