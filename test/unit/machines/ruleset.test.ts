import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MachineWiring } from "../../../lab/machines/contract";
import { API_ADDRESS, ensureNamespace, METADATA_ADDRESS, OPERATOR } from "../../../lab/network/namespace";
import { API_FOR_NODES, mergePorts, renderRuleset, type RulesetInput } from "../../../lab/network/ruleset";
import { tapName, vlanBridge } from "../../../lab/network/names";

const commands: { readonly line: string; readonly input?: string }[] = [];
jest.mock("../../../lab/machines/run", () => ({
  run: async (command: string, args: readonly string[], { input }: { input?: string } = {}) => {
    commands.push({ line: [command, ...args].join(" "), input });
    return { code: 0, stdout: "", stderr: "" };
  },
}));

test("a lab's router has the addresses of the operator, the metadata service and the API", async () => {
  await ensureNamespace("unit-test-of-addresses");
  const [batch] = commands.filter(({ line }) => line.endsWith("ip -batch -"));
  for (const address of [OPERATOR.ipv4, METADATA_ADDRESS, API_ADDRESS]) {
    expect(batch?.input).toContain(`addr replace ${address}/32 dev lo\n`);
  }
});

const wiring = (n: number, more: Partial<MachineWiring> = {}): MachineWiring => ({
  interfaces: [
    {
      kind: "public",
      name: "eth0",
      mac: `f2:3c:95:00:00:0${n}`,
      ipv4: [`198.51.100.${n}/24`, `192.168.130.${n}/17`],
      ipv4Gateway: "198.51.100.1",
      ipv6: `2001:db8:1::${n}/64`,
      ipv6Gateway: "fe80::1",
      ipv6Ranges: n === 1 ? ["2001:db8:100::/64"] : [],
    },
    { kind: "vlan", name: "eth1", mac: `f2:3c:95:00:01:0${n}`, vlan: "pair" },
  ],
  shared: [],
  ...more,
});

const input: RulesetInput = {
  machines: new Map([
    [2, wiring(2, { shared: ["198.51.100.1"] })],
    [
      1,
      wiring(1, {
        firewall: {
          inbound: [
            {
              protocol: "TCP",
              ports: "22,80-90,85-95",
              ipv4: ["203.0.113.0/24", "0.0.0.0/0"],
              ipv6: ["::/0"],
              action: "ACCEPT",
            },
            { protocol: "ICMP", ports: "", ipv4: ["0.0.0.0/0"], ipv6: ["::/0"], action: "DROP" },
            { protocol: "IPENCAP", ports: "", ipv4: ["192.0.2.1/32"], ipv6: ["::/0"], action: "ACCEPT" },
          ],
          inboundPolicy: "DROP",
          outbound: [{ protocol: "UDP", ports: "", ipv4: ["192.0.2.0/24"], ipv6: [], action: "DROP" }],
          outboundPolicy: "ACCEPT",
        },
      }),
    ],
  ]),
  partitions: [
    { a: 1, b: 2, network: "vlan" },
    { a: 1, b: 2, network: "public" },
  ],
  services: [{ address: "169.254.169.254", protocol: "tcp", port: 80 }],
};

const text = renderRuleset(input);

test("is the ruleset that was agreed on (UPDATE_GOLDENS=1 rewrites it)", () => {
  const golden = join(__dirname, "ruleset.golden.nft");
  if (process.env.UPDATE_GOLDENS === "1") writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
});

test("nftables itself understands it", () => {
  if (spawnSync("nft", ["--version"]).error !== undefined || process.getuid?.() !== 0) {
    throw new Error("This test needs nftables and root: run `make up` once, then the tests as root.");
  }
  // A namespace of its own that ends with the command: nothing of this machine's own rules is touched.
  execFileSync("unshare", ["--net", "nft", "--check", "-f", "-"], { input: text });
});

test("does not depend on the order in which machines came", () => {
  expect(renderRuleset({ ...input, machines: new Map([...input.machines].reverse()) })).toBe(text);
});

test("cuts before it looks whether a connection is known", () => {
  const forward = text.slice(text.indexOf("chain forward"));
  expect(forward.indexOf("jump partitions")).toBeLessThan(forward.indexOf("ct state established"));
});

test("a service that firewalls judge is asked of them first, and the metadata service is not", () => {
  const server = { address: "2600:3c0f:6:34::1", protocol: "tcp", port: 179, filtered: true } as const;
  const rules = renderRuleset({ ...input, services: [...input.services, server] });
  const at = (line: string): number => rules.indexOf(`    ${line}\n`);
  const judged = at('iifname "t1e0" ip6 daddr 2600:3c0f:6:34::1 tcp dport 179 jump outbound_1');
  expect(judged).toBeGreaterThan(at('iifname "lo" accept'));
  expect(judged).toBeLessThan(at("ip6 daddr 2600:3c0f:6:34::1 tcp dport 179 accept"));
  // The other node has no firewall.
  expect(rules).not.toContain('iifname "t2e0" ip6 daddr');
  expect(rules).not.toMatch(/daddr 169\.254\.169\.254 .* jump/);
});

test("nodes reach the API at its own address, and their firewalls may forbid it", () => {
  expect(API_FOR_NODES).toMatchObject({ address: API_ADDRESS, port: 80 });
  const rules = renderRuleset({ ...input, services: [...input.services, API_FOR_NODES] });
  const at = (line: string): number => rules.indexOf(`    ${line}\n`);
  const taken = at("ip daddr 203.0.113.2 tcp dport 80 accept");
  expect(taken).toBeGreaterThan(at("meta l4proto { icmp, ipv6-icmp } accept"));
  expect(at('iifname "t1e0" ip daddr 203.0.113.2 tcp dport 80 jump outbound_1')).toBeLessThan(taken);
  expect(at('iifname "t1e0" ip daddr 203.0.113.2 tcp dport 80 jump outbound_1')).toBeGreaterThan(0);
  // Everything else of the router stays closed to them.
  expect(at("meta l4proto tcp reject with tcp reset")).toBeGreaterThan(taken);
});

test("a shared range lets its partner send from all of it", () => {
  const machines = new Map([[2, wiring(2, { shared: ["198.51.100.90", "2001:db8:100:200::/56"] })]]);
  const rules = renderRuleset({ machines, partitions: [], services: [] });
  const source = rules.slice(rules.indexOf("chain source_t2e0"), rules.indexOf("chain partitions"));
  expect(source).toContain("    ip saddr 198.51.100.90 return\n    ");
  expect(source).toContain("    ip6 saddr 2001:db8:100:200::/56 return\n");
  expect(source.trimEnd()).toMatch(/\n {4}drop\n {2}}$/);
});

test("ports are merged where they overlap", () => {
  expect(mergePorts("22, 80-90,85-95,96")).toEqual(["22", "80-96"]);
  expect(mergePorts("")).toEqual([]);
});

test("names of links fit the kernel's 15 characters", () => {
  expect(tapName(2_147_483_647, "eth2").length).toBeLessThanOrEqual(15);
  expect(vlanBridge("a-label-of-sixty-four-characters").length).toBeLessThanOrEqual(15);
  expect(vlanBridge("pair", "us-east")).not.toBe(vlanBridge("pair", "eu-west"));
});
