import { TestLab, TOKEN as LAB_TOKEN } from "../api/support";
import { Desk, fence, type Options } from "./support";

const desk = new Desk();
const labTokenFile = desk.write("lab-token", LAB_TOKEN);
afterAll(() => desk.close());

let lab: TestLab;
beforeEach(() => (lab = new TestLab()));
afterEach(() => lab.close());

async function at(more: Options = {}): Promise<Options> {
  return { api_url: `${await lab.listen()}/v4`, token_file: labTokenFile, ...more };
}

async function statusOf(id: number): Promise<string> {
  return (await lab.ok("GET", `/linode/instances/${id}`)).status;
}

describe("on a Linode that runs", () => {
  test("off is confirmed, by id and by label", async () => {
    const { linode } = await lab.running({ label: "web1" });
    const { linode: other } = await lab.running({ label: "web2" });
    expect(await fence("off", await at({ plug: linode.id }))).toMatchObject({
      code: 0,
      stdout: "Success: Powered OFF\n",
    });
    expect(await statusOf(linode.id)).toBe("offline");
    expect(await statusOf(other.id)).toBe("running");
    expect(await fence("off", await at({ port: "web2" }))).toMatchObject({ code: 0 });
    expect(await statusOf(other.id)).toBe("offline");
    expect(lab.machines.isRunning(other.id)).toBe(false);
  });

  test("the node's name stands for its label, and plug goes before it", async () => {
    const { linode } = await lab.running({ label: "web1" });
    await lab.running({ label: "web2" });
    expect(await fence("status", await at({ nodename: "web1" }))).toMatchObject({ code: 0 });
    expect(await fence("off", await at({ nodename: "web1" }))).toMatchObject({ code: 0 });
    expect(await statusOf(linode.id)).toBe("offline");
    expect((await fence("status", await at({ nodename: "web1", plug: "web2" }))).stdout).toBe("Status: ON\n");
  });

  test("reboot is off, confirmed, and a boot", async () => {
    const { linode } = await lab.running({ label: "web1" });
    lab.machines.calls.length = 0;
    expect(await fence("reboot", await at({ plug: "web1" }))).toMatchObject({ code: 0, stdout: "Success: Rebooted\n" });
    await lab.idle();
    expect(lab.machines.calls).toEqual([`stop ${linode.id}`, `start ${linode.id}`]);
    expect(await statusOf(linode.id)).toBe("running");
  });

  test("a reboot that cannot boot again has fenced all the same, and says what is left to do", async () => {
    const { linode, config } = await lab.running({ label: "web1" });
    await fence("off", await at({ plug: "web1" }));
    await lab.ok("DELETE", `/linode/instances/${linode.id}/configs/${config.id}`);
    const result = await fence("reboot", await at({ plug: "web1" }));
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/confirmed off, but was not booted again: .*no configuration profile/);
    expect(result.stderr).toContain("do: fence_linode -o on -n web1");
  });

  test("a cycle is confirmed by the reboot's own event", async () => {
    const { linode } = await lab.running({ label: "web1" });
    await lab.ok("POST", `/linode/instances/${linode.id}/reboot`, {}); // An older event, which must not be taken for ours.
    await lab.idle();
    lab.machines.calls.length = 0;
    expect(await fence("reboot", await at({ plug: "web1", method: "cycle" }))).toMatchObject({ code: 0 });
    expect(lab.machines.calls).toEqual([`stop ${linode.id}`, `start ${linode.id}`]);
  });

  test("a cycle whose reboot fails is a failure", async () => {
    await lab.running({ label: "web1" });
    lab.machines.failStart = "no room";
    const result = await fence("reboot", await at({ plug: "web1", method: "cycle" }));
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("the reboot of Linode web1 failed");
  });

  test("status, and on for one that runs already", async () => {
    await lab.running({ label: "web1" });
    expect(await fence("status", await at({ plug: "web1" }))).toMatchObject({ code: 0, stdout: "Status: ON\n" });
    lab.machines.calls.length = 0;
    expect(await fence("on", await at({ plug: "web1" }))).toMatchObject({ code: 0, stdout: "Success: Powered ON\n" });
    expect(lab.machines.calls).toEqual([]);
  });
});

