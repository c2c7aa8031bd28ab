import * as pulumi from "@pulumi/pulumi";
import {
  drbd,
  DrbdVolume,
  LinodeFencing,
  Ocfs2Cluster,
  PacemakerCluster,
  service,
  UserError,
  type DrbdVolumeArgs,
  type LinodeFencingArgs,
  type NodePair,
} from "../../../components";
import { managerTimings } from "../../../hosts/managerTimings";
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

const token = "token-of-the-test";
const fence = (args: Partial<LinodeFencingArgs> = {}) => new LinodeFencing("fence", { nodes, token, ...args });
const volume = (args: Partial<DrbdVolumeArgs> = {}) =>
  new DrbdVolume("data", { nodes, backing: { kind: "disk", name: "data" }, mode: { kind: "dual-primary" }, ...args });
const managed = { kind: "single-primary", preferred: "web1", promote: "manager" } as const;

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

const inputsOf = (name: string) => engine.named(name, "command:remote:Command").inputs;
const text = (name: string): string => inputsOf(name)["create"] as string;

test("both nodes get the agent, with the Linodes' own ids and times that follow from one setting", async () => {
  fence({ preferred: "web2", confirmSeconds: 30, detection: { seconds: 6 } });
  await engine.settled();
  const [first, second] = await Promise.all(nodes.map((node) => valueOf(node.linodeId!)));
  const one = text("fence-web1-fencing");
  for (const line of [`SELF_ID=${first}`, `PEER_ID=${second}`, "PEER_NAME=web2", "DELAY=3", "POWER_TIMEOUT=30"]) {
    expect(one).toContain(`\n${line}\n`);
  }
  expect(text("fence-web2-fencing")).toContain("\nDELAY=0\n");
});

test("the token travels on standard input, as a secret, and is nowhere else", async () => {
  const { fencing } = fence();
  await engine.settled();
  expect(
    JSON.stringify(
      engine.registered.filter(({ name }) => name !== "fence-web1-fencing" && name !== "fence-web2-fencing"),
    ),
  ).not.toContain(token);
  for (const name of ["fence-web1-fencing", "fence-web2-fencing"]) {
    expect(text(name)).not.toContain(token);
    expect(JSON.stringify(inputsOf(name)["stdin"])).toContain(Buffer.from(token).toString("base64"));
  }
  expect(JSON.stringify(Object.keys(fencing))).not.toContain("token");
});

test("a cluster takes it, and waits for it", async () => {
  const { fencing } = fence({ confirmSeconds: 30 });
  const data = volume({ mode: managed, fencing: { kind: "pacemaker", confirmSeconds: 30 } });
  new PacemakerCluster("cluster", {
    nodes,
    fencing,
    groups: [{ name: "db", preferred: "web1", runs: [drbd(data), service("mariadb")] }],
  });
  await engine.settled();
  const second = await valueOf(nodes[1].linodeId!);
  expect(text("cluster-web1-pacemaker")).toContain(String(second));
  const order = engine.registered.map(({ name }) => name);
  expect(order.lastIndexOf("cluster-web1-pacemaker")).toBeGreaterThan(order.lastIndexOf("fence-web2-fencing"));
  const { handler } = managerTimings({ seconds: 3, fencingSeconds: 30 }).fencing;
  const resource = text("data-web1-drbd");
  expect(resource).toContain("fencing resource-and-stonith;");
  expect(resource).toContain(`fence-peer "/usr/local/lib/linode-ha/crm-fence-peer --timeout ${handler}";`);
  expect(resource).toContain('after-resync-target "/usr/lib/drbd/crm-unfence-peer.sh";');
});

test("two primaries need no word about being unfenced: DRBD's handler fences, and o2cb waits for it", async () => {
  const { fencing } = fence({ confirmSeconds: 30 });
  const data = volume({ fencing });
  new Ocfs2Cluster("files", { volume: data, mountpoint: "/srv/files" });
  await engine.settled();
  expect(data.fencingSeconds).toBe(30);
  for (const node of ["web1", "web2"]) {
    const resource = text(`data-${node}-drbd`);
    expect(resource).toContain("fencing resource-and-stonith;");
    expect(resource).toContain('fence-peer "/usr/local/lib/linode-ha/drbd-fence-peer";');
  }
  const { heartbeatDeadThreshold } = managerTimings({ seconds: 3, fencingSeconds: 30 }).storage.o2cb;
  expect(heartbeatDeadThreshold).toBe(22);
  expect(text("files-web1-ocfs2")).toContain(`HEARTBEAT_THRESHOLD=${heartbeatDeadThreshold}`);
  const order = engine.registered.map(({ name }) => name);
  expect(order.lastIndexOf("data-web1-drbd")).toBeGreaterThan(order.lastIndexOf("fence-web2-fencing"));
});

test("Heartbeat's own way marks the peer outdated, without waiting for a fencing", async () => {
  volume({ mode: managed, fencing: { kind: "heartbeat" } });
  await engine.settled();
  expect(text("data-web2-drbd")).toMatch(
    /fencing resource-only;[^]*fence-peer "\/usr\/libexec\/heartbeat\/drbd-peer-outdater";/,
  );
});

test("without fencing nothing of it is in a resource", async () => {
  volume({ mode: { kind: "dual-primary", acceptUnfenced: true } });
  await engine.settled();
  expect(text("data-web1-drbd")).not.toMatch(/fencing re|fence-peer "/);
});

test.each<[string, () => unknown, string]>([
  [
    "two primaries with neither",
    () => volume(),
    "mode.acceptUnfenced: two primaries without fencing can diverge when the nodes lose each other",
  ],
  [
    "the API's handler under a manager",
    () => volume({ mode: managed, fencing: { kind: "linode", linodeIds: { web1: 1, web2: 2 } } }),
    "fencing.kind: a manager moves this volume, and has to know what happens to its nodes",
  ],
  [
    "a manager's handler without one",
    () => volume({ fencing: { kind: "pacemaker" } }),
    "fencing.kind: no manager moves this volume, and nobody would answer its handler",
  ],
  [
    "a handler of one's own beside it",
    () =>
      volume({
        fencing: { kind: "linode", linodeIds: { web1: 1, web2: 2 } },
        tuning: { handlers: { fencePeer: "/bin/true" } },
      }),
    "tuning.handlers: is set here and follows from the volume's fencing too",
  ],
  [
    "an id that is missing",
    () => volume({ fencing: { kind: "linode", linodeIds: { web1: 1 } } }),
    "fencing.linodeIds.web2: web2 has no Linode's id here, and could not be fenced",
  ],
  ["no token", () => fence({ token: " " }), "token: is empty"],
  ["a stranger to survive", () => fence({ preferred: "web3" }), "preferred: is not a node of this pair"],
  ["times out of range", () => fence({ confirmSeconds: 1 }), "fencing.confirmSeconds: is out of range"],
])("refused: %s", (_what, build, report) => {
  expect(problems(build)).toEqual([report]);
});

test("hosts without ids, and a second fencing of one pair, are refused", () => {
  fence({ token: pulumi.secret(token) });
  expect(problems(() => fence())).toEqual([
    'nodes: this node has fencing already, LinodeFencing "fence": a host holds one token',
    'nodes: this node has fencing already, LinodeFencing "fence": a host holds one token',
  ]);
  nodes = nodes.map((node) => ({ ...node, linodeId: undefined })) as unknown as NodePair;
  expect(problems(() => fence())).toHaveLength(2);
  expect(problems(() => fence({ linodeIds: { web1: 1, web2: 2 } }))).toEqual([]);
});
