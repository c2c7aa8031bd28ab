import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderStep } from "../../../hosts/bundle";
import { monitoringRole } from "../../../hosts/services/monitoring/render";
import { renderRules, renderScrape } from "../../../hosts/services/monitoring/rules";
import { params, WatchedHost } from "./support";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

function files(): string {
  const own = Object.entries(monitoringRole.files(params)).filter(([path]) => !path.startsWith("/usr/local/"));
  return [
    ...Object.entries(monitoringRole.variables(params)).map(([name, value]) => `${name}=${value}\n`),
    ...own.map(([path, { mode, content }]) => `\n==> ${path} ${mode}\n${content}`),
  ].join("");
}

const targets = [
  { name: "web1", address: "10.20.0.1", port: 9100 },
  { name: "web2", address: "2001:db8::2", port: 9100 },
];
const texts: Record<string, string> = {
  "host.txt": files(),
  "rules.txt": renderRules("ha", params.limits, false),
  "scrape.txt": renderScrape("ha", targets, 30),
};

test.each(Object.keys(texts))("%s is as expected (UPDATE_GOLDEN=1 writes anew)", (name) => {
  const path = join(__dirname, "expected", name);
  if (UPDATE) writeFileSync(path, texts[name] ?? "");
  expect(existsSync(path)).toBe(true);
  expect(texts[name]).toBe(readFileSync(path, "utf8"));
});

test("every figure that a rule asks for is one that hosts give", async () => {
  const host = new WatchedHost();
  try {
    const script = readFileSync(host.path("/usr/local/lib/linode-ha/monitoring/facts"), "utf8");
    const asked = new Set(texts["rules.txt"]?.match(/linode_ha_\w+/g));
    expect(asked.size).toBeGreaterThan(10);
    for (const name of asked) expect(script).toContain(`[${name.replace("linode_ha_", "")}]=`);
    const facts = await host.facts();
    expect(facts).toContain('linode_ha_drbd_uptodate{resource="www",side="peer"} 1\n');
    expect(facts).toContain('linode_ha_check_ok{check="pacemaker"} 1\n');
    // Each name once, with its samples together: Prometheus refuses anything else.
    const names = facts.split("\n").flatMap((line) => /^(linode_ha_\w+)/.exec(line)?.[1] ?? []);
    expect(names.filter((name, index) => name !== names[index - 1])).toHaveLength(new Set(names).size);
  } finally {
    host.close();
  }
});

test("the parts are YAML, and a pair that does without fencing has no alarm for that", () => {
  expect(parse(texts["scrape.txt"] ?? "")).toMatchObject([
    { static_configs: [{ targets: ["10.20.0.1:9100"] }, { targets: ["[2001:db8::2]:9100"] }] },
  ]);
  const names = (text: string): string[] => [...text.matchAll(/alert: (\w+)/g)].map(([, name]) => name ?? "");
  expect(names(texts["rules.txt"] ?? "")).toContain("LinodeHaFencingDisabled");
  expect(names(renderRules("ha", params.limits, true))).not.toContain("LinodeHaFencingDisabled");
});

test("the peer of the node that verifies has no timer for it, and the step fits into a command", () => {
  expect(
    Object.keys(monitoringRole.files({ ...params, verify: [] })).filter((path) => path.includes("verify")),
  ).toEqual([]);
  expect(renderStep(monitoringRole, params, { step: "monitoring", node: "web1", machine: "1" }).length).toBeLessThan(
    60_000,
  );
});
