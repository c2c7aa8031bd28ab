import { UserError, type Problem } from "../../../components/internal/errors";
import { dualPrimaryConfig, parseDualPrimary } from "../../../config/dualPrimary";

type Document = Record<string, unknown>;

/** The least that a user writes. */
function minimal(): { pair: Document; volumes: Record<string, Document>; fencing: Document } & Document {
  return {
    system: "dual-primary",
    pair: {
      region: "eu-central",
      type: "g6-standard-2",
      nodes: ["web1", "web2"],
      domain: "example.org",
      access: { adminCidrs: ["203.0.113.0/24"] },
    },
    volumes: { www: { filesystem: { mountpoint: "/srv/www" } } },
    fencing: { kind: "none", acceptUnfenced: true },
  };
}

function problemsOf(document: Document): readonly Problem[] {
  const parsed = parseDualPrimary(document);
  return "problems" in parsed ? parsed.problems : [];
}

/** Changes one value of the minimal document by its path; undefined removes it. */
function withValue(path: readonly (string | number)[], value: unknown): Document {
  const document = minimal();
  let target = document as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) {
    target[part] ??= {};
    target = target[part] as Record<string | number, unknown>;
  }
  const last = path[path.length - 1]!;
  if (value === undefined) {
    Reflect.deleteProperty(target, last);
  } else {
    target[last] = value;
  }
  return document;
}

test("the least that a user writes gives a whole configuration with safe defaults", () => {
  expect(dualPrimaryConfig(minimal())).toEqual({
    system: "dual-primary",
    pair: {
      region: "eu-central",
      type: "g6-standard-2",
      image: "linode/debian13",
      nodes: ["web1", "web2"],
      domain: "example.org",
      disks: { bootMiB: 20480, swapMiB: 512, raw: {}, volumes: { www: { sizeGiB: 10 } } },
      interconnect: { kind: "vlan", cidr: "10.20.0.0/24" },
      access: { adminCidrs: ["203.0.113.0/24"], authorizedKeys: [], publicTcpPorts: [] },
      placement: "strict",
      configLabel: "ha",
      alerts: {},
      tags: [],
      timezone: "Etc/UTC",
    },
    volumes: [
      {
        name: "www",
        backing: { kind: "volume", name: "www" },
        mode: { kind: "dual-primary", acceptUnfenced: true },
        port: 7788,
        minor: 0,
        initialSync: "skip-if-blank",
        detection: { seconds: 3 },
        filesystem: { type: "ocfs2", mountpoint: "/srv/www", mountOptions: ["noatime", "acl"], slots: 2 },
      },
    ],
    ocfs2: { cluster: "ha", port: 7777 },
    fencing: { kind: "none", acceptUnfenced: true },
    detection: { seconds: 3 },
  });
});

test("with fencing nothing has to be accepted, and its settings have defaults", () => {
  const document = { ...withValue(["fencing"], { kind: "linode" }), fencingToken: "narrow" };
  const config = dualPrimaryConfig(document);
  expect(config.fencing).toEqual({ kind: "linode", confirmSeconds: 60 });
  expect(config.fencingToken).toBe("narrow");
  expect(config.volumes[0]?.mode).toEqual({ kind: "dual-primary", acceptUnfenced: false });
});

test("a token for fencing is never shown, whatever is wrong beside it", () => {
  const fencing = { kind: "linode", confirmSeconds: 1, apiUrl: "api", caCertificates: "none" };
  const problems = problemsOf({ ...withValue(["fencing"], fencing), fencingToken: 123456789 });
  expect(problems.map(({ path }) => path).sort()).toEqual([
    "fencing.apiUrl",
    "fencing.caCertificates",
    "fencing.confirmSeconds",
    "fencingToken",
  ]);
  expect(JSON.stringify(problems)).not.toContain("123456789");
});

