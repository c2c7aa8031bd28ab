import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { projectRoot } from "../../support/lab";
import { MockEngine } from "../../support/mockEngine";
import { setAt } from "./setAt";

jest.mock("../../../config/accountChecks", () => ({ accountSettings: () => ({}), checkAgainstApi: async () => [] }));

import { activePassive } from "../../../stacks/activePassive";
import { crossedPair } from "../../../stacks/crossedPair";
import { dualPrimary } from "../../../stacks/dualPrimary";
import { manualFailover } from "../../../stacks/manualFailover";

type Program = typeof crossedPair;
const PROGRAMS: Record<string, Program> = {
  "crossed-pair": crossedPair,
  "active-passive": activePassive,
  "manual-failover": manualFailover,
};

/** The example's configuration as Pulumi hands it out, changed. */
function configOf(system: string, change: (document: Record<string, unknown>) => void = () => undefined) {
  const file = join(projectRoot, "stacks", `Pulumi.lab-${system}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  change(config);
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

let engine: MockEngine;
afterEach(() => {
  delete process.env["LINODE_FENCING_TOKEN"];
});
beforeEach(async () => {
  // As `linode-lab env` has it.
  process.env["LINODE_FENCING_TOKEN"] = "of-the-lab";
  engine = new MockEngine();
  await engine.start();
});

const steps = (): string[] => engine.ofType("command:remote:Command").map(({ name }) => name);
const text = (name: string): string => engine.named(name, "command:remote:Command").inputs["create"] as string;
const run = async (system: string, change?: Parameters<typeof configOf>[1]) => {
  await PROGRAMS[system]!(configOf(system, change), "linode-ha");
  await engine.settled();
};

test.each(Object.keys(PROGRAMS))("%s: storage before services before the manager, on both nodes", async (system) => {
  await run(system);
  const order = steps();
  const at = (part: RegExp): number[] => order.flatMap((name, index) => (part.test(name) ? [index] : []));
  const [storage, services, manager] = [at(/-filesystem$/), at(/-services-/), at(/^(cluster|heartbeat|hand)-/)];
  expect(storage.length).toBeGreaterThanOrEqual(2);
  expect(services.length).toBeGreaterThanOrEqual(2);
  expect(manager.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...storage)).toBeLessThan(Math.max(...services));
  expect(Math.max(...services)).toBeLessThan(Math.min(...manager));
});

test("crossed pair: each group has its node, its volume, its address and its service", async () => {
  await run("crossed-pair");
  const cluster = text("cluster-alice-pacemaker");
  expect(cluster).toContain("10.20.0.100");
  expect(cluster).toContain("systemd");
  expect(text("mariadb-gertrude-services-mariadb")).toContain("bind-address = 10.20.0.100");
  expect(text("mysql-alice-drbd")).toMatch(/wfc-timeout 15;/);
});

test("active/passive: DRBD is tuned as its source asks, and the kernel balances load", async () => {
  await run("active-passive");
  const resource = text("site-lb1-drbd");
  for (const line of [
    "max-buffers 2048;",
    "ko-count 4;",
    "al-extents 257;",
    "degr-wfc-timeout 120;",
    "on-io-error detach;",
  ]) {
    expect(resource).toContain(line);
  }
  expect(text("balancing-lb2-forwarding")).toContain("net.ipv4.ip_forward = 1");
});

test("without load balancing nothing forwards", async () => {
  await run("active-passive", (document) => {
    document["linode-ha:loadBalancing"] = false;
  });
  expect(steps().filter((name) => name.includes("forwarding"))).toEqual([]);
});

test("manual failover: Apache's configuration is put on the volume once, and packages are compared last", async () => {
  await run("manual-failover");
  expect(text("apache-node1-services-apache")).toContain("/srv/etc-apache2");
  expect(
    steps()
      .slice(-2)
      .every((name) => name.startsWith("packages-")),
  ).toBe(true);
});

test("a public address is the pair's, and its group starts what announces it", async () => {
  await run("crossed-pair", (document) => {
    setAt(document, "linode-ha:addresses.site", { kind: "public4" });
  });
  expect(engine.ofType("linode:index/instanceIp:InstanceIp")).toHaveLength(1);
  expect(text("cluster-alice-pacemaker")).toContain("site");
});

test("dual-primary with fencing: DRBD has a lost peer shot, o2cb waits, and nothing has to be accepted", async () => {
  const file = join(projectRoot, "stacks", "Pulumi.lab.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
  config["linode-ha:fencing"] = { kind: "linode", confirmSeconds: 30, apiUrl: "http://203.0.113.2/v4" };
  const all = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  await dualPrimary(Object.fromEntries(all) as Record<string, string>, "linode-ha");
  await engine.settled();
  const resource = text("www-web1-drbd");
  expect(resource).toContain("fencing resource-and-stonith;");
  expect(resource).toContain('fence-peer "/usr/local/lib/linode-ha/drbd-fence-peer";');
  expect(text("www-web2-ocfs2")).toContain("HEARTBEAT_THRESHOLD=22");
  expect(text("fencing-web1-fencing")).toContain("http://203.0.113.2/v4");
  const order = steps();
  expect(order.indexOf("www-web1-drbd")).toBeGreaterThan(order.indexOf("fencing-web2-fencing"));
  const shown = engine.registered.map(({ inputs }) => JSON.stringify(inputs["create"] ?? inputs));
  expect(shown.join()).not.toContain("of-the-lab");
});

const BAD: readonly [string, string, (document: Record<string, unknown>) => void][] = [
  ["scores that tie", "the scores tie", (d) => setAt(d, "linode-ha:groups.db.scores", { preferred: 1, other: 1 })],
  ["an address of nobody", "is not among addresses", (d) => setAt(d, "linode-ha:groups.web.addresses", ["www"])],
  [
    "one mount point in two groups",
    "the same mount point",
    (d) => setAt(d, "linode-ha:volumes.www.filesystem.mountpoint", "/var/mysql"),
  ],
  [
    "another group's resource",
    "does not move with the service",
    (d) => setAt(d, "linode-ha:services.mariadb.volume", "www"),
  ],
  ["an unknown service", "is not among services", (d) => setAt(d, "linode-ha:groups.db.services", ["oracle"])],
  ["a region without a number", "route servers is not known", (d) => setAt(d, "linode-ha:pair.region", "us-iad-2")],
];
test.each(BAD)("refused before anything is registered: %s", async (_what, words, change) => {
  await expect(crossedPair(configOf("crossed-pair", change), "linode-ha")).rejects.toThrow(words);
  expect(engine.registered).toEqual([]);
  await engine.settled();
});
