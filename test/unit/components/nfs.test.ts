import {
  address,
  drbd,
  DrbdVolume,
  type HaPair,
  mount,
  NfsExport,
  type NfsExportArgs,
  NfsMount,
  type NfsMountArgs,
  service,
  UserError,
} from "../../../components";
import { MockEngine } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

let engine: MockEngine;
let pair: HaPair;
const filesystem = { type: "ext4", mountpoint: "/srv/files" } as const;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("data");
});
afterEach(async () => {
  await engine.settled();
});

const volumeOf = (promote: "manager" | "boot" = "manager") =>
  new DrbdVolume("files", {
    nodes: pair.nodes,
    backing: { kind: "disk", name: "data" },
    mode: { kind: "single-primary", preferred: "web1", promote },
    filesystem,
  });
const nfs = (args: Partial<NfsExportArgs> = {}, name = "files") =>
  new NfsExport(name, { volume: volumeOf(), filesystem, clients: ["10.20.0.11", "10.20.0.12"], ...args });
const clients = (args: Partial<NfsMountArgs> = {}, name = "www") =>
  new NfsMount(name, { nodes: pair.nodes, server: "10.20.0.103", mountpoint: "/srv/www", ...args });
const text = (name: string): string => engine.named(name, "command:remote:Command").inputs["create"] as string;

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("both nodes are given the same, down to the name that clients are told", async () => {
  const made = nfs();
  expect(made.folder).toBe("/srv/files/export");
  await engine.settled();
  const [one, two] = ["web1", "web2"].map((node) =>
    text(`files-${node}-services-nfs`)
      .replaceAll(node, "node")
      .replace(/^# node .*$/m, ""),
  );
  expect(one).toBe(two);
  expect(one).toContain("sh files\n");
});

test("in a group the volume waits for its server, and the address comes last", () => {
  const { volume, unit } = nfs();
  expect(volume.ready.length).toBeGreaterThan(2);
  const floating = {
    name: "files",
    address: "10.20.0.103",
    prefixLength: 24,
    interface: "eth1",
    method: { kind: "arp" as const },
    nodes: ["web1", "web2"],
  };
  const runs = [drbd(volume), mount(volume, filesystem), service(unit), address(floating)];
  expect(runs.map(({ kind }) => kind)).toEqual(["drbd", "filesystem", "service", "address"]);
});

test("clients mount by the address that moves", async () => {
  clients();
  await engine.settled();
  for (const node of ["web1", "web2"]) expect(text(`www-${node}-nfs-mount`)).toContain("What=10.20.0.103:/");
});

test.each<[string, Partial<NfsExportArgs>, string[]]>([
  [
    "nobody, and times that cannot be",
    { clients: [], leaseSeconds: 5, threads: 0 },
    ["clients: is empty: nobody could mount it", "leaseSeconds: is out of range", "threads: is out of range"],
  ],
  [
    "names and the whole world",
    { clients: ["web1", "0.0.0.0/0"] },
    ["clients[0]: is neither an address nor a network", "clients[1]: is the whole world"],
  ],
])("an export for %s: one report", (_what, args, expected) => {
  expect(problems(() => nfs(args))).toEqual(expected);
});

test("a volume that promotes itself cannot carry it, and a kernel has one server only", () => {
  expect(problems(() => nfs({ volume: volumeOf("boot") }))).toEqual([
    "volume: a service that moves needs a volume that only its manager promotes",
  ]);
});

test("a mount of nothing, nowhere: one report", () => {
  expect(
    problems(() => clients({ nodes: [], server: "files", mountpoint: "www", path: "x", answerSeconds: 1 })),
  ).toEqual([
    "nodes: is empty: nobody would mount it",
    "server: is not an address",
    "mountpoint: is not an absolute path",
    "path: is not an absolute path",
    "answerSeconds: is out of range",
  ]);
  clients();
  expect(problems(() => clients({}, "again"))).toHaveLength(2);
});
