import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { asset } from "../../../hosts/assets";
import { renderFencingConfig } from "../../../hosts/fencing/render";
import { run, type RunResult } from "../../support/run";
import { agent, Desk, FakeApi, inState, looksAtSelf, python, refusal, said, scripted } from "./support";

const interpreter = spawnSync(python, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).stdout.trim();
const line = (minor: number, cs: string, ro: string, ds: string) => ` ${minor}: cs:${cs} ro:${ro} ds:${ds} C r-----\n`;
const lost = line(0, "WFConnection", "Primary/Unknown", "UpToDate/DUnknown");

/** The handler among a kernel, a log and a systemd of the test's own: what they were asked for is in `calls`. */
class Host {
  readonly desk = new Desk();
  readonly calls = join(this.desk.folder, "calls");

  constructor(apiUrl: string, node = "web1", more: { budget?: number; preferred?: string } = {}) {
    const { folder } = this.desk;
    mkdirSync(join(folder, "bin"));
    this.heartbeatSees("active");
    this.desk.write("bin/systemctl", "#!/bin/sh\nexit 3\n", 0o755);
    for (const name of ["systemd-run", "logger", "drbdadm"]) {
      this.desk.write(`bin/${name}`, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>${this.calls}\n`, 0o755);
    }
    this.agent(`exec ${interpreter} -B ${agent} "$@"`);
    this.kernel(lost);
    const config = renderFencingConfig({
      nodes: [
        { name: "web1", linodeId: 1 },
        { name: "web2", linodeId: 7 },
      ],
      node,
      preferred: more.preferred,
      delaySeconds: 2,
      powerTimeoutSeconds: 10,
      apiUrl,
    });
    this.desk.write("fencing.conf", config.replace(/^TOKEN_FILE=.*$/m, `TOKEN_FILE=${this.desk.tokenFile}`));
    this.desk.write("drbd.sh", asset("lib/drbd.sh").replaceAll("/proc/drbd", join(folder, "proc")));
    const script = asset("fencing/drbd-fence-peer.sh")
      .replace("/etc/linode-ha/fencing.conf", join(folder, "fencing.conf"))
      .replace("/usr/sbin/fence_linode", join(folder, "agent"))
      .replace("RUN=/run/linode-ha", `RUN=${join(folder, "run")}`)
      .replace("/usr/libexec/heartbeat/drbd-peer-outdater", join(folder, "outdater"))
      .replace("PATH=", `PATH=${join(folder, "bin")}:`)
      .replace("BUDGET=540 RETRY=5", `BUDGET=${more.budget ?? 3} RETRY=1`);
    this.desk.write("drbd-fence-peer", script, 0o755);
  }

  kernel(text: string): void {
    this.desk.write("proc", `version: 8.4.11 (api:1/proto:86-101)\n${text}`);
  }

  agent(command: string): void {
    this.desk.write("agent", `#!/bin/sh\n${command}\n`, 0o755);
  }

  /** What Heartbeat thinks of the peer. */
  heartbeatSees(state: string): void {
    this.desk.write("bin/cl_status", `#!/bin/sh\necho ${state}\n`, 0o755);
  }

  /** Heartbeat's way to the peer, which answers with a code; the first time with another, or only after a while. */
  outdater(code: number, { first = code, busySeconds = 0 } = {}): void {
    const lines = [
      "#!/bin/sh",
      `mkdir "$0.busy" || echo "two at once" >>${this.calls}`,
      `printf '%s\\n' "outdater $*" >>${this.calls}`,
      `sleep ${busySeconds}`,
      'rmdir "$0.busy"',
      `if mkdir "$0.asked"; then exit ${first}; fi`,
      `exit ${code}`,
    ];
    this.desk.write("outdater", `${lines.join("\n")}\n`, 0o755);
  }

  /** @param start how the shell that starts it does so */
  run(words: readonly string[] = [], env: Record<string, string> = {}, start = "exec"): Promise<RunResult> {
    const given = { DRBD_RESOURCE: "www", DRBD_MINOR: "0", DRBD_PEERS: this.peer, ...env };
    const command = [join(this.desk.folder, "drbd-fence-peer"), ...words].join(" ");
    return run(["bash", "-c", `${start} ${command}`], { env: given, seconds: 50 });
  }

  get peer(): string {
    return said(join(this.desk.folder, "fencing.conf")).includes("PEER_NAME=web1") ? "web1" : "web2";
  }

  get called(): string {
    return said(this.calls);
  }
}

let api: FakeApi;
let host: Host;
afterEach(async () => {
  host.desk.close();
  await api.close();
});

test("a Primary that lost its peer: 7 once the API has confirmed it off, and the peer is booted later", async () => {
  api = await scripted(["running", "shutting_down", "offline"]);
  host = new Host(api.url);
  const result = await host.run();
  expect(result.code).toBe(7);
  expect(api.asked("shutdown")).toBe(1);
  expect(api.asked("boot")).toBe(0);
  expect(host.called).toMatch(
    /systemd-run .*--unit=linode-ha-boot-7 --on-active=20 -- \S+ --action on --plug 7 --api-url/,
  );
  expect(host.called).toContain("logger -t linode-ha-fencing");
  expect(host.called + result.stderr).not.toContain(readFileSync(host.desk.tokenFile, "utf8").trim());
});

test("started by the kernel, with nothing open, it does the same", async () => {
  api = await scripted(["running", "shutting_down", "offline"]);
  host = new Host(api.url);
  expect((await host.run([], {}, "exec <&- >&- 2>&-; exec")).code).toBe(7);
  expect(host.called).toContain("logger -t linode-ha-fencing");
});

test("a peer that is off already: 7 at once", async () => {
  api = await scripted(["offline"]);
  host = new Host(api.url, "web1", { preferred: "web2" }); // So this one would wait otherwise.
  const begun = Date.now();
  expect((await host.run()).code).toBe(7);
  expect(Date.now() - begun).toBeLessThan(4000);
  expect(api.asked("shutdown")).toBe(0);
});

test("the old variable's name for the peer, and several volumes", async () => {
  api = await scripted(["offline"]);
  host = new Host(api.url);
  host.kernel(lost + line(1, "WFConnection", "Secondary/Unknown", "UpToDate/DUnknown"));
  expect((await host.run([], { DRBD_PEERS: "", DRBD_PEER: "web2", DRBD_MINOR: "0 1" })).code).toBe(7);
});

test("the API is down: 1, I/O stays frozen, loudly, and it is tried on in the background", async () => {
  api = await scripted([refusal(503, "Service Unavailable")]);
  host = new Host(api.url);
  const result = await host.run();
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("the peer is NOT fenced: I/O on this resource stays FROZEN");
  expect(host.called).toContain("-p daemon.crit -- www: the peer is NOT fenced");
  expect(host.called).toMatch(
    /systemd-run .*--unit=linode-ha-fence-www .*DRBD_RESOURCE=www .*DRBD_MINOR=0 .*DRBD_PEERS=web2 -- \S+drbd-fence-peer later/,
  );
  expect(host.called).not.toMatch(/^drbdadm/m);
});

test("it goes on trying for as long as drbdadm listens", async () => {
  const begun = Date.now();
  api = await FakeApi.start(() => (Date.now() - begun < 6000 ? refusal(401, "Invalid Token") : inState("offline")));
  host = new Host(api.url, "web1", { budget: 40 });
  expect((await host.run()).code).toBe(7);
});

test("in the background: I/O goes on when the peer is confirmed off at last, and not before", async () => {
  const begun = Date.now();
  api = await FakeApi.start(() => (Date.now() - begun < 6000 ? "cut" : inState("offline")));
  host = new Host(api.url);
  expect((await host.run(["later"])).code).toBe(0);
  expect(Date.now() - begun).toBeGreaterThan(6000);
  expect(host.called).toMatch(/^drbdadm resume-io www$/m);
});

test("in the background: it stops when the peer is connected again", async () => {
  api = await scripted([refusal(503, "x")]);
  host = new Host(api.url);
  const later = host.run(["later"]);
  while (api.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  host.kernel(line(0, "Connected", "Primary/Secondary", "UpToDate/UpToDate"));
  expect((await later).stderr).toContain("connected again");
  expect(host.called).not.toMatch(/^drbdadm/m);
});

test.each(["Consistent", "Outdated", "Inconsistent", "Diskless", "Failed", "Attaching"])(
  "a side that is %s shoots nobody: the peer may have the only good data",
  async (disk) => {
    api = await scripted(["running", "offline"]);
    host = new Host(api.url);
    host.kernel(line(0, "WFConnection", "Secondary/Unknown", `${disk}/DUnknown`));
    const result = await host.run();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`this side is ${disk} (minor 0), not UpToDate`);
    expect(api.seen).toHaveLength(0);
  },
);

test("one volume of several that is not UpToDate is enough to shoot nobody", async () => {
  api = await scripted(["running", "offline"]);
  host = new Host(api.url);
  host.kernel(lost + line(1, "WFConnection", "Primary/Unknown", "Outdated/DUnknown"));
  expect((await host.run([], { DRBD_MINOR: "0 1" })).code).toBe(1);
  expect((await host.run([], { DRBD_MINOR: "0 2" })).code).toBe(1); // Not configured at all.
  expect(api.seen).toHaveLength(0);
});

test("a disconnected Secondary is promoted only over a peer confirmed off; its caller asks again, nobody in the background", async () => {
  api = await scripted([refusal(503, "x")]);
  host = new Host(api.url);
  host.kernel(line(0, "WFConnection", "Secondary/Unknown", "UpToDate/DUnknown"));
  const result = await host.run();
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("this node is not promoted");
  expect(host.called).not.toContain("systemd-run");
});

test.each<[string, (host: Host) => void, Record<string, string>, string]>([
  [
    "connected",
    (each) => each.kernel(line(0, "Connected", "Primary/Primary", "UpToDate/UpToDate")),
    {},
    "it is connected",
  ],
  ["another peer's name", () => undefined, { DRBD_PEERS: "web3" }, 'DRBD names the peer "web3"'],
  ["two peers", () => undefined, { DRBD_PEERS: "web2 web3" }, "they must be the same"],
  ["no peer's name", () => undefined, { DRBD_PEERS: "" }, "they must be the same"],
  ["no configuration", (each) => rmSync(join(each.desk.folder, "fencing.conf")), { DRBD_PEERS: "web2" }, "there is no"],
  ["a token open to all", (each) => void each.desk.write("token", "x", 0o644), {}, "is open to others"],
])("%s: 1, and nobody is shot", async (_, change, env, words) => {
  api = await scripted(["running", "offline"]);
  host = new Host(api.url);
  change(host);
  const result = await host.run([], env);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(words);
  expect(api.seen).toHaveLength(0);
});

test.each([2, 3, 4, 5, 6, 7, 126, 255])("whatever fails, even with code %d, is not an answer to DRBD", async (code) => {
  api = await scripted(["running"]);
  host = new Host(api.url);
  host.agent(`exit ${code}`);
  expect((await host.run()).code).toBe(1);
  host.agent("exit 0");
  host.desk.write("bin/flock", `#!/bin/sh\nexit ${code}\n`, 0o755);
  expect((await host.run()).code).toBe(1);
  host.desk.write("drbd.sh", `exit ${code}\n`);
  expect((await host.run()).code).toBe(1);
});

test("two resources lose the peer together: it is shot once, also when it is booted again in between", async () => {
  let state = "running";
  api = await FakeApi.start((request) => {
    if (looksAtSelf(request)) return inState("running", 1);
    if (request.method === "GET") {
      const now = state;
      if (state === "offline") state = "running"; // Somebody boots it at once.
      return inState(now);
    }
    state = "shutting_down";
    setTimeout(() => (state = "offline"), 2000);
    return {};
  });
  host = new Host(api.url, "web1", { budget: 30 });
  host.kernel(lost + line(1, "WFConnection", "Primary/Unknown", "UpToDate/DUnknown"));
  const [www, db] = await Promise.all([host.run(), host.run([], { DRBD_RESOURCE: "db", DRBD_MINOR: "1" })]);
  expect([www.code, db.code]).toEqual([7, 7]);
  expect(www.stderr + db.stderr).toContain("was confirmed off for another resource just now");
  expect(api.asked("shutdown")).toBe(1);
});

test("an old note of a fencing does not count for a new loss", async () => {
  api = await scripted(["offline", "running", "shutting_down", "offline"]);
  host = new Host(api.url);
  expect((await host.run()).code).toBe(7);
  expect((await host.run()).code).toBe(7);
  expect(api.asked("shutdown")).toBe(1);
});

test("both nodes at once: one is shot, the preferred one survives", async () => {
  const state: Record<string, string> = { 1: "running", 7: "running" };
  api = await FakeApi.start(({ method, path }) => {
    const id = /\d+/.exec(path)?.[0] ?? "";
    if (method === "GET") return { body: { id: Number(id), label: "x", status: state[id] } };
    state[id] = "shutting_down";
    setTimeout(() => (state[id] = "offline"), 4000);
    return {};
  });
  host = new Host(api.url, "web1", { budget: 12, preferred: "web2" });
  const other = new Host(api.url, "web2", { budget: 12, preferred: "web2" });
  const [waiting, preferred] = await Promise.all([host.run(), other.run()]);
  other.desk.close();
  expect([waiting.code, preferred.code]).toEqual([1, 7]);
  expect(waiting.stderr).toContain("this node itself (1) is");
  expect(state).toEqual({ 1: "offline", 7: "running" });
});

describe("outdate-first, for a pair under Heartbeat", () => {
  test.each([3, 4])("a peer that answers (%d) marks its own side, and nobody is shot", async (code) => {
    api = await scripted(["running", "offline"]);
    host = new Host(api.url);
    host.outdater(code);
    expect((await host.run(["outdate-first"])).code).toBe(code);
    expect(host.called).toContain("outdater -p web2 -r www -t 3");
    expect(api.seen).toHaveLength(0);
  });

  test.each([5, 20, 1, 124])("a peer that does not answer (%d) is powered off, at once", async (code) => {
    api = await scripted(["running", "shutting_down", "offline"]);
    host = new Host(api.url, "web1", { preferred: "web2", budget: 30 }); // Without a manager this one would wait first.
    host.outdater(code);
    expect((await host.run(["outdate-first"])).code).toBe(7);
    expect(api.asked("shutdown")).toBe(1);
  });

  test("a dopd that crashes is asked again as soon as there is a new one, and nobody is shot", async () => {
    api = await scripted(["running", "offline"]);
    host = new Host(api.url);
    host.outdater(4, { first: 5 });
    expect((await host.run(["outdate-first"])).code).toBe(4);
    expect(host.called.match(/outdater/g)).toHaveLength(2);
    expect(api.seen).toHaveLength(0);
  });

  test("of two handlers one asks at a time", async () => {
    api = await scripted(["running", "offline"]);
    host = new Host(api.url);
    host.outdater(4, { busySeconds: 1 });
    const both = ["www", "db"].map((resource) => host.run(["outdate-first"], { DRBD_RESOURCE: resource }));
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual([4, 4]);
    expect(host.called).not.toContain("two at once");
  });

  test("a peer that Heartbeat takes for dead is not asked", async () => {
    api = await scripted(["offline"]);
    host = new Host(api.url);
    host.outdater(4);
    host.heartbeatSees("dead");
    expect((await host.run(["outdate-first"])).code).toBe(7);
    expect(host.called).not.toContain("outdater");
  });

  test("a peer that lives and is Primary is neither shot nor replaced", async () => {
    api = await scripted(["running", "offline"]);
    host = new Host(api.url);
    host.kernel(line(0, "WFConnection", "Secondary/Unknown", "UpToDate/DUnknown"));
    host.outdater(6);
    const result = await host.run(["outdate-first"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("it lives, and is Primary");
    expect(api.seen).toHaveLength(0);
  });
});
