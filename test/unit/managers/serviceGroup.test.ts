import { UserError } from "../../../components";
import type { HaNode, NodePair } from "../../../components/haNode";
import { Findings } from "../../../components/internal/rules";
import { planGroups } from "../../../components/managers/planGroups";
import * as model from "../../../components/serviceGroup";

let nodes: NodePair;
let data: model.ReplicatedVolume;
let site: model.ReplicatedVolume;

beforeEach(() => {
  // Claims are kept by node: each test has its own.
  nodes = [{ name: "alice" } as HaNode, { name: "gertrude" } as HaNode];
  data = volume("mysql", 0);
  site = volume("www", 1);
});

function volume(resource: string, minor: number, other: Partial<model.ReplicatedVolume> = {}): model.ReplicatedVolume {
  const mode = { kind: "single-primary", preferred: "alice", promote: "manager" } as const;
  return { resource, minor, nodes, mode, ready: [], ...other };
}

const floating = (other: Partial<model.GroupAddress> = {}): model.GroupAddress => ({
  name: "private",
  address: "192.168.128.99",
  prefixLength: 17,
  interface: "eth0",
  method: { kind: "arp" },
  nodes: ["alice", "gertrude"],
  ...other,
});

const jfs = { type: "jfs", mountpoint: "/var/mysql" } as const;
const ext4 = { type: "ext4", mountpoint: "/var/www" } as const;

const db = (): model.ServiceGroup => ({
  name: "db",
  preferred: "alice",
  runs: [
    model.drbd(data),
    model.address(floating()),
    model.mount(data, jfs),
    model.service("mariadb"),
    model.mailTo("root"),
  ],
});
const www = (): model.ServiceGroup => ({
  name: "www",
  preferred: "gertrude",
  runs: [model.drbd(site), model.mount(site, ext4), model.service("lighttpd"), model.mailTo("root")],
});

/** Path and what is wrong of each problem. */
function problems(groups: readonly model.ServiceGroup[], knownServices?: readonly string[]): string[] {
  const found = new Findings();
  planGroups(groups, { nodes, ...(knownServices === undefined ? {} : { knownServices }) }, found);
  return found.problems.map(({ path, what }) => `${path}: ${what}`);
}

test("the crossed pair of two groups has nothing wrong, and its defaults are the safe ones", () => {
  const found = new Findings();
  const [first] = planGroups([db(), www()], { nodes }, found);
  expect(found.problems).toEqual([]);
  expect(first).toMatchObject({
    scores: { preferred: 100, other: 10 },
    failback: false,
    monitorSeconds: 10,
    migrationThreshold: 3,
    failureTimeoutSeconds: 600,
  });
});

test("a service is named as an operator types it, with or without its type", () => {
  expect(model.service("mariadb")).toEqual(model.service("mariadb.service"));
});

