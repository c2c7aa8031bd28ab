import { DrbdVolume, UserError, type NodePair } from "../../../components";
import { HeartbeatPair, type HeartbeatPairArgs } from "../../../components/managers/heartbeat";
import { ManualFailover, type ManualFailoverArgs } from "../../../components/managers/manual";
import { PacemakerCluster, type PacemakerClusterArgs } from "../../../components/managers/pacemaker";
import * as model from "../../../components/serviceGroup";
import { mockPair } from "../../support/mockPair";
import { MockEngine } from "../../support/mockEngine";

let engine: MockEngine;
let nodes: NodePair;
let groups: model.ServiceGroup[];

const xfs = { type: "xfs", mountpoint: "/var/mysql" } as const;
const fencing = { kind: "linode", linodeIds: { web1: 1001, web2: "1002" } } as const;
const unfenced = { kind: "none", acceptUnfenced: true } as const;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  nodes = mockPair("mysql").nodes;
  const data = new DrbdVolume("mysql", {
    nodes,
    backing: { kind: "disk", name: "mysql" },
    mode: { kind: "single-primary", preferred: "web1", promote: "manager" },
    filesystem: xfs,
  });
  groups = [
    {
      name: "db",
      preferred: "web1",
      runs: [model.drbd(data), model.mount(data, xfs), model.service("mariadb"), model.mailTo("root")],
    },
  ];
});

afterEach(async () => {
  await engine.settled();
});

const pacemaker = (args: Partial<PacemakerClusterArgs> = {}) =>
  new PacemakerCluster("cluster", { nodes, groups, fencing, ...args });
const heartbeat = (args: Partial<HeartbeatPairArgs> = {}) =>
  new HeartbeatPair("pair", {
    nodes,
    groups,
    fencing,
    heartbeats: [{ via: "interconnect", interface: "eth1" }],
    ...args,
  });
const manual = (args: Partial<ManualFailoverArgs> = {}) => new ManualFailover("hand", { nodes, groups, ...args });

/** Path and what is wrong of each problem that building makes. */
function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) {
      return error.problems.map(({ path, what }) => `${path}: ${what}`);
    }
    throw error;
  }
  return [];
}

const steps = (): string[] => engine.ofType("command:remote:Command").map(({ name }) => name);
const text = (name: string): string => engine.named(name, "command:remote:Command").inputs["create"] as string;

test("a cluster is one step a node, after the volume, with the same configuration on both", async () => {
  pacemaker();
  await engine.settled();
  const order = steps();
  expect(order.filter((name) => name.startsWith("cluster-")).sort()).toEqual([
    "cluster-web1-pacemaker",
    "cluster-web2-pacemaker",
  ]);
  expect(order.indexOf("cluster-web1-pacemaker")).toBeGreaterThan(order.indexOf("mysql-web2-filesystem"));
  const part = (name: string, from: string, to: string) => text(name).split(from)[1]?.split(to)[0];
  for (const [from, to] of [
    ["totem {", "logging {"],
    ["<configuration>", "</configuration>"],
  ] as const) {
    expect(part("cluster-web1-pacemaker", from, to)).toBeDefined();
    expect(part("cluster-web1-pacemaker", from, to)).toBe(part("cluster-web2-pacemaker", from, to));
  }
  expect(text("cluster-web1-pacemaker")).toContain('value="web2:1002"');
});

test("no key is in a step's text, nor in the open part of its inputs", async () => {
  pacemaker();
  await engine.settled();
  for (const { inputs } of engine.ofType("command:remote:Command")) {
    expect(JSON.stringify({ ...inputs, stdin: undefined })).not.toContain("secret-of-cluster-key");
  }
});

test("Heartbeat's nodes come one after the other, and only the second waits for the groups", async () => {
  heartbeat();
  await engine.settled();
  const order = steps();
  expect(order.indexOf("pair-web2-heartbeat")).toBeGreaterThan(order.indexOf("pair-web1-heartbeat"));
  expect(text("pair-web1-heartbeat")).toContain("LAST='no'");
  expect(text("pair-web2-heartbeat")).toContain("LAST='yes'");
});

