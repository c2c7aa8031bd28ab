import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FirewallPolicy } from "../../lab/machines/contract";
import { startTimeOf } from "../../lab/machines/process";
import { ensureNamespace, removeNamespace } from "../../lab/network/namespace";
import { createNetworks, type RoutedNetworks } from "../../lab/network/networks";
import { createUpstream } from "../../lab/upstream/upstream";
import { Client, exec, Node, until } from "./upstreamNodes";

const FLOATING = "198.51.100.90";
const OTHER = "198.51.100.91";
const RANGE = "2001:db8:100:100::/64";
const IN_RANGE = "2001:db8:100:100::7";
const base = mkdtempSync(join(tmpdir(), "linode-upstream-"));
const LAB = `linode-up${process.pid}`;
const nodes: Node[] = [];
const figures: string[] = [];
const log: string[] = [];
const clients: Client[] = [];

let networks: RoutedNetworks;
let servers = newServers();
let client: Client;
const one = node("one", 21);
const two = node("two", 22);
const third = node("third", 23);

function node(name: string, number: number, lab = LAB): Node {
  return new Node(name, number, lab, join(base, "nodes"));
}

function newServers() {
  return createUpstream({ namespace: LAB, stateDir: join(base, "upstream"), log: (line) => log.push(line) });
}

function create(each: Node): void {
  nodes.push(each);
  each.create(each === third ? [] : [`${FLOATING}/32`, `${OTHER}/32`, `${IN_RANGE}/128`]);
}

const owner = (shared: boolean) =>
  one.wiring({ own4: [FLOATING, OTHER], ranges: [RANGE], floating: shared ? [FLOATING, RANGE] : [] });
const partner = (shared: boolean) => two.wiring({ shared: shared ? [FLOATING, RANGE] : [] });

async function share(shared: boolean): Promise<void> {
  await networks.apply(two.number, partner(shared));
  await networks.apply(one.number, owner(shared));
}

function measured(what: string, milliseconds: number): number {
  figures.push(`${what.padEnd(48)} ${String(milliseconds).padStart(6)} ms`);
  return milliseconds;
}

const protocolsOf = (folder: string): string =>
  execFileSync("birdcl", ["-s", "bird.ctl", "show", "protocols"], { cwd: folder, encoding: "utf8" });

/** Since when each of a node's sessions has been up, in milliseconds of the day, as the route servers tell it. */
const sessionsOf = ({ number }: Node): readonly number[] => {
  const lines = protocolsOf(join(base, "upstream")).matchAll(
    new RegExp(`^linode_${number}_rs\\d .* up +(\\S+) +Estab`, "gm"),
  );
  return [...lines].map(([, since]) => Date.parse(`1970-01-01T${since}Z`));
};

/** Fails if one of the sessions ended since, be it up again. What is told of one and the same moment differs by a millisecond at times. */
function expectSame(now: readonly (readonly number[])[], before: readonly (readonly number[])[]): void {
  expect(now.map((each) => each.length)).toEqual(before.map((each) => each.length));
  const apart = now.flat().map((since, index) => Math.abs(since - (before.flat()[index] ?? Infinity)));
  expect(Math.max(...apart)).toBeLessThan(100);
}

const serversPid = (): number =>
  (JSON.parse(readFileSync(join(base, "upstream", "bird.json"), "utf8")) as { pid: number }).pid;

/** Datagrams that reached a node, but no program there. */
function refusedBy({ namespace }: Node): number {
  const [names = "", values = ""] = exec(namespace, "cat", "/proc/net/snmp").match(/^Udp:.*$/gm) ?? [];
  const ipv6 = /^Udp6NoPorts\s+(\d+)/m.exec(exec(namespace, "cat", "/proc/net/snmp6"))?.[1];
  return Number(values.split(" ")[names.split(" ").indexOf("NoPorts")]) + Number(ipv6);
}

/** Whether packets from one of a node's addresses reach another node. */
async function passes(from: Node, source: string, to: Node): Promise<boolean> {
  const before = refusedBy(to);
  const target = source.includes(":") ? to.slaac : to.public4;
  exec(from.namespace, process.execPath, "-e", SENDER, source, target);
  await delay(50);
  return refusedBy(to) - before >= 3;
}

