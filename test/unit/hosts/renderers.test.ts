import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { baseRole } from "../../../hosts/base/render";
import { drbdDiskOptions, drbdNetOptions } from "../../../hosts/drbd/options";
import { deviceStamp, drbdRole, renderResource } from "../../../hosts/drbd/render";
import { filesystemRole, mountUnitName } from "../../../hosts/filesystem/render";
import { ocfs2Role } from "../../../hosts/ocfs2/render";
import { packages } from "../../../hosts/packages";
import { storageTimings } from "../../../hosts/timings";
import * as cases from "./cases";

test("both nodes of a resource get the same resource file", () => {
  const file = (node: string) => drbdRole.files({ ...cases.dualPrimary, node })["/etc/drbd.d/www.res"];
  expect(file("web2")).toEqual(file("web1"));
  expect(file("web1")).toMatchObject({ mode: "0600", secret: "drbd-shared-secret" });
});

test("two primaries are allowed in that mode only", () => {
  expect(renderResource(cases.dualPrimary)).toContain("allow-two-primaries yes;");
  expect(renderResource(cases.crossedPair)).not.toContain("allow-two-primaries");
  expect(() => renderResource({ ...cases.dualPrimary, net: { protocol: "A" } })).toThrow(/only C keeps both equal/);
});

test("IPv6 addresses stand in brackets with their family", () => {
  expect(renderResource(cases.crossedPair)).toContain("address ipv6 [2001:db8:1::a]:7801;");
});

test("a declared resync rate is a fixed one", () => {
  expect(renderResource(cases.crossedPair)).toMatch(/resync-rate 4096k;\n\s+c-plan-ahead 0;/);
  expect(renderResource({ ...cases.crossedPair, disk: { resyncRateKiB: 4096, cPlanAhead: 20 } })).toContain(
    "c-plan-ahead 20;",
  );
});

test("only settings of DRBD 8.4, within its ranges, are taken", () => {
  expect(drbdNetOptions.safeParse({ transport: "tcp" }).success).toBe(false);
  expect(drbdNetOptions.safeParse({ koCount: 201 }).success).toBe(false);
  expect(drbdDiskOptions.safeParse({ alExtents: 257 }).success).toBe(true);
});

test("a timeout that the kernel would refuse when connecting is refused before", () => {
  expect(() => renderResource({ ...cases.dualPrimary, timings: undefined, net: { timeout: 100 } })).toThrow(
    /must be shorter than/,
  );
});

test("a node that is not of the pair is refused by name", () => {
  expect(() => drbdRole.variables({ ...cases.dualPrimary, node: "web3" })).toThrow(
    'node "web3" is not one of web1, web2',
  );
  expect(() => ocfs2Role.files({ ...cases.ocfs2, node: "web3" })).toThrow('node "web3" is not one of web1, web2');
  expect(() => baseRole.variables({ ...cases.base, node: "web3" })).toThrow('node "web3" is not one of web1, web2');
});

test("metadata is stamped alike for the same resource and node, and for no other", () => {
  expect(deviceStamp("a", "web1")).toMatch(/^0x[0-9a-f]{16}$/);
  expect(deviceStamp("a", "web1")).toBe(deviceStamp("a", "web1"));
  expect(new Set([deviceStamp("a", "web1"), deviceStamp("a", "web2"), deviceStamp("b", "web1")]).size).toBe(3);
});

test("only the node that is to promote at boot has a keeper; in dual-primary mode both have", () => {
  const keeper = (params: typeof cases.tuned) => drbdRole.variables(params).KEEPER;
  expect([keeper(cases.tuned), keeper({ ...cases.tuned, node: "web1" }), keeper(cases.crossedPair)]).toEqual([
    "yes",
    "no",
    "no",
  ]);
  expect(["web1", "web2"].map((node) => keeper({ ...cases.dualPrimary, node }))).toEqual(["yes", "yes"]);
});

