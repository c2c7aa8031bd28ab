import {
  address,
  drbd,
  DrbdVolume,
  FloatingIp,
  PacemakerCluster,
  UserError,
  type FloatingIpArgs,
  type NodePair,
} from "../../../components";
import { mockPair } from "../../support/mockPair";
import { MockEngine, valueOf } from "../../support/mockEngine";

let engine: MockEngine;
let nodes: NodePair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  nodes = mockPair("data").nodes;
});

afterEach(async () => {
  await engine.settled();
});

const web = { family: "ipv4", preferred: "web1", failback: true, rdns: "web.example.org" } as const;
const six = { family: "ipv6", preferred: "web2" } as const;
const inner = { address: "10.20.0.100", prefixLength: 24, interface: "eth1" };
const bgp = { region: "eu-central", addresses: { web, six } };

function floating(args: Partial<FloatingIpArgs> = {}): FloatingIp {
  return new FloatingIp("float", { nodes, bgp, arp: { addresses: { inner } }, ...args });
}

/** Path and what is wrong of each problem that building makes. */
function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

const inputs = (type: string) => engine.ofType(type).map((one) => [one.name, one.inputs] as const);
const text = (name: string): string => engine.named(name, "command:remote:Command").inputs["create"] as string;

test("public addresses belong to the first node; the second gets all of them in one list, the first the ranges", async () => {
  floating();
  await engine.settled();
  const [first, second] = await Promise.all(nodes.map((node) => valueOf(node.linodeId!)));
  expect(inputs("linode:index/instanceIp:InstanceIp")).toEqual([["float-web", { linodeId: first, public: true }]]);
  expect(inputs("linode:index/ipv6Range:Ipv6Range")).toEqual([["float-six", { linodeId: first, prefixLength: 64 }]]);
  expect(new Map(inputs("linode:index/instanceSharedIps:InstanceSharedIps"))).toEqual(
    new Map([
      ["float-web1-shared", { linodeId: first, addresses: ["2001:db8:f::"] }],
      ["float-web2-shared", { linodeId: second, addresses: ["203.0.113.99", "2001:db8:f::"] }],
    ]),
  );
  expect(inputs("linode:index/rdns:Rdns")).toEqual([
    ["float-web-rdns", { address: "203.0.113.99", rdns: "web.example.org", waitForAvailable: true }],
  ]);
});

test("both nodes get an announcer for the region's servers, after the sharing; with failback, the preferred one's counts more", async () => {
  floating();
  await engine.settled();
  const [one, two] = ["float-web1-floating-ip", "float-web2-floating-ip"].map(text) as [string, string];
  for (const each of [one, two]) expect(each).toContain("neighbor 2600:3c0f:10:34::4 peer-group route-servers");
  const community = (step: string, name: string) =>
    new RegExp(`route-map linode-ha-${name} permit 10\n (.*)`).exec(step)?.[1];
  expect([community(one, "web"), community(two, "web")]).toEqual(["set community 65000:1", "set community 65000:2"]);
  expect([community(one, "six"), community(two, "six")]).toEqual(["set community 65000:1", "set community 65000:1"]);
  expect(one).toContain("update-source 2001:db8:1::11");
  expect(two).toContain("bgp router-id 198.51.100.12");
  const order = engine.registered.map(({ name }) => name);
  expect(order.lastIndexOf("float-web1-floating-ip")).toBeGreaterThan(order.indexOf("float-web2-shared"));
});

test("a manager takes what it makes", async () => {
  const made = floating();
  expect(made.addresses["inner"]).toEqual({
    name: "inner",
    ...inner,
    method: { kind: "arp" },
    nodes: ["web1", "web2"],
  });
  const data = new DrbdVolume("data", {
    nodes,
    backing: { kind: "disk", name: "data" },
    mode: { kind: "single-primary", preferred: "web1", promote: "manager" },
  });
  new PacemakerCluster("cluster", {
    nodes,
    fencing: { kind: "none", acceptUnfenced: true },
    groups: [
      {
        name: "www",
        preferred: "web1",
        runs: [drbd(data), ...["web", "six", "inner"].map((name) => address(made.named(name)))],
      },
    ],
  });
  await engine.settled();
  const cluster = text("cluster-web1-pacemaker");
  for (const part of ["203.0.113.99", "2001:db8:f::1", "10.20.0.100", "linode-ha-announce@web.service"]) {
    expect(cluster).toContain(part);
  }
  const order = engine.registered.map(({ name }) => name);
  expect(order.lastIndexOf("cluster-web1-pacemaker")).toBeGreaterThan(order.lastIndexOf("float-web2-floating-ip"));
});

test("addresses between the nodes need nothing in the account, and no announcer", async () => {
  floating({ bgp: undefined });
  await engine.settled();
  expect(engine.registered.filter(({ name }) => name.startsWith("float-"))).toEqual([]);
});

test("another number of route servers is taken, also for a region that has none here", async () => {
  floating({ bgp: { ...bgp, region: "xx-new", routeServerNumber: 77 } });
  await engine.settled();
  expect(text("float-web1-floating-ip")).toContain("neighbor 2600:3c0f:77:34::1 peer-group");
});

test("everything that is wrong is one report, before anything is created", async () => {
  const before = engine.registered.length;
  const found = problems(() =>
    floating({
      bgp: {
        region: "xx-new",
        addresses: { Web: { ...web, preferred: "web3", rdns: "web" }, inner: { ...six, prefixLength: 60 as 64 } },
      },
      arp: { addresses: { inner: { address: "10.20.0", prefixLength: 33, interface: "eth 1" } } },
    }),
  );
  expect(found).toEqual([
    "bgp.addresses.Web: is not a name for an address",
    "arp.addresses.inner: an announced address has this name already",
    "bgp.addresses.Web.preferred: is not a node of this pair",
    "bgp.addresses.Web.rdns: is not a full domain name",
    "bgp.addresses.inner.prefixLength: is not the length of a range that the vendor gives",
    "arp.addresses.inner.address: is not an IP address",
    "arp.addresses.inner.interface: is not a network interface",
    "bgp.region: the number of this region's route servers is not known here, and the API does not tell it",
  ]);
  expect(engine.registered.slice(before).filter(({ type }) => type.startsWith("linode:"))).toEqual([]);
});

test("a second declaration for the same nodes is refused, whatever it declares", () => {
  floating();
  expect(problems(() => new FloatingIp("more", { nodes, arp: { addresses: { other: inner } } }))).toEqual(
    ["web1", "web2"].map(
      () =>
        'nodes: the floating addresses of this node are already declared, by FloatingIp "float": each of the two would replace the other\'s list',
    ),
  );
});

test("hosts that are no Linodes get addresses between them, and no public ones", () => {
  nodes = nodes.map((node) => ({ ...node, linodeId: undefined })) as unknown as NodePair;
  expect(problems(() => floating())).toEqual([
    "nodes: is not known to be a Linode: nothing can be shared with it",
    "nodes: is not known to be a Linode: nothing can be shared with it",
  ]);
  expect(problems(() => floating({ bgp: undefined }))).toEqual([]);
});

test("an address that nobody declared is refused by name", () => {
  const made = floating();
  expect(problems(() => made.named("db"))).toEqual(["db: no floating address of this pair has this name"]);
});