const SENDER = `
const [source, target] = process.argv.slice(1);
const socket = require("node:dgram").createSocket(source.includes(":") ? "udp6" : "udp4");
let sent = 0;
// The answer is an ICMP error, which a connected socket would hear; this one is not.
socket.bind(0, source, () => {
  for (let n = 0; n < 3; n += 1) socket.send("?", 9, target, () => { if (++sent === 3) socket.close(); });
});
`;

beforeAll(async () => {
  await ensureNamespace(LAB);
  networks = createNetworks({ namespace: LAB, stateFile: join(base, "network.json"), upstream: servers });
  await networks.ready();
  for (const each of [one, two, third]) create(each);
  await share(true);
  await networks.apply(third.number, third.wiring());
  for (const each of [one, two]) await each.serve([FLOATING, OTHER, IN_RANGE, each.public4]);
  client = new Client(LAB, [FLOATING, OTHER, IN_RANGE]);
  clients.push(client);
});

afterAll(async () => {
  for (const each of clients) each.end();
  await servers.end();
  for (const each of nodes) each.remove();
  await removeNamespace(LAB);
  rmSync(base, { recursive: true, force: true });
  if (figures.length > 0) process.stdout.write(`${figures.join("\n")}\n`);
});

describe("a shared address", () => {
  test("leads nowhere as long as nobody announces it; one that is not shared leads to its owner", async () => {
    await client.sees(OTHER, "one", Date.now(), 5000);
    expect(client.at(FLOATING)).toBe("nobody");
    expect(client.at(IN_RANGE)).toBe("nobody");
  });

  test("leads to the node that announces it; IPv6 ranges too", async () => {
    two.announce({ role: "secondary", prefixes: [`${FLOATING}/32`, `${OTHER}/32`, RANGE] });
    await two.established();
    await client.sees(FLOATING, "two", Date.now(), 1000);
    await client.sees(IN_RANGE, "two", Date.now(), 1000);
    two.control("disable", '"floating_*"');
    await client.sees(FLOATING, "nobody", Date.now(), 1000);
    const start = Date.now();
    two.control("enable", '"floating_*"');
    expect(measured("announcement to reachable", await client.sees(FLOATING, "two", start, 5000))).toBeLessThan(1000);
    await client.sees(IN_RANGE, "two", start, 1000);
  });

  test("is reached by other nodes, which believe it to be their neighbour", async () => {
    const neighbour = new Client(third.namespace, [FLOATING]);
    clients.push(neighbour);
    await neighbour.sees(FLOATING, "two", Date.now(), 5000);
  });

  test("is not had by announcing alone: one that is not shared is refused, and the log says so", async () => {
    expect(client.at(OTHER)).toBe("one");
    expect(readFileSync(join(base, "upstream", "bird.log"), "utf8")).toContain(
      `refused: ${OTHER}/32 from Linode 22: not its own, and not shared with it`,
    );
    third.announce({ role: "primary", prefixes: [`${FLOATING}/32`, RANGE] });
    await third.established();
    await until(
      "the refusal is in the log",
      () => readFileSync(join(base, "upstream", "bird.log"), "utf8").includes(`${RANGE} from Linode 23`),
      5000,
    );
    expect([client.at(FLOATING), client.at(IN_RANGE)]).toEqual(["two", "two"]);
  });

  test("goes to the primary when that comes, and back to the secondary when it withdraws", async () => {
    one.announce({ role: "primary", prefixes: [`${FLOATING}/32`, RANGE] });
    await one.established();
    await client.sees(FLOATING, "one", Date.now(), 1000);
    await client.sees(IN_RANGE, "one", Date.now(), 1000);
    const start = Date.now();
    one.control("disable", '"floating_*"');
    expect(measured("withdrawal to rerouted", await client.sees(FLOATING, "two", start, 5000))).toBeLessThan(1000);
    await client.sees(IN_RANGE, "two", start, 1000);
    one.control("enable", '"floating_*"');
    await client.sees(FLOATING, "one", Date.now(), 1000);
  });

  test("stays where it is among equals: the one that comes back does not take it", async () => {
    one.killAnnouncer();
    await client.sees(FLOATING, "two", Date.now(), 1000);
    one.announce({ role: "secondary", prefixes: [`${FLOATING}/32`, RANGE] });
    await one.established();
    await delay(200);
    expect(client.at(FLOATING)).toBe("two");
    two.control("disable", '"floating_*"');
    await client.sees(FLOATING, "one", Date.now(), 1000);
    two.control("enable", '"floating_*"');
    await delay(500);
    expect(client.at(FLOATING)).toBe("one");
    one.killAnnouncer();
    one.announce({ role: "primary", prefixes: [`${FLOATING}/32`, RANGE] });
    await one.established();
    await client.sees(FLOATING, "one", Date.now(), 1000);
  });

  test("moves when the announcer is killed: its connections end, and that is news", async () => {
    const start = Date.now();
    one.killAnnouncer();
    expect(measured("announcer killed to rerouted", await client.sees(FLOATING, "two", start, 5000))).toBeLessThan(
      1000,
    );
    one.announce({ role: "primary", prefixes: [`${FLOATING}/32`, RANGE] });
    await client.sees(FLOATING, "one", Date.now(), 10_000);
    await one.established();
  });

  test("moves within the hold time when its node falls silent", async () => {
    const start = Date.now();
    exec(one.namespace, "ip", "link", "set", "eth0", "down");
    const took = measured("power cut to rerouted", await client.sees(FLOATING, "two", start, 15_000));
    expect(took).toBeLessThan(10_000);
    // Not earlier than the servers could know: they were told nothing.
    expect(took).toBeGreaterThan(4000);
    for (const line of [
      "link set eth0 up",
      "route add default via 198.51.100.1",
      "-6 route add default via fe80::1 dev eth0",
    ]) {
      exec(one.namespace, "ip", ...line.split(" "));
    }
    exec(one.namespace, "ip", "address", "replace", `${one.slaac}/64`, "dev", "eth0", "nodad");
    const back = Date.now();
    measured("power back to failed back", await client.sees(FLOATING, "one", back, 20_000));
    await one.established();
  });
});

