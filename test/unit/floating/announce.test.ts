import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { assetPath } from "../../../hosts/assets";
import { ROUTE_SERVER_NUMBERS, routeServers } from "../../../hosts/floating-ip/regions";
import { announceUnit, floatingIpRole, renderFrr, type FloatingIpParams } from "../../../hosts/floating-ip/render";
import { routeServers as labServers, UPSTREAM_REGIONS } from "../../../lab/upstream/regions";

const params: FloatingIpParams = {
  node: "web1",
  public4: "198.51.100.11",
  public6: "2001:db8:1::11",
  servers: routeServers(10),
  addresses: [
    { name: "db", address: "203.0.113.9", prefix: "203.0.113.9/32", rank: "primary" },
    { name: "six", address: "2001:db8:f::1", prefix: "2001:db8:f::/64", rank: "secondary" },
  ],
};

/** FRR as far as the announcer sees it: a configuration that `network` lines are put into and taken from. */
const FAKE = `#!/usr/bin/env bash
set -euo pipefail
state=$(dirname "$0")/networks
if [[ -e $(dirname "$0")/dead ]]; then echo "Exiting: failed to connect to any daemons." >&2; exit 1; fi
for word in "$@"; do
  case $word in
    "no network "*) grep -vxF "  \${word#no }" "$state" >"$state.new" || :; mv "$state.new" "$state" ;;
    "network "*) grep -qxF "  $word" "$state" || printf '  %s\\n' "$word" >>"$state" ;;
    "show running-config") printf '!\\nrouter bgp 65001\\n neighbor route-servers peer-group\\n'; cat "$state" ;;
  esac
done
`;

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "announce-"));
  fs.mkdirSync(path.join(folder, "conf"));
  for (const [file, { content }] of Object.entries(floatingIpRole.files(params))) {
    if (path.dirname(file) === "/etc/linode-ha/announce") {
      fs.writeFileSync(path.join(folder, "conf", path.basename(file)), content);
    }
  }
  // First in PATH, whatever this machine has: neither FRR's shell nor its daemon is to be met.
  fs.writeFileSync(path.join(folder, "vtysh"), FAKE, { mode: 0o755 });
  fs.writeFileSync(path.join(folder, "pidof"), '#!/bin/sh\n[ ! -e "$(dirname "$0")/dead" ]\n', { mode: 0o755 });
  fs.writeFileSync(path.join(folder, "networks"), "");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function announce(...words: string[]) {
  const env = { ANNOUNCE_PATH: folder, ANNOUNCE_CONF: path.join(folder, "conf"), ANNOUNCE_PATIENCE: "1" };
  return spawnSync("bash", [assetPath("floating-ip/announce.sh"), ...words], { env, encoding: "utf8" });
}

const networks = () => fs.readFileSync(path.join(folder, "networks"), "utf8");
const file = (name: string) => floatingIpRole.files(params)[name as "/"]?.content ?? "";

test("an announcement is put into FRR as it runs and taken out of it, each once, and others stay", () => {
  fs.writeFileSync(path.join(folder, "networks"), "  network 203.0.113.90/32 route-map linode-ha-other\n");
  expect(announce("status", "db").status).toBe(1);
  for (let round = 0; round < 2; round++) {
    expect(announce("start", "db")).toMatchObject({ status: 0, stderr: "" });
    expect(announce("status", "db").status).toBe(0);
    expect(networks().match(/203\.0\.113\.9\/32 route-map linode-ha-db$/gm)).toHaveLength(1);
  }
  for (let round = 0; round < 2; round++) expect(announce("stop", "db")).toMatchObject({ status: 0, stderr: "" });
  expect(announce("status", "db").status).toBe(1);
  expect(networks()).toBe("  network 203.0.113.90/32 route-map linode-ha-other\n");
});

test("without FRR nothing is started, within a bounded time and in words; and what it announced is gone with it", () => {
  fs.writeFileSync(path.join(folder, "dead"), "");
  const started = announce("start", "db");
  expect(started.status).toBe(1);
  expect(started.stderr).toMatch(/error: FRR did not announce 203\.0\.113\.9\/32 within 1 s\n {2}do: /);
  expect(announce("status", "db").status).toBe(2);
  expect(announce("stop", "db").status).toBe(0);
});

test("an address that is not this host's is refused, with those that are", () => {
  const { status, stderr } = announce("start", "nope");
  expect(status).toBe(2);
  expect(stderr).toContain("there is no floating address nope on this host\n  do: one of these: db six");
});

test("FRR's own file never announces: a boot or a crash must not", () => {
  const text = renderFrr(params);
  expect(text).not.toMatch(/^ *network /m);
  expect(text).toContain("bgp graceful-restart-disable");
  expect(text).toContain("neighbor route-servers timers 3 9");
  expect(text).toContain("neighbor route-servers remote-as 65000\n neighbor route-servers ebgp-multihop");
  expect(text).toMatch(/route-map linode-ha-six permit 10\n set community 65000:2/);
});

test("only what is its own passes the filter, and nothing comes in", () => {
  const text = renderFrr(params);
  expect(text.match(/prefix-list linode-ha-own .*/g)).toEqual([
    "prefix-list linode-ha-own seq 10 permit 203.0.113.9/32",
    "prefix-list linode-ha-own seq 100000 deny any",
    "prefix-list linode-ha-own seq 10 permit 2001:db8:f::/64",
    "prefix-list linode-ha-own seq 100000 deny any",
    "prefix-list linode-ha-own out",
    "prefix-list linode-ha-own out",
  ]);
  expect(text.match(/route-map linode-ha-none (in|deny 10)/g)).toHaveLength(3);
});

test("the rest of a range is answered here too, a single address stands for itself", () => {
  expect(file("/etc/linode-ha/announce/six")).toContain("WHOLE_RANGE=yes\n");
  expect(file("/etc/linode-ha/announce/db")).toContain("WHOLE_RANGE=no\n");
  expect(floatingIpRole.variables(params)["ADDRESSES"]).toBe("db six");
});

test("the unit ends with FRR, withdraws whatever ended it, and is not started at boot", () => {
  expect(announceUnit("db")).toBe("linode-ha-announce@db.service");
  const unit = file("/etc/systemd/system/linode-ha-announce@.service");
  expect(unit).toContain("BindsTo=frr.service");
  expect(unit).toContain("ExecStopPost=/usr/local/lib/linode-ha/announce stop %i");
  expect(unit).not.toContain("[Install]");
});

test("known regions have the numbers that the lab's route servers have", () => {
  const announced = Object.entries(UPSTREAM_REGIONS).filter(([, { method }]) => method === "bgp");
  expect(ROUTE_SERVER_NUMBERS).toEqual(Object.fromEntries(announced.map(([region, { dc }]) => [region, dc])));
  for (const [region, number] of Object.entries(ROUTE_SERVER_NUMBERS)) {
    expect(routeServers(number)).toEqual(labServers(region));
  }
});

test.each([
  ["public4", { public4: "2001:db8::1" }, '"2001:db8::1" is not its public IPv4 address'],
  ["server", { servers: ["192.0.2.1"] }, '"192.0.2.1" is not an IPv6 address'],
  ["prefix", { addresses: [{ ...params.addresses[0]!, prefix: "203.0.113.9" }] }, "is not an address of a prefix"],
  ["name", { addresses: [{ ...params.addresses[0]!, name: "a b" }] }, '"a b" is not a name for an address'],
])("a bad %s is refused in words", (_what, change, words) => {
  expect(() => floatingIpRole.files({ ...params, ...change })).toThrow(words);
});
