import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { renderStep } from "../../../hosts/bundle";
import { managerTimings } from "../../../hosts/managerTimings";
import { renderCib } from "../../../hosts/pacemaker/cib";
import { corosyncFixed, renderCorosync } from "../../../hosts/pacemaker/corosync";
import { pacemakerRole } from "../../../hosts/pacemaker/render";
import { renderXml, xml } from "../../../hosts/pacemaker/xml";
import * as cases from "./cases";

const cib = renderCib(cases.crossedCib);

/** The elements of one kind, as lines. */
const lines = (text: string, part: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.includes(part));

test("each group is wanted on its own node, the other way round on the other", () => {
  expect(lines(cib, "<rsc_location").filter((line) => !line.includes("fence"))).toEqual([
    '<rsc_location id="db-on-alice" rsc="db" node="alice" score="100"/>',
    '<rsc_location id="db-on-gertrude" rsc="db" node="gertrude" score="10"/>',
    '<rsc_location id="www-on-alice" rsc="www" node="alice" score="10"/>',
    '<rsc_location id="www-on-gertrude" rsc="www" node="gertrude" score="100"/>',
  ]);
});

test("a group runs only where its resource is promoted, and only after that", () => {
  expect(lines(cib, "db-with-drbd-mysql")[0]).toContain('with-rsc-role="Promoted" score="INFINITY"');
  expect(lines(cib, "db-after-drbd-mysql")[0]).toContain(
    'first="drbd-mysql-clone" first-action="promote" then="db" then-action="start"',
  );
});

test("members are in the order of starting", () => {
  const ids = [...cib.matchAll(/<primitive id="((?:db|www)-[^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([
    "db-ip-private",
    "db-fs-mysql",
    "db-svc-mariadb",
    "db-mail",
    "www-fs-www",
    "www-ip-public",
    "www-ip-public-announce",
    "www-svc-lighttpd",
    "www-mail",
  ]);
});

test("without failback a group stays where it is against any difference of scores", () => {
  const [group] = cases.crossedGroups;
  const text = renderCib({ ...cases.crossedCib, groups: [{ ...group!, failback: false }] });
  expect(lines(text, 'name="resource-stickiness"')[0]).toContain('value="91"');
  expect(lines(cib, 'name="resource-stickiness"')[0]).toContain('value="0"');
});

test("an announced address is put on lo as a host address, and announced only while it is there", () => {
  expect(lines(cib, "www-ip-public-instance_attributes-nic")[0]).toContain('value="lo"');
  expect(lines(cib, "www-ip-public-instance_attributes-cidr_netmask")[0]).toContain('value="32"');
  expect(cib).toContain('<primitive id="www-ip-public-announce" class="systemd" type="linode-ha-announce@public">');
});

test("an IPv6 address is usable at once where fencing makes sure that nobody else has it", () => {
  const nodes = ["node1", "node2"] as const;
  const params = { nodes, groups: cases.manualGroups, timings: managerTimings({ fencingSeconds: 30 }) };
  const fencing = { plugs: { node1: "1", node2: "2" }, survivor: { kind: "node", name: "node1" } as const };
  expect(lines(renderCib({ ...params, fencing }), 'name="nodad"')).toHaveLength(1);
  expect(lines(renderCib(params), 'name="nodad"')).toHaveLength(0);
});

test("a mail that cannot be sent moves nothing", () => {
  expect(lines(cib, '<op id="db-mail-')).toEqual([
    '<op id="db-mail-start" name="start" interval="0s" timeout="60s" on-fail="ignore"/>',
    '<op id="db-mail-stop" name="stop" interval="0s" timeout="60s" on-fail="ignore"/>',
  ]);
});