test("what a manager promotes says so in the words that the unit asks for: at a boot it is then left to Pacemaker", () => {
  const files = drbdRole.files(cases.crossedPair);
  expect(files["/etc/linode-ha/drbd/mysql"]?.content).toContain("PROMOTE=manager\n");
  expect(files["/usr/local/lib/linode-ha/drbd-unit"]?.content).toContain("$PROMOTE == manager ");
  expect(drbdRole.files(cases.tuned)["/etc/linode-ha/drbd/srv"]?.content).toContain("PROMOTE=boot\n");
});

test("o2cb never decides before DRBD and fencing have", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 0, max: 300 }), (seconds, fencingSeconds) => {
      const { drbd, o2cb } = storageTimings({ seconds, fencingSeconds });
      const dead = (o2cb.heartbeatDeadThreshold - 1) * 2;
      expect(drbd.pingInt + drbd.pingTimeout / 10).toBeLessThanOrEqual(Math.max(seconds, 1.5));
      expect(drbd.timeout).toBeLessThan(Math.min(drbd.connectInt, drbd.pingInt) * 10);
      expect(dead).toBeGreaterThanOrEqual(2 * seconds + fencingSeconds + 6);
      expect(o2cb.idleTimeoutMs).toBeLessThan(dead * 1000);
      expect(o2cb.idleTimeoutMs).toBeGreaterThan(seconds * 1000);
      expect(o2cb.keepaliveDelayMs).toBeLessThan(o2cb.idleTimeoutMs);
      // What the tools of o2cb ask for at least.
      expect(o2cb.heartbeatDeadThreshold).toBeGreaterThanOrEqual(7);
      expect(o2cb.idleTimeoutMs).toBeGreaterThanOrEqual(5000);
    }),
  );
  expect(() => storageTimings({ seconds: 1 })).toThrow("detection.seconds is 1");
});

test("mount units are named as systemd names them", () => {
  for (const path of ["/srv/www", "/srv/site-data", "/a_b/c.d", "/.hidden/x", "/söre"] as const) {
    const real = spawnSync("systemd-escape", ["--path", "--suffix=mount", path], { encoding: "utf8" }).stdout.trim();
    expect(mountUnitName(path)).toBe(real);
  }
});

test("mount units are named by path", () => {
  expect(mountUnitName("/srv/site-data")).toBe("srv-site\\x2ddata.mount");
  expect(() => mountUnitName("/")).toThrow(/below \//);
  expect(() => mountUnitName("/srv/../etc")).toThrow(/without \. and \.\./);
});

test("a role installs only what its values need, and the image carries all", () => {
  expect(filesystemRole.packagesFor?.(cases.filesystem)).toEqual(["e2fsprogs"]);
  expect(packages).toEqual([...packages].sort());
  expect(packages).toEqual(expect.arrayContaining(["chrony", "drbd-utils", "ocfs2-tools", "jfsutils", "xfsprogs"]));
});

test("the hosts file has public addresses for full names and inner ones for short", () => {
  const { content } = baseRole.files(cases.base)["/etc/hosts"] ?? { content: "" };
  expect(content).toContain(
    "198.51.100.12\tweb2.example.org\n2001:db8:1::12\tweb2.example.org ip6-web2\n10.20.0.2\tweb2\n",
  );
  expect(content).toContain("198.51.100.99\tsite.example.org\n");
  expect(content).not.toMatch(/^127\.0\.1\.1/m);
});

test("OCFS2 names and addresses that its tools cannot take are refused", () => {
  expect(() => ocfs2Role.files({ ...cases.ocfs2, cluster: "my-cluster" })).toThrow(/letters and digits/);
  const nodes = [{ name: "web1", address4: "fd00::1" }, cases.ocfs2.nodes[1]] as const;
  expect(() => ocfs2Role.files({ ...cases.ocfs2, nodes })).toThrow(/no IPv4 address/);
});
