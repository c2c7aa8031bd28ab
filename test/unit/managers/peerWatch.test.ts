import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../hosts/assets";
import { renderGroup } from "../../../hosts/manual-failover/render";
import { until } from "../../support/run";
import * as cases from "./cases";

/** What the watch calls. Outdating is as good as done when it was asked for. */
const COMMANDS: Readonly<Record<string, string>> = {
  ping: 'echo ping >>"$W/pings"; [ -e "$W/peer-answers" ]',
  dmesg: 'cat "$W/dmesg"',
  drbdadm: 'echo "$*" >>"$W/deeds"; sed -i s/DRBD_DISK=UpToDate/DRBD_DISK=Outdated/ "$W/drbd-1"',
};
const CUT =
  "[  9.1] drbd srv: peer( Primary -> Unknown ) conn( Connected -> NetworkFailure ) pdsk( UpToDate -> DUnknown ) ";
const LEFT =
  "[  9.0] block drbd1: peer( Primary -> Secondary ) \n[  9.1] drbd srv: peer( Secondary -> Unknown ) conn( Connected -> TearDown ) ";

let world: string;
let watch: ChildProcess | undefined;

beforeEach(() => {
  world = mkdtempSync(join(tmpdir(), "peer-watch-"));
  const lib = join(world, "usr/local/lib/linode-ha");
  for (const folder of [lib, join(world, "bin"), join(world, "etc/linode-ha/groups")]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(
    join(lib, "drbd.sh"),
    `${readFileSync(assetPath("lib/drbd.sh"), "utf8")}\ndrbd_read() { : >"${world}/looked"; . "${world}/drbd-$1"; }\n`,
  );
  for (const [name, body] of Object.entries(COMMANDS)) {
    writeFileSync(join(world, "bin", name), `#!/bin/sh\nW=${world}\n${body}\n`);
    chmodSync(join(world, "bin", name), 0o755);
  }
  writeFileSync(join(world, "etc/linode-ha/groups/srv"), renderGroup(cases.manualFailover("node2")));
});

afterEach(async () => {
  const child = watch;
  watch = undefined;
  if (child !== undefined) {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(world, { recursive: true });
});

function drbd(cs: string, role: string, disk = "UpToDate"): void {
  writeFileSync(join(world, "drbd-1"), `DRBD_CS=${cs}\nDRBD_ROLE=${role}\nDRBD_DISK=${disk}\n`);
}

function start(kernel: string, peerAnswers: boolean): void {
  writeFileSync(join(world, "dmesg"), `${kernel}\n`);
  if (peerAnswers) writeFileSync(join(world, "peer-answers"), "");
  watch = spawn("bash", [assetPath("manual-failover/peer-watch.sh"), "srv"], {
    env: { HA_GROUP_ROOT: world, PEER_WATCH_EVERY: "0.05", PATH: `${join(world, "bin")}:/usr/bin:/bin` },
    stdio: "ignore",
  });
}

const deeds = (): string => (existsSync(join(world, "deeds")) ? readFileSync(join(world, "deeds"), "utf8") : "");

/** It has looked a few times more. */
async function looks(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    rmSync(join(world, "looked"), { force: true });
    await until("another look", 10, () => Promise.resolve(existsSync(join(world, "looked"))), 20);
  }
}

test("where only the replication broke, this side is outdated, once", async () => {
  drbd("WFConnection", "Secondary");
  start(CUT, true);
  await until("the side to be outdated", 10, () => Promise.resolve(deeds() !== ""), 20);
  await looks();
  expect(deeds()).toBe("outdate srv\n");
  expect(readFileSync(join(world, "run/linode-ha/alone-srv"), "utf8")).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z\n$/);
});

test.each([
  ["the peer is off", "WFConnection", "Secondary", CUT, false],
  ["the peer left in order", "WFConnection", "Secondary", LEFT, true],
  ["this side is the Primary", "WFConnection", "Primary", CUT, true],
  ["both are connected again", "Connected", "Secondary", CUT, true],
  ["nothing is known of how they parted", "WFConnection", "Secondary", "", true],
])("where %s, it stays as it is", async (_name, cs, role, kernel, answers) => {
  drbd(cs, role);
  start(kernel, answers);
  await looks();
  expect(deeds()).toBe("");
});

test("a peer that answers later is believed then", async () => {
  drbd("WFConnection", "Secondary");
  start(CUT, false);
  await until("the peer to be asked", 10, () => Promise.resolve(existsSync(join(world, "pings"))), 20);
  expect(deeds()).toBe("");
  writeFileSync(join(world, "peer-answers"), "");
  await until("the side to be outdated", 10, () => Promise.resolve(deeds() === "outdate srv\n"), 20);
});

test("forgets since when it was alone once both are connected", async () => {
  drbd("WFConnection", "Secondary");
  start("", false);
  const alone = join(world, "run/linode-ha/alone-srv");
  await until("the moment to be noted", 10, () => Promise.resolve(existsSync(alone)), 20);
  drbd("Connected", "Secondary");
  await until("the moment to be forgotten", 10, () => Promise.resolve(!existsSync(alone)), 20);
});
