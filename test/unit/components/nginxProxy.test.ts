import * as pulumi from "@pulumi/pulumi";
import {
  address,
  type GroupAddress,
  type HaPair,
  NginxProxy,
  type NginxProxyArgs,
  service,
  UserError,
} from "../../../components";
import { MockEngine } from "../../support/mockEngine";
import { mockPair } from "../../support/mockPair";

let engine: MockEngine;
let pair: HaPair;

beforeEach(async () => {
  engine = new MockEngine();
  await engine.start();
  pair = mockPair("data");
});
afterEach(async () => {
  await engine.settled();
});

const floating: GroupAddress = {
  name: "www",
  address: "203.0.113.99",
  prefixLength: 32,
  interface: "eth1",
  method: { kind: "arp" },
  nodes: ["web1", "web2"],
};
const proxy = (args: Partial<NginxProxyArgs> = {}, name = "proxy") =>
  new NginxProxy(name, {
    nodes: pair.nodes,
    address: floating,
    servers: [
      { name: "app1", address: "10.20.0.11" },
      { name: "app2", address: pulumi.output("2001:db8::12"), port: 8080 },
    ],
    ...args,
  });
const text = (name: string): string => engine.named(name, "command:remote:Command").inputs["create"] as string;

function problems(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ path, what }) => `${path}: ${what}`);
    throw error;
  }
  return [];
}

test("both nodes have one and the same configuration, and no node starts it", async () => {
  const made = proxy();
  await engine.settled();
  const configuration = (name: string) => /# Managed:[^]*?\nend-/.exec(text(name))?.[0];
  expect(configuration("proxy-web1-proxy")).toContain(
    "  server 10.20.0.11:80 max_fails=1 fail_timeout=10s;\n  server [2001:db8::12]:8080 max_fails=1 fail_timeout=10s;\n",
  );
  expect(configuration("proxy-web2-proxy")).toBe(configuration("proxy-web1-proxy"));
  expect(text("proxy-web1-proxy")).not.toMatch(/enable_unit "\$UNIT"|start_unit "\$UNIT"/);
  // What a group is made of, with the steps that it waits for.
  expect([address(made.address), service("nginx")].map(({ kind }) => kind)).toEqual(["address", "service"]);
  expect(made.address.ready).toHaveLength(2);
});

test("more servers are a longer list", async () => {
  proxy({
    servers: Array.from({ length: 5 }, (_, index) => ({ name: `app${index}`, address: `10.20.0.${index + 11}` })),
  });
  await engine.settled();
  expect(text("proxy-web1-proxy").match(/^ {2}server 10\.20\.0\.\d+:80 /gm)).toHaveLength(5);
});

test.each<[string, Partial<NginxProxyArgs>, string]>([
  ["no server", { servers: [] }, "servers: is empty"],
  [
    "a name twice",
    {
      servers: [
        { name: "a", address: "10.0.0.1" },
        { name: "a", address: "10.0.0.2" },
      ],
    },
    "servers[1].name: is the name of another one",
  ],
  [
    "a name for an address",
    { servers: [{ name: "a", address: "app1.example.org" }] },
    "servers[0].address: is not an address",
  ],
  [
    "a port that is none",
    { servers: [{ name: "a", address: "10.0.0.1", port: 0 }] },
    "servers[0].port: is not a TCP port",
  ],
  ["no time at all", { connectSeconds: 0 }, "connectSeconds: is out of range"],
  ["half a second", { restSeconds: 1.5 }, "restSeconds: is out of range"],
])("refused: %s", (_what, args, words) => {
  expect(problems(() => proxy(args))).toEqual([expect.stringContaining(words)]);
});

test("a second proxy on the same nodes is refused, and names the first", () => {
  proxy();
  expect(problems(() => proxy({}, "other"))).toContain(
    'nodes: this service of web1 is already used by NginxProxy "proxy"',
  );
});
