import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dnsWatchRole, dnsWatchSecret, type DnsWatchParams } from "../../hosts/dns-watch/render";
import { API_ADDRESS } from "../../lab/network/namespace";
import { run } from "../support/run";
import { TOKEN } from "../unit/api/support";
import { layFiles, NamesLab } from "./namesLab";

/** Two nodes that watch each other's records, against the API and the name server. Their sites are two small servers. */
const ZONE = "example.org";
const names = new NamesLab("dw", ZONE);
const NODES = [
  { name: "web1", public4: "198.51.100.21", public6: "2001:db8:1::21" },
  { name: "web2", public4: "198.51.100.22", public6: "2001:db8:1::22" },
] as const;
const sites = new Map<string, ChildProcess>();
const watches = new Map<string, ChildProcess>();

const SITE = `require("http").createServer((q, a) => a.writeHead(+process.argv[2]).end()).listen(8080, process.argv[1], () => console.log("open"));`;

async function site(address: string, status = 200): Promise<void> {
  await off(sites, address);
  const child = names.start([process.execPath, "-e", SITE, address, String(status)]);
  sites.set(address, child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", () => reject(new Error(`the site at ${address} ended: ${names.log.slice(-5).join("\n")}`)));
  });
}

async function off(children: ReadonlyMap<string, ChildProcess>, key: string): Promise<void> {
  const child = children.get(key);
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

const rootOf = (node: string): string => join(names.base, node);
const state = (node: string): string =>
  readFileSync(join(rootOf(node), "run/linode-ha-dns-watch/state"), "utf8").trim();

function watch(node: string, more: Partial<DnsWatchParams> = {}): void {
  const root = rootOf(node);
  mkdirSync(join(root, "run/linode-ha-dns-watch"), { recursive: true });
  const params: DnsWatchParams = {
    zone: ZONE,
    names: ["", "www"],
    nodes: NODES,
    node,
    probe: { scheme: "http", port: 8080, path: "/", host: ZONE },
    downSeconds: 2,
    upSeconds: 1,
    apiUrl: `http://${API_ADDRESS}/v4`,
    ...more,
  };
  layFiles(root, dnsWatchRole.files(params), { [dnsWatchSecret]: TOKEN });
  const programs = join(root, "usr/local/lib/linode-ha");
  const env = { LINODE_DNS: join(programs, "linode-dns"), LOOK_SECONDS: "0.3", TRY_SECONDS: "2" };
  watches.set(
    node,
    names.start(["bash", join(programs, "dns-watch"), join(root, "etc/linode-ha/dns-watch/settings")], env),
  );
}

/** Whether both names lead to these nodes and no others, over both families. */
const leadTo = (...nodes: (typeof NODES)[number][]): boolean =>
  [ZONE, `www.${ZONE}`].every(
    (name) =>
      names.ask(name, "A").join() === nodes.map(({ public4 }) => public4).join() &&
      names.ask(name, "AAAA").join() === nodes.map(({ public6 }) => public6).join(),
  );

beforeAll(async () => {
  await names.open();
  for (const { public4, public6 } of NODES) {
    await run(names.inside("ip", "address", "add", `${public4}/32`, "dev", "lo"));
    for (const name of ["", "www"]) {
      await names.record({ type: "A", name, target: public4, ttl_sec: 30 });
      await names.record({ type: "AAAA", name, target: public6, ttl_sec: 30 });
    }
  }
  await names.record({ type: "A", name: "mail", target: NODES[1].public4 });
}, 300_000);
afterAll(() => names.close());

beforeEach(async () => {
  for (const { name, public4 } of NODES) {
    await site(public4);
    watch(name);
  }
  await names.until(
    "both watch, and both are shown",
    () => {
      try {
        return NODES.every(({ name }) => state(name).startsWith("ok")) && leadTo(...NODES);
      } catch {
        return false;
      }
    },
    30,
  );
}, 60_000);
afterEach(async () => {
  for (const { name } of NODES) await off(watches, name);
});

test("a node that does not answer leaves the zone, and comes back; the records stay the ones that were declared", async () => {
  const before = (await names.records()).map(({ id, name }) => `${id} ${name}`);
  await off(watches, "web2");
  await off(sites, NODES[1].public4);
  await names.until("web2 is out", () => leadTo(NODES[0]), 30);
  await names.until("web1 says so", () => state("web1").startsWith("parked: web2"));
  // What is of others stays.
  expect(names.ask(`mail.${ZONE}`, "A")).toEqual([NODES[1].public4]);
  await site(NODES[1].public4);
  await names.until("web2 is back", () => leadTo(...NODES), 30);
  expect((await names.records()).map(({ id, name }) => `${id} ${name}`)).toEqual(before);
  await names.until("web1 is content", () => state("web1").startsWith("ok"));
});

test("an error page counts as no answer, a refusal does not", async () => {
  await off(watches, "web2");
  await site(NODES[1].public4, 404);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(leadTo(...NODES)).toBe(true);
  await site(NODES[1].public4, 502);
  await names.until("web2 is out", () => leadTo(NODES[0]), 30);
});

test("both ill: nobody is taken out", async () => {
  await site(NODES[0].public4, 502);
  await site(NODES[1].public4, 502);
  await names.until("web1 says that it is ill", () => state("web1").startsWith("ill"));
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(leadTo(...NODES)).toBe(true);
});

test("a node that lives puts its own records back, and is then left alone for as long as the other does not reach it", async () => {
  // web1 looks for its peer at a wrong port: a partition, as far as it can tell.
  await off(watches, "web1");
  watch("web1", {
    probe: { scheme: "http", port: 8080, path: "/", host: ZONE },
    nodes: [NODES[0], { ...NODES[1], public4: "198.51.100.99" }],
  });
  // Its records are not there: nothing to take out but those of IPv6.
  await names.until(
    "web1 took out what it could",
    async () => (await names.records()).some(({ name }) => name.startsWith("parked-")),
    30,
  );
  await names.until("web2 put it back", () => leadTo(...NODES), 30);
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect(leadTo(...NODES)).toBe(true);
  expect(state("web1")).toMatch(/^parked/);
});

test("the last of a name is never taken out, and a person is told", async () => {
  await off(watches, "web1");
  await off(watches, "web2");
  const program = join(rootOf("web1"), "usr/local/lib/linode-ha/linode-dns");
  const of = (node: string) => join(rootOf(node), "etc/linode-ha/dns-watch/dns");
  expect((await run(names.inside(program, of("web2"), "park-peer"))).code).toBe(0);
  await names.until("web1 is out", () => leadTo(NODES[1]));
  const refused = await run(names.inside(program, of("web1"), "park-peer"));
  expect(refused.code).toBe(11);
  expect(refused.stderr).toContain("own records are not shown for example.org, www");
  expect(leadTo(NODES[1])).toBe(true);
  expect((await run(names.inside(program, of("web1"), "show-own"))).code).toBe(0);
  await names.until("both", () => leadTo(...NODES));
});
