import {
  DrbdVolume,
  HaPair,
  Ocfs2Cluster,
  UserError,
  type DrbdVolumeArgs,
  type NodePair,
  type Ocfs2ClusterArgs,
} from "../../../components";
import { MockEngine } from "../../support/mockEngine";

const dual = { kind: "dual-primary", acceptUnfenced: true } as const;
const single = { kind: "single-primary", preferred: "web1" } as const;

let engine: MockEngine;
let nodes: NodePair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  nodes = pair({}).nodes;
});

afterEach(async () => {
  await engine.settled();
});

function pair(interconnect: { kind?: "public6" }): HaPair {
  return new HaPair(interconnect.kind ?? "web", {
    region: "eu-central",
    type: "g6-standard-2",
    nodes: ["web1", "web2"],
    domain: "example.org",
    disks: { volumes: { www: { sizeGiB: 10 }, mail: { sizeGiB: 10 } } },
    ...(interconnect.kind === undefined ? {} : { interconnect: { kind: interconnect.kind } }),
    access: { adminCidrs: ["203.0.113.0/24"] },
  });
}

function volume(name: string, args: Partial<DrbdVolumeArgs> = {}): DrbdVolume {
  return new DrbdVolume(name, { nodes, backing: { kind: "volume", name }, mode: dual, ...args });
}

const ocfs2 = (name: string, args: Ocfs2ClusterArgs) => new Ocfs2Cluster(name, args);

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

const steps = () => engine.ofType("command:remote:Command").map(({ name }) => name);

describe("DrbdVolume", () => {
  it("configures both sides before either is activated", async () => {
    const www = volume("www");
    await engine.settled();
    expect(www.device).toBe("/dev/drbd0");
    const order = steps();
    const last = Math.max(order.indexOf("www-web1-drbd"), order.indexOf("www-web2-drbd"));
    const first = Math.min(order.indexOf("www-web1-activate"), order.indexOf("www-web2-activate"));
    expect(order.indexOf("www-web1-drbd")).toBeGreaterThanOrEqual(0);
    expect(first).toBeGreaterThan(last);
  });

  it("replicates over the interconnect, or over public IPv6 where it is told to", async () => {
    volume("www");
    volume("mail", { network: "public6", port: 7789, minor: 1 });
    await engine.settled();
    const text = (name: string) => JSON.stringify(engine.named(name, "command:remote:Command").inputs["create"]);
    expect(text("www-web1-drbd")).toMatch(/address ipv4 10\.20\.0\.1:7788;/);
    expect(text("mail-web1-drbd")).toMatch(/address ipv6 \[2001:db8:[0-9a-f:]+\]:7789;/);
    expect(text("mail-web1-drbd")).not.toMatch(/address ipv4/);
  });

  it.each<[string, Partial<DrbdVolumeArgs>, string]>([
    ["a port that is none", { port: 70000 }, "port: is not a TCP port"],
    ["a minor that is none", { minor: 256 }, "minor: is not a device number"],
    [
      "two primaries that nobody accepted unfenced",
      { mode: { kind: "dual-primary", acceptUnfenced: false } },
      "mode.acceptUnfenced: two primaries without fencing can diverge when the nodes lose each other",
    ],
    [
      "two primaries with asynchronous replication",
      { tuning: { net: { protocol: "A" } } },
      "tuning.net.protocol: two primaries need every write on both sides",
    ],
    [
      "a local file system on two primaries",
      { filesystem: { type: "ext4", mountpoint: "/srv" } },
      "filesystem.type: is not a cluster file system: two primaries that mount it destroy it",
    ],
    [
      "a file system whose journal nobody replays",
      { mode: single, filesystem: { type: "jfs", mountpoint: "/srv" } },
      "filesystem.type: loses synced files in a crash: Debian's jfs_fsck cannot replay its journal (jfsutils 1.1.15-5 and later)",
    ],
    [
      "a relative mount point",
      { mode: single, filesystem: { type: "ext4", mountpoint: "srv" } },
      "filesystem.mountpoint: is not an absolute path",
    ],
    [
      "a preferred node of another pair",
      { mode: { kind: "single-primary", preferred: "db1" } },
      "mode.preferred: is not a node of this pair",
    ],
    [
      "a backing that the pair lacks",
      { backing: { kind: "volume", name: "wwww" } },
      "backing.name: web1 has no such volume",
    ],
    ["a device outside /dev", { backing: { kind: "device", path: "sdc" } }, "backing.path: is not a device"],
    [
      "an option of another DRBD version",
      { tuning: { net: { quorum: "majority" } as object } },
      "tuning.net.quorum: is no option of DRBD 8.4, which the nodes' kernel has",
    ],
    [
      "a section of another DRBD version",
      { tuning: { options: { autoPromote: true } } as object },
      "tuning.options: is no section of DRBD 8.4, which the nodes' kernel has",
    ],
    ["a detection time out of range", { detection: { seconds: 1 } }, "detection.seconds: is out of range"],
  ])("refuses %s", (_name, args, problem) => {
    expect(problems(() => volume("www", args))).toContain(problem);
    expect(steps().filter((name) => name.startsWith("www"))).toEqual([]);
  });

  it("takes JFS from whoever says that what was just written may be lost", async () => {
    volume("www", { mode: single, filesystem: { type: "jfs", mountpoint: "/srv", acceptJournalLoss: true } });
    await engine.settled();
    expect(steps()).toContain("www-web1-filesystem");
  });

  it("tells every option that DRBD would not take in one report, and names those that it takes", () => {
    const tuning = { net: { maxBuffers: 1, quorum: "off", transport: "tcp" }, disk: { onIoError: "panic" } } as object;
    const found = problems(() => volume("www", { tuning, port: 0 }));
    expect(found).toEqual([
      "port: is not a TCP port",
      expect.stringMatching(/^tuning\.net\.maxBuffers: is not a value that DRBD 8\.4 takes: .*32/),
      "tuning.net.quorum: is no option of DRBD 8.4, which the nodes' kernel has",
      "tuning.net.transport: is no option of DRBD 8.4, which the nodes' kernel has",
      expect.stringMatching(/^tuning\.disk\.onIoError: is not a value that DRBD 8\.4 takes: .*detach/),
    ]);
    expect(() => volume("www", { tuning })).toThrow(/allowed: protocol, cramHmacAlg, /);
    expect(steps().filter((name) => name.startsWith("www"))).toEqual([]);
  });

  it("refuses what another volume of the same nodes already uses", () => {
    volume("www", { mode: single, filesystem: { type: "ext4", mountpoint: "/srv" } });
    const found = problems(() =>
      volume("other", {
        backing: { kind: "volume", name: "www" },
        mode: single,
        filesystem: { type: "ext4", mountpoint: "/srv" },
      }),
    );
    const taken = (kind: string, node: string) => `this ${kind} of ${node} is already used by DrbdVolume "www"`;
    expect(found).toEqual(
      ["web1", "web2"].flatMap((node) => [
        `port: ${taken("tcp port", node)}`,
        `minor: ${taken("drbd minor", node)}`,
        `backing: ${taken("device", node)}`,
        `filesystem.mountpoint: ${taken("mount point", node)}`,
      ]),
    );
  });
});

