import { mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

import { asset } from "../../../hosts/assets";
import { heartbeatStonithParameters } from "../../../hosts/fencing/render";
import { run } from "../../support/run";
import { agent, Desk, FakeApi, inState, looksAtSelf, python, said, scripted } from "./support";

const desk = new Desk();
const conf = `${desk.folder}/fencing.conf`;
const plugin = desk.write(
  "linode",
  asset("fencing/external/linode")
    .replaceAll("/etc/linode-ha/fencing.conf", conf)
    .replace("/usr/sbin/fence_linode", desk.write("agent", `#!/bin/sh\nexec ${python} -B ${agent} "$@"\n`, 0o755)),
  0o755,
);
const calls = join(desk.folder, "calls");
const bin = join(desk.folder, "bin");
mkdirSync(bin);
/** A systemd where the timer of a boot is not there yet, and which says what it was asked. */
desk.write("bin/systemd-run", `#!/bin/sh\nprintf '%s\\n' "$*" >>${calls}\n`, 0o755);
desk.write("bin/systemctl", "#!/bin/sh\nexit 3\n", 0o755);
afterAll(() => desk.close());

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
  rmSync(calls, { force: true });
});

function configure(url: string, more = ""): void {
  desk.write(
    "fencing.conf",
    `API_URL=${url}\nTOKEN_FILE=${desk.tokenFile}\nSELF_ID=1\nDELAY=0\nPOWER_TIMEOUT=10\nCA_FILE=\n${more}`,
  );
}

const call = (words: readonly string[], env: Record<string, string> = { hostlist: "web2:7" }) =>
  run([plugin, ...words], { env: { PATH: [bin, process.env["PATH"]].join(delimiter), ...env }, seconds: 50 });

test("what Heartbeat asks before it has any configuration", async () => {
  expect(await call(["getconfignames"], {})).toMatchObject({ code: 0, stdout: "hostlist\n" });
  for (const question of ["getinfo-devid", "getinfo-devname", "getinfo-devdescr", "getinfo-devurl", "getinfo-xml"]) {
    const { code, stdout } = await call([question], {});
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe("");
  }
  expect((await call(["getinfo-xml"], {})).stdout).toMatch(
    /^<parameters>\n<parameter name="hostlist" unique="1" required="1">/,
  );
});

test("gethosts", async () => {
  expect(await call(["gethosts"], { hostlist: "web1:1,web2:7" })).toMatchObject({ code: 0, stdout: "web1\nweb2\n" });
  expect(await call(["gethosts"], { hostlist: "web1:1 web2:7" })).toMatchObject({ code: 0, stdout: "web1\nweb2\n" });
});

test.each([{}, { hostlist: "" }, { hostlist: "web2" }, { hostlist: "web1:1,web2:seven" }])(
  "%j is refused",
  async (env) => {
    configure("http://127.0.0.1:9/v4");
    for (const words of [["gethosts"], ["reset", "web1"]]) {
      const result = await call(words, env as Record<string, string>);
      expect(result).toMatchObject({ code: 1, stdout: words[0] === "gethosts" ? expect.any(String) : "" });
      expect(result.stderr).toMatch(/external\/linode: (parameter hostlist is missing|hostlist has)/);
    }
  },
);

test("reset is off, confirmed, and a boot a while later; whatever way the node's name is written", async () => {
  api = await scripted(["running", "shutting_down", "offline"]);
  configure(api.url);
  expect(await call(["reset", "WEB2"])).toMatchObject({ code: 0, stdout: "" });
  // What takes over now finds it off, and shoots it no second time.
  expect([api.asked("shutdown"), api.asked("boot")]).toEqual([1, 0]);
  expect(said(calls)).toMatch(
    /--unit=linode-ha-boot-7 --on-active=60 -- \S+agent --action on --plug 7 --api-url \S+ --token-file/,
  );
});

test("a boot that is on its way already, or not wanted, is not asked for", async () => {
  api = await scripted(["offline"]);
  configure(api.url, "AFTER=stay-off\n");
  expect((await call(["reset", "web2"])).code).toBe(0);
  configure(api.url);
  desk.write("bin/systemctl", "#!/bin/sh\nexit 0\n", 0o755);
  expect((await call(["reset", "web2"])).code).toBe(0);
  desk.write("bin/systemctl", "#!/bin/sh\nexit 3\n", 0o755);
  expect(said(calls)).toBe("");
});

test("off, and on", async () => {
  let state = "running";
  api = await FakeApi.start((request) => {
    if (looksAtSelf(request)) return inState("running", 1);
    if (request.method === "POST") state = request.path.endsWith("boot") ? "running" : "offline";
    return request.method === "POST" ? {} : inState(state);
  });
  configure(api.url);
  expect((await call(["off", "web2"])).code).toBe(0);
  expect(state).toBe("offline");
  expect((await call(["on", "web2"])).code).toBe(0);
  expect(state).toBe("running");
});

test("status is a monitor: it fails when the API or the token does", async () => {
  api = await FakeApi.start(() => ({
    body: { data: [{ id: 7, label: "web2" }], page: 1, pages: 1 },
    headers: { "x-oauth-scopes": "linodes:read_write" },
  }));
  configure(api.url);
  expect(await call(["status"])).toMatchObject({ code: 0, stdout: "" });
  await api.close();
  const down = await call(["status"]);
  expect(down.code).toBe(1);
  expect(down.stderr).toContain("cannot be reached");
  api = undefined;
});

test("a fencing that is not confirmed is a failure, and so is a node that nobody knows", async () => {
  api = await scripted(["running"]);
  configure(api.url, "POWER_TIMEOUT=1\n");
  const result = await call(["reset", "web2"]);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("was not confirmed offline within 1 s");
  expect((await call(["reset", "web3"])).stderr).toContain('no node "web3" in hostlist');
  expect((await call(["explode", "web2"])).code).toBe(1);
  expect(said(plugin)).not.toContain("TOKEN=");
});

test("what stands on Heartbeat's stonith_host line is what the plugin takes", async () => {
  const nodes = [
    { name: "web1", linodeId: 1 },
    { name: "web2", linodeId: 7 },
  ] as const;
  expect(heartbeatStonithParameters({ nodes, node: "web1" })).toBe("web2:7");
  const { stdout } = await call(["gethosts"], { hostlist: heartbeatStonithParameters({ nodes, node: "web2" }) });
  expect(stdout).toBe("web1\n");
});
