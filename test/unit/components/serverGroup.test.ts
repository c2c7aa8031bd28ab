import {
  DisasterSite,
  type DisasterSiteArgs,
  HaPair,
  LocalFilesystem,
  ServerGroup,
  UserError,
} from "../../../components";
import { MockEngine } from "../../support/mockEngine";

let engine: MockEngine;
beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
});
afterEach(async () => {
  await engine.settled();
});

const common = {
  region: "eu-central",
  type: "g6-standard-2",
  domain: "example.org",
  access: { adminCidrs: ["203.0.113.0/24"] },
} as const;
const group = (nodes: readonly string[], first = 21) =>
  new ServerGroup("web", { ...common, nodes, interconnect: { kind: "vlan", label: "shared", first } });

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("hosts have their addresses from their position on, and one host alone is kept from nobody", async () => {
  group(["web1", "web2", "web3"]);
  new ServerGroup("store", {
    ...common,
    nodes: ["store1"],
    interconnect: { kind: "vlan", label: "shared", first: 51 },
  });
  await engine.settled();
  const addresses = engine
    .ofType("linode:index/instanceConfig:InstanceConfig")
    .map(({ inputs }) => JSON.stringify(inputs["interfaces"]));
  for (const last of [21, 22, 23, 51]) expect(addresses.join()).toContain(`10.20.0.${last}/24`);
  expect(engine.ofType("linode:index/placementGroup:PlacementGroup").map(({ name }) => name)).toEqual(["web"]);
});

test.each<[string, readonly string[], number, string[]]>([
  ["nobody", [], 21, ["nodes: is empty: there would be no host"]],
  [
    "more than are kept apart",
    ["ws1", "ws2", "ws3", "ws4", "ws5", "ws6"],
    21,
    ["nodes: is more than the vendor keeps apart in one placement group"],
  ],
  ["one name twice", ["web1", "web2", "web1"], 21, ["nodes: two hosts have the same name"]],
  ["no room", ["web1", "web2"], 254, ["interconnect.first: leaves no room for the hosts' addresses in the network"]],
])("refused: %s", (_what, nodes, first, expected) => {
  expect(problems(() => group(nodes, first))).toEqual(expected);
});

test("a file system on a device that is not there is refused", () => {
  const [node] = group(["web1"]).nodes;
  expect(problems(() => new LocalFilesystem("backup", { node: node!, device: "backup", mountpoint: "srv" }))).toEqual([
    "device: web1 has no such device",
    "mountpoint: is not an absolute path",
  ]);
});

test("a second site is let in by its address, follows both, and is none of what it follows", async () => {
  const far = new ServerGroup("far", {
    ...common,
    region: "us-east",
    nodes: ["far1"],
    interconnect: { kind: "private" },
  });
  const [target] = far.nodes;
  const pair = new HaPair("db", {
    ...common,
    nodes: ["db1", "db2"],
    access: { ...common.access, sshFrom: [target!.addresses.public4] },
  });
  const site = (change: Partial<DisasterSiteArgs> = {}) =>
    new DisasterSite("elsewhere", {
      target: target!,
      database: { nodes: pair.nodes, name: "site", user: "site", password: "secret-of-the-site" },
      files: { nodes: pair.nodes, folder: "/srv/www" },
      ...change,
    });
  expect(site().promoteCommand).toBe("ha-disaster elsewhere promote --replace far1");
  expect(problems(() => site({ target: pair.nodes[0], minutes: 0 }))).toEqual([
    "target: is one of the nodes that it follows, and would be lost with them",
    "target: is one of the nodes that it follows, and would be lost with them",
    "minutes: is out of range",
  ]);
  expect(problems(() => site({ database: undefined, files: undefined }))).toEqual([
    "database: is missing, and so are the files: there is nothing to follow",
  ]);
  await engine.settled();
  const rules = engine.named("db", "linode:index/firewall:Firewall").inputs["inbounds"] as {
    label: string;
    ipv4s?: string[];
  }[];
  expect(rules.find(({ label }) => label === "ssh-hosts")?.ipv4s).toHaveLength(1);
  const steps = engine
    .ofType("command:remote:Command")
    .map(({ name, inputs }) => [name, String(inputs["create"])] as const);
  const own = steps.filter(([name]) => name.startsWith("elsewhere-"));
  expect(own.map(([name]) => name).sort()).toEqual([
    "elsewhere-db1-disaster-source",
    "elsewhere-db2-disaster-source",
    "elsewhere-far1-disaster",
  ]);
  for (const [, text] of own) expect(text).not.toContain("secret-of-the-site");
});