describe("Ocfs2Cluster", () => {
  it.each<[string, Partial<Ocfs2ClusterArgs>, string]>([
    ["a port that is none", { port: 0 }, "port: is not a TCP port"],
    ["the volume's own port", { port: 7788 }, 'port: this tcp port of web1 is already used by DrbdVolume "www"'],
    ["a relative mount point", { mountpoint: "srv" }, "mountpoint: is not an absolute path"],
    ["a name that o2cb cannot carry", { cluster: "web-pair" }, "cluster: is not a name for an o2cb cluster"],
  ])("refuses %s", (_name, args, problem) => {
    const www = volume("www");
    expect(problems(() => ocfs2("www", { volume: www, mountpoint: "/srv/www", ...args }))).toContain(problem);
  });

  it("refuses a volume with one primary", () => {
    const www = volume("www", { mode: single });
    expect(problems(() => ocfs2("www", { volume: www, mountpoint: "/srv/www" }))).toEqual([
      "volume: two nodes can mount it only when both are Primary",
    ]);
  });

  it("refuses an IPv6 interconnect, which o2cb cannot speak", () => {
    nodes = pair({ kind: "public6" }).nodes;
    const www = volume("www");
    expect(problems(() => ocfs2("www", { volume: www, mountpoint: "/srv/www" }))).toContain(
      "volume.nodes: o2cb speaks IPv4 only, and web1's interconnect is IPv6",
    );
  });

  it("lets two file systems share a cluster and its port, but no mount point", () => {
    const www = volume("www");
    const mail = volume("mail", { port: 7789, minor: 1 });
    ocfs2("www", { volume: www, mountpoint: "/srv/www" });
    expect(problems(() => ocfs2("mail", { volume: mail, mountpoint: "/srv/mail" }))).toEqual([]);
    expect(problems(() => ocfs2("twice", { volume: mail, mountpoint: "/srv/www" }))).toEqual([
      'mountpoint: this mount point of web1 is already used by Ocfs2Cluster "www"',
      'mountpoint: this mount point of web2 is already used by Ocfs2Cluster "www"',
    ]);
  });
});