test("each node is shot by the other, and the one that is to survive is shot last", () => {
  expect(lines(cib, "pcmk_host_map").map((line) => /value="([^"]*)"/.exec(line)?.[1])).toEqual([
    "alice:1001",
    "gertrude:1002",
  ]);
  expect(lines(cib, "self_plug").map((line) => /value="([^"]*)"/.exec(line)?.[1])).toEqual(["1002", "1001"]);
  expect(lines(cib, 'name="delay"')).toEqual([
    '<nvpair id="fence-alice-instance_attributes-delay" name="delay" value="8"/>',
  ]);
  expect(lines(cib, "fence-alice-not-on-alice")[0]).toContain('score="-INFINITY"');
});

test("the survivor may be whoever runs more: priorities are powers of two, which never tie", () => {
  const fencing = { ...cases.crossedCib.fencing!, survivor: { kind: "active" } as const };
  const text = renderCib({ ...cases.crossedCib, fencing });
  expect(lines(text, 'name="priority"').map((line) => /value="(\d+)"/.exec(line)?.[1])).toEqual(["2", "1"]);
  expect(lines(text, "priority-fencing-delay")[0]).toContain('value="8s"');
  expect(lines(text, 'name="delay"')).toEqual([]);
});

test("without fencing it says so, and no device is made", () => {
  const text = renderCib({ ...cases.crossedCib, fencing: undefined });
  expect(lines(text, "stonith-enabled")[0]).toContain('value="false"');
  expect(text).not.toContain("fence_linode");
});

test("a node without its Linode's id cannot be fenced, and is refused", () => {
  const fencing = { ...cases.crossedCib.fencing!, plugs: { alice: "1001" } };
  expect(() => renderCib({ ...cases.crossedCib, fencing })).toThrow('node "gertrude" needs its Linode\'s id');
});