test("equal sizes given for each side are one size", () => {
  const config = dualPrimaryConfig(
    withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: { web1: 12, web2: 12 } }),
  );
  expect(config.pair.disks.volumes).toEqual({ www: { sizeGiB: 12 } });
});

test("an image for each node is passed on", () => {
  const image = { web1: "linode/debian13", web2: "linode/debian12" };
  expect(dualPrimaryConfig(withValue(["pair", "image"], image)).pair.image).toEqual(image);
});

test("a raw disk becomes a disk of the pair under the volume's name", () => {
  const config = dualPrimaryConfig(withValue(["volumes", "www", "backing"], { kind: "disk", sizeMiB: 20480 }));
  expect(config.pair.disks.raw).toEqual({ www: { sizeMiB: 20480 } });
  expect(config.volumes[0]?.backing).toEqual({ kind: "disk", name: "www" });
});

describe("bad input is told by path, value, what is allowed and what to do", () => {
  const cases: [string, Document, Partial<Problem> & { what: unknown }][] = [
    [
      "an unknown key, with what was meant",
      withValue(["pair", "regoin"], "eu-central"),
      { path: "pair.regoin", what: "is not a known key", todo: expect.stringContaining('"region"') },
    ],
    [
      "an unknown section",
      withValue(["volume"], {}),
      { path: "volume", what: "is not a known key", todo: expect.stringContaining('"volumes"') },
    ],
    [
      "a wrong type",
      withValue(["pair", "swapMiB"], "lots"),
      { path: "pair.swapMiB", given: "lots", what: expect.stringContaining("a number is wanted") },
    ],
    ["a missing value", withValue(["pair", "region"], undefined), { path: "pair.region", what: "is missing" }],
    ["a missing section", withValue(["fencing"], undefined), { path: "fencing", what: "is missing" }],
    [
      "a section that is text",
      withValue(["pair"], "web"),
      { path: "pair", given: "web", what: expect.stringContaining("an object is wanted") },
    ],
    [
      "equal node names",
      withValue(["pair", "nodes"], ["web1", "web1"]),
      { path: "pair.nodes", what: "both nodes have the same name" },
    ],
    [
      "an invalid host name",
      withValue(["pair", "nodes"], ["web1", "Web_2"]),
      { path: "pair.nodes[1]", given: "Web_2", what: expect.stringContaining("host name") },
    ],
    [
      "three nodes",
      withValue(["pair", "nodes"], ["web1", "web2", "web3"]),
      { path: "pair.nodes", what: "has the wrong number of entries" },
    ],
    [
      "a volume below the vendor's least size",
      withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: 9 }),
      {
        path: "volumes.www.backing.sizeGiB",
        given: 9,
        what: "is too small",
        allowed: expect.stringContaining("10"),
      },
    ],
    [
      "sides of different size",
      withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: { web1: 10, web2: 20 } }),
      { path: "volumes.www.backing.sizeGiB", what: "the two sides are of different size" },
    ],
    [
      "one side too small",
      withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: { web1: 10, web2: 5 } }),
      { path: "volumes.www.backing.sizeGiB.web2", given: 5, what: "is too small" },
    ],
    [
      "a size for a node that is not of the pair",
      withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: { web1: 10, web9: 10 } }),
      { path: "volumes.www.backing.sizeGiB", what: "does not name the two nodes" },
    ],
    [
      "a port out of range",
      withValue(["volumes", "www", "port"], 70000),
      { path: "volumes.www.port", given: 70000, what: "is not a TCP port" },
    ],
    [
      "a port used twice",
      withValue(["volumes", "www", "port"], 7777),
      { path: "volumes.www.port", given: 7777, what: expect.stringContaining("ocfs2.port") },
    ],
    [
      "SSH's port",
      withValue(["pair", "access", "publicTcpPorts"], [80, 22]),
      { path: "pair.access.publicTcpPorts[1]", given: 22, what: expect.stringContaining("SSH") },
    ],
    [
      "the replication's port opened to the world",
      withValue(["pair", "access", "publicTcpPorts"], [7788]),
      { path: "pair.access.publicTcpPorts[0]", what: expect.stringContaining("volumes.www.port") },
    ],
    [
      "a mount point that is not absolute",
      withValue(["volumes", "www", "filesystem", "mountpoint"], "srv/www"),
      { path: "volumes.www.filesystem.mountpoint", given: "srv/www", what: "is not an absolute path" },
    ],
    [
      "a mount point used twice",
      withValue(["volumes", "db"], { port: 7789, minor: 1, filesystem: { mountpoint: "/srv/www" } }),
      { path: "volumes.db.filesystem.mountpoint", what: expect.stringContaining("volume www") },
    ],
    [
      "a second volume with the first one's port",
      withValue(["volumes", "db"], { minor: 1, filesystem: { mountpoint: "/srv/db" } }),
      { path: "volumes.db.port", what: expect.stringContaining("volumes.www.port") },
    ],
    [
      "a second volume with the first one's device number",
      withValue(["volumes", "db"], { port: 7789, filesystem: { mountpoint: "/srv/db" } }),
      { path: "volumes.db.minor", what: expect.stringContaining("volume www") },
    ],
    [
      "a file system that is not a cluster file system",
      withValue(["volumes", "www", "filesystem", "type"], "ext4"),
      {
        path: "volumes.www.filesystem.type",
        given: "ext4",
        what: expect.stringContaining("not a cluster file system"),
      },
    ],
    [
      "no word on fencing",
      withValue(["fencing", "acceptUnfenced"], undefined),
      {
        path: "fencing.acceptUnfenced",
        what: "is missing",
        todo: expect.stringContaining("acceptUnfenced: true"),
      },
    ],
    [
      "unfenced, and not accepted",
      withValue(["fencing", "acceptUnfenced"], false),
      { path: "fencing.acceptUnfenced", given: false, what: expect.stringContaining("must be true") },
    ],
    [
      "fencing without a token",
      withValue(["fencing"], { kind: "linode" }),
      {
        path: "fencingToken",
        what: expect.stringContaining("needs a token"),
        todo: expect.stringContaining("LINODE_FENCING_TOKEN"),
      },
    ],
    [
      "fenced and unfenced at once",
      withValue(["fencing"], { kind: "linode", acceptUnfenced: true }),
      { path: "fencing.acceptUnfenced", what: "does not belong to kind linode" },
    ],
    [
      "IPv6 under a cluster file system",
      withValue(["pair", "interconnect"], { kind: "public6" }),
      {
        path: "pair.interconnect.kind",
        given: "public6",
        what: "is IPv6, and the cluster file system's o2cb speaks IPv4 only",
        allowed: "vlan or private",
      },
    ],
    [
      "asynchronous replication",
      withValue(["volumes", "www", "protocol"], "A"),
      { path: "volumes.www.protocol", given: "A", what: expect.stringContaining("not safe") },
    ],
    [
      "a VLAN in the vendor's private network",
      withValue(["pair", "interconnect"], { kind: "vlan", cidr: "192.168.200.0/24" }),
      { path: "pair.interconnect.cidr", what: expect.stringContaining("192.168.128.0/17") },
    ],
    [
      "a VLAN over an admin network",
      withValue(["pair", "interconnect"], { kind: "vlan", cidr: "203.0.112.0/20" }),
      { path: "pair.interconnect.cidr", what: expect.stringContaining("adminCidrs") },
    ],
    [
      "a VLAN without room for two",
      withValue(["pair", "interconnect"], { kind: "vlan", cidr: "10.0.0.0/31" }),
      { path: "pair.interconnect.cidr", given: "10.0.0.0/31", what: expect.stringContaining("room for two nodes") },
    ],
    [
      "an interconnect that there is not",
      withValue(["pair", "interconnect"], { kind: "wire" }),
      { path: "pair.interconnect.kind", given: "wire", what: "is not one of the choices" },
    ],
    [
      "a key of another kind",
      withValue(["pair", "interconnect"], { kind: "private", cidr: "10.20.0.0/24" }),
      { path: "pair.interconnect.cidr", what: "does not belong to kind private" },
    ],
    [
      "nobody admitted",
      withValue(["pair", "access", "adminCidrs"], []),
      { path: "pair.access.adminCidrs", what: expect.stringContaining("nobody could log in") },
    ],
    [
      "an admin network without prefix",
      withValue(["pair", "access", "adminCidrs"], ["203.0.113.7"]),
      { path: "pair.access.adminCidrs[0]", given: "203.0.113.7", what: "is not a network" },
    ],
    [
      "a volume's name",
      withValue(["volumes", "My Files"], { port: 7789, minor: 1, filesystem: { mountpoint: "/srv/x" } }),
      { path: "volumes.My Files", given: "My Files", what: "is not a name for a volume" },
    ],
    ["no volume", withValue(["volumes"], {}), { path: "volumes", what: expect.stringContaining("is empty") }],
    [
      "a time zone",
      withValue(["pair", "timezone"], "Europe/Berlln"),
      { path: "pair.timezone", given: "Europe/Berlln", what: "is not a time zone" },
    ],
    [
      "images that do not name the two nodes",
      withValue(["pair", "image"], { web1: "linode/debian12", web9: "linode/debian13" }),
      { path: "pair.image", what: "does not name the two nodes" },
    ],
    [
      "another image",
      withValue(["pair", "image"], "linode/ubuntu24.04"),
      { path: "pair.image", given: "linode/ubuntu24.04", what: "is not one of the choices" },
    ],
  ];

  test.each(cases)("%s", (_name, document, expected) => {
    const problems = problemsOf(document);
    expect(problems).toContainEqual(expect.objectContaining(expected));
    for (const problem of problems) {
      expect(problem.todo).not.toBe("");
      expect(problem.todo).not.toContain("see the reference");
    }
  });
});