describe("on a Linode that is off", () => {
  test("status is 2, and off is done at once without a request", async () => {
    const linode = await lab.linode({ label: "web1" });
    expect(await fence("status", await at({ plug: "web1" }))).toMatchObject({ code: 2, stdout: "Status: OFF\n" });
    expect(await fence("off", await at({ plug: "web1", delay: 60 }))).toMatchObject({ code: 0 });
    expect(await lab.event("linode_shutdown", linode.id)).toBeUndefined();
  });

  test("on boots it and waits until it runs", async () => {
    const { linode } = await lab.running({ label: "web1" });
    await fence("off", await at({ plug: "web1" }));
    const release = lab.machines.hold();
    const { debug_file, heard } = desk.debug();
    let done = false;
    const on = fence("on", await at({ plug: "web1", debug_file })).finally(() => (done = true));
    await heard("is booting");
    expect(done).toBe(false);
    release();
    expect(await on).toMatchObject({ code: 0 });
    expect(await statusOf(linode.id)).toBe("running");
  });
});

describe("while something else is going on", () => {
  test.each(["reboot", "boot"])("off waits out somebody's %s, then shuts down", async (verb) => {
    const { linode } = await lab.running({ label: "web1" });
    if (verb === "boot") await fence("off", await at({ plug: "web1" }));
    const release = lab.machines.hold();
    await lab.ok("POST", `/linode/instances/${linode.id}/${verb}`, {});
    const { debug_file, heard } = desk.debug();
    const off = fence("off", await at({ plug: "web1", debug_file }));
    await heard(`is ${verb}ing`);
    release();
    expect(await off).toMatchObject({ code: 0 });
    await lab.idle();
    expect(await statusOf(linode.id)).toBe("offline");
    expect(lab.machines.isRunning(linode.id)).toBe(false);
  });

  test("a shutdown that does not end in time is not success", async () => {
    await lab.running({ label: "web1" });
    const release = lab.machines.hold();
    const result = await fence("off", await at({ plug: "web1", power_timeout: 1.5 }));
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("web1 was not confirmed offline within 1.5 s: the API says shutting_down");
    release();
    await lab.idle();
  });

  test("Lassie's boot of a guest that died is shut down again, and it stays down", async () => {
    const { linode } = await lab.running({ label: "web1" });
    lab.machines.exit(linode.id);
    const release = lab.machines.hold();
    const { debug_file, heard } = desk.debug();
    const off = fence("off", await at({ plug: "web1", debug_file }));
    await heard("is booting");
    release();
    expect(await off).toMatchObject({ code: 0 });
    await lab.idle();
    expect(await statusOf(linode.id)).toBe("offline");
    expect(await lab.event("linode_shutdown", linode.id)).toMatchObject({ status: "finished" });
  });
});

describe("the whole device", () => {
  test("lists", async () => {
    const { linode } = await lab.running({ label: "web1" });
    const other = await lab.linode({ label: "web2" });
    expect((await fence("list", await at())).stdout).toBe(`${linode.id},web1\n${other.id},web2\n`);
    expect(await fence("list-status", await at({ separator: ";" }))).toMatchObject({
      code: 0,
      stdout: `${linode.id};web1;on\n${other.id};web2;off\n`,
    });
  });

  test("monitor, validate-all, start and stop say nothing and succeed", async () => {
    await lab.running({ label: "web1" });
    for (const action of ["monitor", "validate-all", "start", "stop"]) {
      expect(await fence(action, await at({ plug: "web1" }))).toMatchObject({ code: 0, stdout: "" });
    }
  });

  test.each([
    ["linodes:read_only", /no right to shut a Linode down: it may linodes:read_only, needed is linodes:read_write/],
    [
      "domains:read_write",
      /denies access \(401: Your OAuth token is not authorized.*may domains:read_write, needed is linodes:read_only/,
    ],
  ])("monitor refuses a token that may only %s", async (scopes, words) => {
    await lab.running({ label: "web1" });
    const { token } = await lab.ok("POST", "/profile/tokens", { label: "narrow", scopes });
    const result = await fence("monitor", await at({ token_file: desk.write("narrow", token) }));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(words);
    expect(result.stderr).not.toContain(token);
  });

  test("a token with linodes:read_write and nothing else is enough for all but a cycle", async () => {
    await lab.running({ label: "web1" });
    const { token } = await lab.ok("POST", "/profile/tokens", { label: "narrow", scopes: "linodes:read_write" });
    const narrow = await at({ plug: "web1", token_file: desk.write("narrow", token) });
    for (const action of ["monitor", "list", "status", "reboot", "off", "on"]) {
      expect(await fence(action, narrow)).toMatchObject({ code: 0 });
    }
    const result = await fence("reboot", { ...narrow, method: "cycle" });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("needed is events:read_only");
  });

  test("monitor of a Linode that is not there", async () => {
    await lab.running({ label: "web1" });
    const result = await fence("monitor", await at({ plug: "web3" }));
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("sees no Linode web3");
  });
});
