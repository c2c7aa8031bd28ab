import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureNamespace, removeNamespace } from "../../lab/network/namespace";
import { createNetworks, type RoutedNetworks } from "../../lab/network/networks";
import { createUpstream } from "../../lab/upstream/upstream";
import { Client, Node } from "./upstreamNodes";

const FLOATING = "198.51.100.90";
const OTHER = "198.51.100.91";
const base = mkdtempSync(join(tmpdir(), "linode-arp-"));
const LAB = `linode-arp${process.pid}`;
// The region of the vendor's older network; on VLANs all are alike.
const [one, two, third] = ["one", "two", "third"].map(
  (name, index) => new Node(name, 31 + index, LAB, join(base, "nodes"), "us-west"),
) as [Node, Node, Node];
const clients: Client[] = [];
const figures: string[] = [];
const upstream = createUpstream({ namespace: LAB, stateDir: join(base, "upstream") });

let networks: RoutedNetworks;
const startNetworks = (): RoutedNetworks =>
  createNetworks({ namespace: LAB, stateFile: join(base, "network.json"), upstream });
const owner = one.wiring({ own4: [FLOATING, OTHER], floating: [FLOATING] });

function client(namespace: string, ...addresses: readonly string[]): Client {
  const made = new Client(namespace, addresses);
  clients.push(made);
  return made;
}

async function moved(what: string, by: Promise<number>): Promise<void> {
  const took = await by;
  figures.push(`${`${what}: claimed to moved`.padEnd(48)} ${String(took).padStart(6)} ms`);
  expect(took).toBeLessThan(1000);
}

beforeAll(async () => {
  await ensureNamespace(LAB);
  networks = startNetworks();
  await networks.ready();
  for (const each of [one, two, third]) each.create([]);
  await networks.apply(one.number, owner);
  await networks.apply(two.number, two.wiring({ shared: [FLOATING] }));
  await networks.apply(third.number, third.wiring());
});

afterAll(async () => {
  for (const each of clients) each.end();
  await upstream.end();
  for (const each of [one, two, third]) each.remove();
  await removeNamespace(LAB);
  rmSync(base, { recursive: true, force: true });
  if (figures.length > 0) process.stdout.write(`${figures.join("\n")}\n`);
});

test.each(["10.20.0.100/24", "fd00:20::100/64"])("a claim moves an address on a VLAN at once: %s", async (address) => {
  const bare = address.split("/")[0] as string;
  if (bare.includes(":")) third.add("fd00:20::33/64", "eth1");
  one.claim("eth1", address);
  await one.serve([bare]);
  const neighbour = client(third.namespace, bare);
  await neighbour.sees(bare, "one", Date.now(), 5000);
  // A neighbour entry that is younger than a second is not let go of.
  await delay(1100);
  two.add(address, "lo");
  await two.serve([bare]);
  two.drop(address, "lo");
  const start = Date.now();
  two.claim("eth1", address);
  await moved(`VLAN, ${bare}`, neighbour.sees(bare, "two", start, 5000));
});

test("a claim moves a shared address on the older public network, and no other", async () => {
  const outside = client(LAB, FLOATING, OTHER);
  for (const each of [one, two]) {
    for (const address of [FLOATING, OTHER]) each.add(`${address}/32`, "lo");
    await each.serve([FLOATING, OTHER]);
  }
  await outside.sees(FLOATING, "one", Date.now(), 5000);
  await outside.sees(OTHER, "one", Date.now(), 5000);
  for (const address of [FLOATING, OTHER]) two.drop(`${address}/32`, "lo");
  const start = Date.now();
  for (const address of [OTHER, FLOATING]) two.claim("eth0", `${address}/24`);
  await moved("older network", outside.sees(FLOATING, "two", start, 5000));
  expect(outside.at(OTHER)).toBe("one");
  // Neither a change of something else nor a later process takes it back.
  await networks.apply(one.number, { ...owner });
  networks = startNetworks();
  await networks.ready();
  await delay(200);
  expect([outside.at(FLOATING), outside.at(OTHER)]).toEqual(["two", "one"]);
  one.drop(`${FLOATING}/32`, "lo");
  one.claim("eth0", `${FLOATING}/24`);
  await outside.sees(FLOATING, "one", Date.now(), 1000);
});

test("an address that is no longer shared is its owner's again, whoever claims it", async () => {
  const outside = client(LAB, FLOATING);
  two.drop(`${FLOATING}/24`, "eth0");
  two.claim("eth0", `${FLOATING}/24`);
  await outside.sees(FLOATING, "two", Date.now(), 2000);
  await networks.apply(two.number, two.wiring());
  await networks.apply(one.number, one.wiring({ own4: [FLOATING, OTHER] }));
  await outside.sees(FLOATING, "one", Date.now(), 1000);
  two.drop(`${FLOATING}/24`, "eth0");
  two.claim("eth0", `${FLOATING}/24`);
  await delay(300);
  expect(outside.at(FLOATING)).toBe("one");
});