describe("a change of what is shared", () => {
  test("counts at once, and no session ends for it", async () => {
    one.control("disable", '"floating_*"');
    await client.sees(FLOATING, "two", Date.now(), 1000);
    const before = [one, two, third].map(sessionsOf);
    expect(await passes(two, FLOATING, third)).toBe(true);
    expect(await passes(two, IN_RANGE, third)).toBe(true);
    const start = Date.now();
    await share(false);
    measured("no longer shared to back at its owner", await client.sees(FLOATING, "one", start, 1000));
    await client.sees(IN_RANGE, "one", start, 1000);
    expect(await passes(two, FLOATING, third)).toBe(false);
    expect(await passes(two, IN_RANGE, third)).toBe(false);
    expect(await passes(two, two.public4, third)).toBe(true);
    await share(true);
    // Nothing was announced anew: what was refused is looked at again.
    await client.sees(FLOATING, "two", Date.now(), 1000);
    await client.sees(IN_RANGE, "two", Date.now(), 1000);
    expectSame([one, two, third].map(sessionsOf), before);
    expect(before.flat()).toHaveLength(12);
    one.control("enable", '"floating_*"');
    await client.sees(FLOATING, "one", Date.now(), 1000);
  });
});

describe("the route servers", () => {
  test("run on when the process that started them ends, and the next one finds them", async () => {
    const [pid, before] = [serversPid(), [one, two].map(sessionsOf)];
    await servers.close();
    servers = newServers();
    networks = createNetworks({ namespace: LAB, stateFile: join(base, "network.json"), upstream: servers });
    await networks.ready();
    expect(serversPid()).toBe(pid);
    expectSame([one, two].map(sessionsOf), before);
    expect(client.at(FLOATING)).toBe("one");
  });

  test("are started again when they are killed, and addresses come back by themselves", async () => {
    const pid = serversPid();
    process.kill(pid, "SIGKILL");
    const start = Date.now();
    await until("others run", () => serversPid() !== pid, 5000);
    await one.established();
    await client.sees(FLOATING, "one", Date.now(), 5000);
    measured("servers killed to all sessions back", Date.now() - start);
    expect(log.join("\n")).toContain("starting them again");
  });

  test("that were killed leave no address with a node that has gone meanwhile", async () => {
    two.control("disable", '"floating_*"');
    const pid = serversPid();
    process.kill(pid, "SIGKILL");
    one.killAnnouncer();
    await until("others run", () => serversPid() !== pid, 5000);
    await client.sees(FLOATING, "nobody", Date.now(), 1000);
    two.control("enable", '"floating_*"');
    one.announce({ role: "primary", prefixes: [`${FLOATING}/32`, RANGE] });
    await one.established();
    await client.sees(FLOATING, "one", Date.now(), 5000);
    await two.established();
  });

  test("are replaced when nobody remembers having started them", async () => {
    const pid = serversPid();
    rmSync(join(base, "upstream", "bird.json"));
    await until("others run", () => existsSync(join(base, "upstream", "bird.json")) && serversPid() !== pid, 10_000);
    expect(startTimeOf(pid)).toBeUndefined();
    await one.established();
    await client.sees(FLOATING, "one", Date.now(), 5000);
  });

  test("of another lab know nothing of these", async () => {
    const lab = `${LAB}b`;
    await ensureNamespace(lab);
    const others = createUpstream({ namespace: lab, stateDir: join(base, "upstream-b") });
    const net = createNetworks({ namespace: lab, stateFile: join(base, "network-b.json"), upstream: others });
    const twin = node("twin", 22, lab);
    const outside = new Client(lab, [FLOATING]);
    try {
      await net.ready();
      twin.create([`${FLOATING}/32`]);
      await net.apply(twin.number, twin.wiring({ shared: [FLOATING] }));
      await twin.serve([FLOATING]);
      twin.announce({ prefixes: [`${FLOATING}/32`] });
      await outside.sees(FLOATING, "twin", Date.now(), 15_000);
      expect(client.at(FLOATING)).toBe("one");
    } finally {
      outside.end();
      await others.end();
      twin.remove();
      await removeNamespace(lab);
    }
    expect(client.at(FLOATING)).toBe("one");
  });
});