test.each<[string, () => readonly model.ServiceGroup[], string]>([
  ["no groups", () => [], "groups: a manager without groups has nothing to do"],
  [
    "an address that belongs to nobody",
    () => [{ ...db(), runs: [...db().runs.slice(0, 1), model.address(floating({ nodes: [] }))] }],
    "groups[0].runs[1]: this address belongs to nobody",
  ],
  [
    "an address that only one node may use",
    () => [{ ...db(), runs: [model.address(floating({ nodes: ["alice"] }))] }],
    "groups[0].runs[0]: gertrude may not use this address: the network would drop it there",
  ],
  [
    "an address with its prefix length",
    () => [{ ...db(), runs: [model.address(floating({ address: "192.0.2.1/24" }))] }],
    "groups[0].runs[0]: is not an IP address",
  ],
  [
    "one address in two groups",
    () => [db(), { ...www(), runs: [...www().runs, model.address(floating({ name: "other" }))] }],
    'groups[1].runs[4]: this address is already that of group "db"',
  ],
  [
    "a file system on another group's resource",
    () => [db(), { ...www(), runs: [model.drbd(site), model.mount(data, { ...jfs, mountpoint: "/srv" })] }],
    'groups[1].runs[1]: this file system lives on the resource of group "db"',
  ],
  [
    "a file system on nobody's resource",
    () => [{ ...www(), runs: [model.mount(data, jfs)] }],
    "groups[0].runs[0]: no group promotes the resource that this file system lives on",
  ],
  [
    "a file system before its resource",
    () => [{ ...db(), runs: [model.mount(data, jfs), model.drbd(data)] }],
    "groups[0].runs[0]: stands before its resource, and would be mounted before the node is Primary",
  ],
  [
    "two groups with one mount point",
    () => [db(), { ...www(), runs: [model.drbd(site), model.mount(site, { ...ext4, mountpoint: "/var/mysql" })] }],
    'groups[1].runs[1].mountpoint: this mount point is already that of group "db"',
  ],
  [
    "one resource in two groups",
    () => [db(), { ...www(), runs: [model.drbd(data), model.service("lighttpd")] }],
    'groups[1].runs[0]: this DRBD resource is already that of group "db"',
  ],
  [
    "one service in two groups",
    () => [db(), { ...www(), runs: [model.service("mariadb.service")] }],
    'groups[1].runs[0]: this service is already that of group "db"',
  ],
  [
    "one service twice in a group",
    () => [{ ...db(), runs: [...db().runs, model.service("mariadb")] }],
    'groups[0].runs[5]: this service is already given earlier in group "db"',
  ],
  [
    "two groups of one name",
    () => [db(), { ...www(), name: "db" }],
    'groups[1].name: this group is already given earlier in group "db"',
  ],
  [
    "scores that tie",
    () => [{ ...db(), scores: { preferred: 50, other: 50 } }],
    "groups[0].scores: the scores tie: nothing would say where the group runs",
  ],
  [
    "scores the wrong way round",
    () => [{ ...db(), scores: { preferred: 10, other: 100 } }],
    "groups[0].scores: are not scores of a preferred and another node",
  ],
  [
    "a preferred node of another pair",
    () => [{ ...db(), preferred: "fred" }],
    "groups[0].preferred: is not a node of this pair",
  ],
  [
    "a name that a member could have",
    () => [{ ...db(), name: "db-fs-mysql" }],
    "groups[0].name: is not a name for a group",
  ],
  [
    "nothing that serves",
    () => [{ ...db(), runs: [model.drbd(data)] }],
    "groups[0].runs: nothing in this group serves anybody",
  ],
  ["a monitor that never looks", () => [{ ...db(), monitorSeconds: 0 }], "groups[0].monitorSeconds: is out of range"],
  [
    "a volume that the node promotes by itself",
    () => {
      const own = volume("mysql", 0, { mode: { kind: "single-primary", preferred: "alice" } });
      return [{ ...db(), runs: [model.drbd(own), model.service("mariadb")] }];
    },
    "groups[0].runs[0]: the node promotes this volume by itself at boot, and the manager would work against it",
  ],
  [
    "a volume with two primaries",
    () => {
      const own = volume("mysql", 0, { mode: { kind: "dual-primary", acceptUnfenced: true } });
      return [{ ...db(), runs: [model.drbd(own), model.service("mariadb")] }];
    },
    "groups[0].runs[0]: both nodes are Primary: there is nothing to move",
  ],
  [
    "a volume of another pair",
    () => {
      const own = volume("mysql", 0, { nodes: [nodes[1], nodes[0]] });
      return [{ ...db(), runs: [model.drbd(own), model.service("mariadb")] }];
    },
    'groups[0].runs[0]: volume "mysql" is not on the nodes of this manager',
  ],
  [
    "links before their file system",
    () => [{ ...www(), runs: [model.drbd(site), model.links({ "/etc/x": "/var/www/x" }), model.mount(site, ext4)] }],
    "groups[0].runs[1]: is on no file system that this group has mounted by then: the link would point at nothing on the other node",
  ],
  [
    "a link on the replicated file system itself",
    () => [
      { ...www(), runs: [model.drbd(site), model.mount(site, ext4), model.links({ "/var/www/a": "/var/www/b" })] },
    ],
    "groups[0].runs[2]: is itself on a replicated file system",
  ],
  [
    "a service that is no unit",
    () => [{ ...db(), runs: [{ kind: "service", unit: "maria db" }] }],
    "groups[0].runs[0]: is not the name of a systemd service",
  ],
  [
    "a recipient that is none",
    () => [{ ...db(), runs: [...db().runs.slice(0, 4), model.mailTo("root; reboot")] }],
    "groups[0].runs[4]: is neither a mail address nor a local user",
  ],
])("refuses %s", (_name, groups, problem) => {
  expect(problems(groups())).toContain(problem);
});

test("a service that the image does not have is refused by name", () => {
  expect(problems([db()], ["lighttpd"])).toContain(
    "groups[0].runs[3]: no such service is on the nodes' image or made by this stack",
  );
  expect(problems([db()], ["mariadb"])).toEqual([]);
});

test("every problem is in one report", () => {
  const found = new Findings();
  const bad = { ...db(), name: "DB", preferred: "fred", scores: { preferred: 1, other: 1 } };
  planGroups(
    [bad, { ...www(), runs: [model.drbd(data), model.mount(site, { ...ext4, mountpoint: "/var/mysql" })] }],
    { nodes },
    found,
  );
  const report = new UserError("cannot be built:", found.problems).message;
  expect(found.problems.length).toBeGreaterThanOrEqual(6);
  expect(report).toContain("to do:");
});
