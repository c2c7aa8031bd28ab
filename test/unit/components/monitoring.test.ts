import { DrbdVolume, type HaPair, Monitoring, type MonitoringArgs, UserError } from "../../../components";
import { MockEngine, valueOf } from "../../support/mockEngine";
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

const monitoring = (args: Partial<MonitoringArgs> = {}, name = "ha") =>
  new Monitoring(name, { nodes: pair.nodes, ...args });
const volume = () =>
  new DrbdVolume("www", {
    nodes: pair.nodes,
    backing: { kind: "disk", name: "data" },
    mode: { kind: "single-primary", preferred: "web1", promote: "manager" },
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

test("each host answers on the network between them, and Prometheus is told where", async () => {
  const made = monitoring();
  expect(await valueOf(made.scrapeConfig)).toContain(
    '- targets: ["10.20.0.1:9100"]\n      labels: { instance: "web1" }\n    - targets: ["10.20.0.2:9100"]',
  );
  await engine.settled();
  expect(text("ha-web1-monitoring")).toContain("--web.listen-address=10.20.0.1:9100");
  expect(text("ha-web2-monitoring")).toContain("--web.listen-address=10.20.0.2:9100");
  expect(made.rules).toContain('linode_ha_drbd_standalone{job=\\"ha\\"} == 1');
});

test("one node verifies, the other does not; alerts, check and mail have the same bounds", async () => {
  const { rules } = monitoring({
    verify: { volumes: [volume()], at: "Wed 04:10", alarmDays: 8 },
    mailTo: "ops@example.org",
    lagSeconds: 7,
  });
  await engine.settled();
  const [one, two] = [text("ha-web1-monitoring"), text("ha-web2-monitoring")];
  expect(one).toContain("VERIFY='www'");
  expect(one).toContain("OnCalendar=Wed 04:10");
  expect(two).toContain("VERIFY=''");
  expect(two).not.toContain("OnCalendar");
  for (const each of [one, two]) expect(each).toContain("LAG_SECONDS='7'");
  expect(rules).toContain("was not verified for 8 days");
  expect(rules).toContain("> 7");
});

test.each<[string, Partial<MonitoringArgs>, string[]]>([
  [
    "nobody and nonsense",
    { nodes: [], intervalSeconds: 5, mailTo: "-x", port: 0 },
    [
      "nodes: is empty: there is nothing to watch",
      "port: is not a TCP port",
      "intervalSeconds: is out of range",
      "mailTo: is neither a mail address nor a local user",
    ],
  ],
  [
    "a verification of nothing, at no time",
    { verify: { volumes: [], at: "Sunday; reboot", alarmDays: 1 } },
    ["verify.volumes: is empty", "verify.at: is not a time of the week", "verify.alarmDays: is out of range"],
  ],
])("%s: one report", (_what, args, expected) => {
  expect(problems(() => monitoring(args))).toEqual(expected);
});

test("a volume of other hosts, and a host that is watched already", () => {
  const www = volume();
  expect(problems(() => monitoring({ nodes: [pair.nodes[0]], verify: { volumes: [www] } }))).toEqual([
    "verify.volumes[0]: is not on hosts that are watched here",
  ]);
  monitoring();
  expect(problems(() => monitoring({ port: 9101 }, "again"))).toEqual([
    'nodes: this service of web1 is already used by Monitoring "ha"',
    'nodes: this service of web2 is already used by Monitoring "ha"',
  ]);
});
