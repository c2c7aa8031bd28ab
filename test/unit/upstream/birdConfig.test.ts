import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGIONS } from "../../../lab/api";
import type { MachineWiring } from "../../../lab/machines/contract";
import { renderBirdConfig } from "../../../lab/upstream/birdConfig";
import { failoverMethod, routeServers, UPSTREAM_REGIONS } from "../../../lab/upstream/regions";

const wiring = (n: number, more: Partial<MachineWiring> = {}): MachineWiring => ({
  region: "us-east",
  interfaces: [
    {
      kind: "public",
      name: "eth0",
      mac: `f2:3c:95:00:00:0${n}`,
      ipv4: [`198.51.100.${n}/24`, `192.168.130.${n}/17`],
      ipv4Gateway: "198.51.100.1",
      ipv6: `2001:db8:1::${n}/64`,
      ipv6Gateway: "fe80::1",
      ipv6Ranges: n === 1 ? ["2001:db8:100:100::/64"] : [],
    },
  ],
  shared: [],
  ...more,
});

const pair = new Map([
  [2, wiring(2, { shared: ["198.51.100.90", "2001:db8:100:100::/64", "2001:db8:100:200::/56"] })],
  [1, wiring(1, { floating: ["2001:db8:100:100::/64"] })],
]);
const text = renderBirdConfig(pair);

/** The lines of one block: `filter linode_2_ipv4`. */
const block = (of: string, name: string): string => {
  const start = of.indexOf(`${name} {`);
  return start < 0 ? "" : of.slice(start, of.indexOf("\n}", start));
};

test("is the configuration that was agreed on (UPDATE_GOLDENS=1 rewrites it)", () => {
  const golden = join(__dirname, "bird.golden.conf");
  if (process.env.UPDATE_GOLDENS === "1") writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
});

test.each([
  ["a pair", pair],
  ["nobody", new Map<number, MachineWiring>()],
  ["a node with nothing but its own", new Map([[1, wiring(1)]])],
])("BIRD itself understands it: %s", (_what, machines) => {
  const folder = mkdtempSync(join(tmpdir(), "bird-config-"));
  try {
    writeFileSync(join(folder, "bird.conf"), renderBirdConfig(machines));
    const { error, status, stderr } = spawnSync("bird", ["-p", "-c", "bird.conf"], { cwd: folder, encoding: "utf8" });
    if (error !== undefined) throw new Error("This test needs BIRD: run `make up` once (Debian package bird2).");
    expect([status, stderr]).toEqual([0, ""]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("does not depend on the order in which nodes came", () => {
  expect(renderBirdConfig(new Map([...pair].reverse()))).toBe(text);
});

test("lets a node announce its own and what is shared with it, and nothing else", () => {
  expect(block(text, "filter linode_1_ipv4")).toContain("[ 192.168.130.1/32, 198.51.100.1/32 ]");
  expect(block(text, "filter linode_2_ipv4")).toContain("[ 192.168.130.2/32, 198.51.100.2/32, 198.51.100.90/32 ]");
});

test("takes a range whole, a /64 of a /56, and single addresses", () => {
  expect(block(text, "filter linode_2_ipv6")).toContain(
    [
      "[ 2001:db8:100:100::/64{64,64}, 2001:db8:100:100::/64{128,128}",
      "2001:db8:100:200::/56{56,56}, 2001:db8:100:200::/56{64,64}, 2001:db8:100:200::/56{128,128}",
      "2001:db8:1::2/128{128,128} ]",
    ].join(", "),
  );
});

test("refuses a next hop that is not the node", () => {
  for (const id of [1, 2]) {
    for (const family of ["ipv4", "ipv6"]) {
      expect(block(text, `filter linode_${id}_${family}`)).toContain(`if bgp_next_hop != 2001:db8:1::${id} then`);
    }
  }
});

test("has four servers for each node, in its own region", () => {
  const far = renderBirdConfig(new Map([[1, wiring(1, { region: "eu-central" })]]));
  expect(far.match(/local \S+ as 65000/g)).toEqual([1, 2, 3, 4].map((n) => `local 2600:3c0f:10:34::${n} as 65000`));
  expect(far).not.toContain("2600:3c0f:6:");
});

test("has none for a node without a public interface, and none where addresses move by ARP", () => {
  const alone: MachineWiring = {
    interfaces: [{ kind: "vlan", name: "eth0", mac: "90:de:01:00:00:01", vlan: "pair" }],
    shared: [],
  };
  expect(renderBirdConfig(new Map([[1, alone]]))).not.toContain("protocol bgp linode");
  expect(renderBirdConfig(new Map([[1, wiring(1, { region: "us-west" })]]))).not.toContain("protocol bgp linode");
});

/** Regions so new that no number of theirs is published. */
const UNNUMBERED = ["fr-par-2", "no-osl-1", "us-iad-2"];

test("every region of the lab with a known number is in the table, each with one of its own", () => {
  const known = REGIONS.map(({ id }) => id).filter((id) => !UNNUMBERED.includes(id));
  expect(Object.keys(UPSTREAM_REGIONS).sort()).toEqual(known.sort());
  for (const id of UNNUMBERED) expect(routeServers(id)).toEqual([]);
  const numbers = Object.values(UPSTREAM_REGIONS).map(({ dc }) => dc);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(failoverMethod("us-east")).toBe("bgp");
  expect(failoverMethod("us-west")).toBe("arp");
  expect(routeServers("us-west")).toEqual([]);
});