test("no two elements have one id", () => {
  const ids = [...cib.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("values of attributes are escaped, and control characters refused", () => {
  expect(renderXml(xml("a", { b: `<&">` }))).toBe('<a b="&lt;&amp;&quot;&gt;"/>\n');
  expect(() => renderXml(xml("a", { b: "x\ny" }))).toThrow("control characters");
});

test("the membership is encrypted unicast with the derived times, the same file on both nodes", () => {
  const text = renderCorosync(cases.crossedCorosync);
  for (const line of [
    "transport: knet",
    "crypto_cipher: aes256",
    "crypto_hash: sha256",
    "two_node: 1",
    "token: 6819",
  ]) {
    expect(text).toContain(`  ${line}\n`);
  }
  expect(text).not.toContain("mcastaddr");
});

test("a third vote takes the place of two_node", () => {
  const quorum = { kind: "qnetd", host: "198.51.100.77", tls: false } as const;
  const text = renderCorosync({ ...cases.crossedCorosync, quorum });
  expect(text).toContain("host: 198.51.100.77");
  expect(text).not.toContain("two_node");
});

test("both nodes need the same links", () => {
  const [alice, gertrude] = cases.crossedCorosync.nodes;
  const nodes = [alice, { ...gertrude, addresses: ["192.168.128.12"] }] as const;
  expect(() => renderCorosync({ ...cases.crossedCorosync, nodes })).toThrow("alice has 2 and gertrude has 1 addresses");
});

test("times and addresses can change while it runs; name, nodes, links and votes cannot", () => {
  const fixed = (change: Partial<typeof cases.crossedCorosync>) =>
    corosyncFixed({ ...cases.crossedCorosync, ...change });
  const [alice, gertrude] = cases.crossedCorosync.nodes;
  expect(fixed({ timings: managerTimings({ seconds: 3 }).corosync })).toBe(fixed({}));
  expect(fixed({ nodes: [{ ...alice, addresses: ["192.0.2.1", "192.0.2.2"] }, gertrude] })).toBe(fixed({}));
  expect(fixed({ nodes: [gertrude, alice] })).not.toBe(fixed({}));
  expect(fixed({ cluster: "other" })).not.toBe(fixed({}));
  expect(fixed({ quorum: { kind: "qnetd", host: "192.0.2.9", tls: false } })).not.toBe(fixed({}));
});

test("the step fits into one command, and holds no secret", () => {
  const { alice } = { alice: cases.crossedPacemaker("alice") };
  const text = renderStep(pacemakerRole, alice, { step: "pacemaker-cluster", node: "alice", machine: "1" });
  expect(text).toContain("{{secret:corosync-authkey}}");
  expect(pacemakerRole.files(alice)["/etc/corosync/authkey"]).toMatchObject({
    mode: "0400",
    secret: "corosync-authkey",
  });
  expect(() => pacemakerRole.variables({ ...alice, node: "fred" })).toThrow(
    'node "fred" is not one of alice, gertrude',
  );
});

describe("cib-merge", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cib-merge-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const live = (inner: { options?: string; resources?: string; constraints?: string } = {}): string =>
    '<cib epoch="7"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">' +
    `<nvpair id="dc" name="dc-version" value="x"/>${inner.options ?? ""}</cluster_property_set></crm_config>` +
    '<nodes><node id="1" uname="alice"/></nodes>' +
    `<resources>${inner.resources ?? ""}</resources><constraints>${inner.constraints ?? ""}</constraints>` +
    "</configuration><status/></cib>";

  function merge(...texts: string[]): { status: number | null; out: string } {
    const paths = texts.map((text, index) => {
      const path = join(folder, `${index}.xml`);
      writeFileSync(path, text);
      return path;
    });
    const { status, stdout } = spawnSync("python3", [assetPath("pacemaker/cib-merge"), ...paths], { encoding: "utf8" });
    return { status, out: stdout };
  }

  test("brings an empty cluster up to date once, and then has nothing to do", () => {
    const first = merge(live(), cib);
    expect(first.status).toBe(0);
    expect(first.out).toContain('id="db-fs-mysql"');
    expect(merge(first.out, cib)).toEqual({ status: 3, out: "" });
  });

  test("keeps what is not this project's: an operator's switches and bans, and DRBD's own fence", () => {
    const fence = '<rsc_location id="drbd-fence-by-handler-mysql" rsc="drbd-mysql-clone"/>';
    const ban = '<rsc_location id="cli-ban-db" rsc="db"/>';
    const stopped =
      '<group id="db"><meta_attributes id="m"><nvpair id="r" name="target-role" value="Stopped"/></meta_attributes></group>';
    const { out } = merge(
      live({
        options: '<nvpair id="mm" name="maintenance-mode" value="true"/>',
        resources: `${stopped}<primitive id="theirs"/>`,
        constraints: fence + ban,
      }),
      cib,
    );
    for (const kept of [
      "maintenance-mode",
      "drbd-fence-by-handler-mysql",
      "cli-ban-db",
      'id="theirs"',
      "target-role",
    ]) {
      expect(out).toContain(kept);
    }
    expect(merge(out, cib).status).toBe(3);
  });

  test("what is decided here is not left switched off elsewhere", () => {
    const { out } = merge(live({ options: '<nvpair id="s" name="stonith-enabled" value="false"/>' }), cib);
    expect(out).not.toContain('name="stonith-enabled" value="false"');
    expect(out).toContain('name="stonith-enabled" value="true"');
  });

  test("takes away what an earlier push brought, and nothing else", () => {
    const [db] = cases.crossedGroups;
    const before = merge(live({ resources: '<primitive id="theirs"/>' }), cib).out;
    const less = renderCib({ ...cases.crossedCib, groups: [db!] });
    expect(merge(before, less, cib).out).not.toContain("www");
    expect(merge(before, less, cib).out).toContain('id="theirs"');
    // Without knowing what was pushed before, nothing is taken for its own.
    expect(merge(before, less).status).toBe(3);
  });

  test("refuses what is no cluster configuration", () => {
    expect(merge("<cib/>", cib)).toEqual({ status: 1, out: "" });
    expect(merge("no xml", cib)).toEqual({ status: 1, out: "" });
    expect(merge(live())).toEqual({ status: 2, out: "" });
  });
});