test("each of these documents has just the one problem that was put into it", () => {
  const documents = [
    withValue(["pair", "regoin"], "eu-central"),
    withValue(["pair", "nodes"], ["web1", "web1"]),
    withValue(["fencing"], undefined),
    withValue(["volumes", "www", "backing"], { kind: "volume", sizeGiB: 9 }),
    withValue(["volumes", "www", "port"], 70000),
    withValue(["pair", "interconnect"], { kind: "wire" }),
    withValue(["pair", "interconnect"], { kind: "public6" }),
    withValue(["fencing"], { kind: "linode" }),
    withValue(["volumes", "www", "filesystem", "type"], "ext4"),
  ];
  expect(documents.map((document) => problemsOf(document).length)).toEqual(documents.map(() => 1));
});

test("everything wrong is in one report, without a stack trace", () => {
  const document = minimal();
  document.pair = { ...document.pair, nodes: ["web1", "web1"], domain: "nowhere", zone: 1 };
  document.volumes = { www: { port: 7777, filesystem: { mountpoint: "www", type: "xfs" } } };
  document.fencing = { kind: "none" };
  let report = "";
  try {
    dualPrimaryConfig(document);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    report = String((error as Error).stack);
  }
  for (const path of [
    "pair.nodes",
    "pair.domain",
    "pair.zone",
    "volumes.www.port",
    "volumes.www.filesystem.mountpoint",
    "volumes.www.filesystem.type",
    "fencing.acceptUnfenced",
  ]) {
    expect(report).toContain(`- ${path}: `);
  }
  expect(report).not.toMatch(/\n\s+at /);
});

test("a private key that was pasted by mistake is not repeated", () => {
  const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"x".repeat(60)}`;
  const [problem] = problemsOf(withValue(["pair", "access", "authorizedKeys"], [key]));
  expect(problem?.path).toBe("pair.access.authorizedKeys[0]");
  expect(JSON.stringify(problem)).not.toContain("xxx");
});
