import type { Zone, ZoneRecord } from "../../../lab/api";
import { renderPebbleConfig } from "../../../lab/upstream/authority";
import { renderNsdConfig, renderZones } from "../../../lab/upstream/nameServerConfig";

const record = (more: Partial<ZoneRecord>): ZoneRecord => ({
  name: "example.org",
  type: "A",
  ttl: 300,
  target: "198.51.100.1",
  priority: 0,
  weight: 0,
  port: 0,
  tag: null,
  ...more,
});
const zone = (records: readonly ZoneRecord[], domain = "example.org"): Zone => ({
  domain,
  email: "hostmaster@example.org",
  serial: 7,
  refresh: 1,
  retry: 2,
  expire: 3,
  ttl: 300,
  records,
});
const lines = (records: readonly ZoneRecord[]): string[] =>
  (renderZones([zone(records)], 1)["example.org"] ?? "").split("\n").slice(8, -1);

test("each domain is a zone, and the vendor's name servers have addresses", () => {
  const zones = [zone([]), zone([], "another.example")];
  expect(renderNsdConfig("/lab/names", zones).match(/name: "\S+"/g)).toEqual([
    'name: "another.example"',
    'name: "example.org"',
    'name: "linode.com"',
  ]);
  const all = renderZones(zones, 41);
  expect(Object.keys(all).sort()).toEqual(["another.example", "example.org", "linode.com"]);
  expect(all["linode.com"]).toContain("@\tIN\tSOA\tns1.linode.com. hostmaster.linode.com. 41 ");
  expect(all["linode.com"]).toContain("ns5\tIN\tA\t203.0.113.3\nns5\tIN\tAAAA\t2001:db8:ffff::3\n");
  expect(all["example.org"]).toContain("@\tIN\tSOA\tns1.linode.com. hostmaster.example.org. 7 1 2 3 300\n");
  expect(all["example.org"]?.match(/@\tIN\tNS\tns\d\.linode\.com\./g)).toHaveLength(5);
});

test.each<[string, Partial<ZoneRecord>, string]>([
  ["an address", {}, "A\t198.51.100.1"],
  ["a mail server", { type: "MX", target: "mail.example.org", priority: 10 }, "MX\t10\tmail.example.org."],
  ["a name that is absolute already", { type: "CNAME", target: "a.example.com." }, "CNAME\ta.example.com."],
  [
    "a service",
    { type: "SRV", target: "a.example.org", priority: 1, weight: 2, port: 3 },
    "SRV\t1\t2\t3\ta.example.org.",
  ],
  ["an authority", { type: "CAA", target: "letsencrypt.org", tag: "issue" }, 'CAA\t0\tissue\t"letsencrypt.org"'],
  ["a text with quotes", { type: "TXT", target: 'a "b" \\ ü' }, 'TXT\t"a \\034b\\034 \\092 \\195\\188"'],
  ["no text at all", { type: "TXT", target: "" }, 'TXT\t""'],
  ["a text that is too long for one string", { type: "TXT", target: "x".repeat(256) }, `TXT\t"${"x".repeat(255)}" "x"`],
])("%s", (_what, more, line) => {
  expect(lines([record(more)])).toEqual([`example.org.\t300\tIN\t${line}`]);
});

test("a text with a line break stays on its line", () => {
  expect(lines([record({ type: "TXT", target: "a\nevil IN A 1.2.3.4" })])).toHaveLength(1);
});

test("the authority gives certificates as long as people are used to", () => {
  const { pebble } = JSON.parse(renderPebbleConfig()) as {
    pebble: { profiles: { default: { validityPeriod: number } } };
  };
  expect(pebble.profiles.default.validityPeriod).toBe(90 * 86_400);
});