test("a Cloud Firewall decides whether a node reaches the route servers", async () => {
  const firewall = (outbound: FirewallPolicy["outbound"]): FirewallPolicy => ({
    inbound: [],
    inboundPolicy: "DROP",
    outbound,
    outboundPolicy: "DROP",
  });
  await networks.apply(third.number, third.wiring({ firewall: firewall([]) }));
  third.killAnnouncer();
  third.announce({ prefixes: [] });
  // Others need a second.
  await delay(2500);
  expect(third.sessions()).toBe(0);
  const rule = { protocol: "TCP", ports: "179", ipv4: [], ipv6: ["::/0"], action: "ACCEPT" } as const;
  await networks.apply(third.number, third.wiring({ firewall: firewall([rule]) }));
  await third.established();
});

test("an ARP announcement moves nothing on the public network", async () => {
  two.claim("eth0", `${FLOATING}/24`);
  await delay(500);
  expect(client.at(FLOATING)).toBe("one");
});

test("a node that is deleted loses its sessions, and no other does", async () => {
  const before = [one, two].map(sessionsOf);
  await networks.remove(third.number);
  expect(sessionsOf(third)).toEqual([]);
  expectSame([one, two].map(sessionsOf), before);
});

test("nothing is left behind when the servers end", async () => {
  const pid = serversPid();
  await servers.end();
  expect(startTimeOf(pid)).toBeUndefined();
  expect(execFileSync("ip", ["-n", LAB, "route", "show", "proto", "bird"], { encoding: "utf8" })).toBe("");
  expect(execFileSync("ip", ["-n", LAB, "-6", "route", "show", "proto", "bird"], { encoding: "utf8" })).toBe("");
});