test("by hand, the preferred node comes last: it may start", async () => {
  groups = groups.map((group) => ({ ...group, preferred: "web1" }));
  manual();
  await engine.settled();
  const order = steps();
  expect(order.indexOf("hand-web1-db")).toBeGreaterThan(order.indexOf("hand-web2-db"));
  expect(text("hand-web1-db")).toContain("run filesystem /dev/drbd0 /var/mysql xfs noatime");
});

test.each<[string, () => unknown, string]>([
  [
    "fencing switched off without a word",
    () => pacemaker({ fencing: { kind: "none", acceptUnfenced: false } }),
    "fencing.acceptUnfenced: without fencing, nodes that lose each other may both go on writing",
  ],
  [
    "a node that cannot be fenced",
    () => pacemaker({ fencing: { kind: "linode", linodeIds: { web1: 1 } } }),
    "fencing.linodeIds.web2: web2 has no Linode's id here, and could not be fenced",
  ],
  [
    "a manager that decides before its volume can notice",
    () => pacemaker({ detection: { seconds: 2 } }),
    "detection.seconds: a volume of these groups notices a dead peer only after 3 s, and could not be promoted before",
  ],
  ["a detection out of range", () => heartbeat({ detection: { seconds: 31 } }), "detection.seconds: is out of range"],
  [
    "the same network twice",
    () => pacemaker({ links: ["public6", "public6"] }),
    "links: are not one or two different networks",
  ],
  ["no way for heartbeats", () => heartbeat({ heartbeats: [] }), "heartbeats: no way for heartbeats is given"],
  ["a ping node that is none", () => heartbeat({ pingNodes: ["gateway"] }), "pingNodes[0]: is not an IP address"],
  [
    "groups of different failback under Heartbeat",
    () =>
      heartbeat({
        groups: [...groups, { name: "www", preferred: "web2", failback: true, runs: [model.service("x")] }],
      }),
    "groups: Heartbeat has one failback setting for all groups",
  ],
  [
    "failback by hand",
    () => manual({ groups: groups.map((group) => ({ ...group, failback: true })) }),
    "groups[0].failback: nothing goes back by itself where a person moves the groups",
  ],
  ["a wait that is none", () => manual({ connectSeconds: -1 }), "connectSeconds: is out of range"],
  [
    "a service that the nodes do not have",
    () => pacemaker({ knownServices: ["lighttpd"] }),
    "groups[0].runs[2]: no such service is on the nodes' image or made by this stack",
  ],
])("refuses %s, before anything is created", async (_name, build, problem) => {
  expect(problems(build)).toContain(problem);
  await engine.settled();
  expect(steps().filter((name) => /^(cluster|pair|hand)-/.test(name))).toEqual([]);
});

test("own heartbeat times in the wrong order are the user's mistake, told as one", () => {
  expect(problems(() => heartbeat({ detection: { heartbeat: { warntime: 60 } } }))).toEqual([
    expect.stringContaining("detection.heartbeat: detection.heartbeat: keepalive"),
  ]);
});

test("a second manager on the same nodes is refused", () => {
  pacemaker({ fencing: unfenced });
  expect(problems(() => manual())).toEqual(
    ["web1", "web2"].map(
      () => 'nodes: this node already has a manager, PacemakerCluster "cluster": two would work against each other',
    ),
  );
});

test("what is wrong with groups, fencing and detection is one report", () => {
  const bad = groups.map((group) => ({ ...group, preferred: "web3", scores: { preferred: 1, other: 1 } }));
  expect(
    problems(() => pacemaker({ groups: bad, fencing: { kind: "linode", linodeIds: {} }, detection: { seconds: 1 } }))
      .length,
  ).toBe(5);
});
