import type { MachineWiring } from "../../../lab/machines/contract";
import { arpAddresses, heardOf } from "../../../lab/upstream/arpMoves";

const wiring = (region: string, more: Partial<MachineWiring>): MachineWiring => ({
  region,
  interfaces: [
    {
      kind: "public",
      name: "eth0",
      mac: "f2:3c:95:00:00:01",
      ipv4: ["198.51.100.2/24"],
      ipv4Gateway: "198.51.100.1",
      ipv6: "2001:db8:1::2/64",
      ipv6Gateway: "fe80::1",
      ipv6Ranges: [],
    },
  ],
  shared: [],
  ...more,
});

const owner = { floating: ["198.51.100.90", "2001:db8:100:100::/64"] };

test("ARP moves shared IPv4 addresses between their owner and those who share them, where the region has it", () => {
  const machines = new Map([
    [3, wiring("us-west", { shared: [] })],
    [2, wiring("us-west", { shared: ["198.51.100.90"] })],
    [1, wiring("us-west", owner)],
  ]);
  expect(arpAddresses(machines)).toEqual([{ address: "198.51.100.90", owner: "t1e0", claimants: ["t1e0", "t2e0"] }]);
});

test("nowhere else", () => {
  const machines = new Map([
    [1, wiring("us-east", owner)],
    [2, wiring("us-east", { shared: ["198.51.100.90"] })],
  ]);
  expect(arpAddresses(machines)).toEqual([]);
});

test.each([
  ["198.51.100.90 dev t2e0 lladdr f2:3c:95:00:00:02 STALE ", { address: "198.51.100.90", tap: "t2e0" }],
  ["198.51.100.90 dev t2e0 lladdr f2:3c:95:00:00:02 REACHABLE", { address: "198.51.100.90", tap: "t2e0" }],
  ["Deleted 198.51.100.90 dev t2e0 lladdr f2:3c:95:00:00:02 STALE", undefined],
  ["198.51.100.90 dev t2e0  FAILED", undefined],
  ["fe80::1 dev t2e0 lladdr f2:3c:95:00:00:02 STALE", undefined],
])("of what the kernel tells, only a neighbour it heard of counts: %s", (line, expected) => {
  expect(heardOf(line)).toEqual(expected);
});
