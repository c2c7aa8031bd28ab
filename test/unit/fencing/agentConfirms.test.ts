import { Desk, FakeApi, fence, inState, type Options, refusal, type Reply, scripted } from "./support";

const desk = new Desk();
afterAll(() => desk.close());

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

function at(url: string, more: Options = {}): Options {
  return { api_url: url, token_file: desk.tokenFile, plug: 7, ...more };
}

describe("what is confirmed", () => {
  test("a shutdown that was accepted is not yet a node that is off", async () => {
    api = await scripted(["running", "running", "shutting_down", "shutting_down", "offline"]);
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(api.asked("shutdown")).toBe(1);
    expect(api.seen.filter(({ method }) => method === "GET")).toHaveLength(5);
    expect(api.seen.every(({ authorized }) => authorized)).toBe(true);
  });

  test("booted again by somebody: the shutdown is asked for again", async () => {
    api = await scripted([
      "running",
      "shutting_down",
      "booting",
      "running",
      "shutting_down",
      "running",
      "shutting_down",
      "offline",
    ]);
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(api.asked("shutdown")).toBe(3);
  });

  test("booted again so quickly that only `running` was ever seen", async () => {
    let asked = 0;
    api = await FakeApi.start(({ method }) => {
      if (method === "POST") asked += 1;
      return method === "POST" ? {} : inState(asked >= 2 ? "offline" : "running");
    });
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(asked).toBe(2);
  });

  test("offline in the middle of somebody's reboot is not enough: our own shutdown must be accepted", async () => {
    api = await scripted(["rebooting", "offline", "shutting_down", "offline"]);
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(api.asked("shutdown")).toBe(1);
  });

  test("somebody else's shutdown, and then nothing left to shut down", async () => {
    api = await scripted(["shutting_down", "offline", "offline"], () => refusal(400, "This Linode is not running."));
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(api.asked("shutdown")).toBe(1);
  });

  test.each(["stopped", "billing_suspension", "migrating", "something_new"])("%s is not off", async (status) => {
    api = await scripted([status]);
    expect((await fence("off", at(api.url, { power_timeout: 1 }))).code).toBe(1);
    expect((await fence("status", at(api.url))).stdout).toBe("Status: ON\n");
  });

  test("another Linode's answer, and answers that are none, are not believed", async () => {
    const odd: Reply[] = [
      { body: { id: 8, label: "web3", status: "offline" } },
      { body: "<html>offline</html>" },
      { body: [] },
      { body: { id: 7, status: 0 } },
      { body: "" },
    ];
    api = await scripted([...odd, "running", ...odd, "offline"]);
    expect(await fence("off", at(api.url, { power_timeout: 25 }))).toMatchObject({ code: 0 });
    expect(api.asked("shutdown")).toBe(1);
    const always = await scripted(odd.slice(0, 1));
    expect((await fence("off", at(always.url, { power_timeout: 1 }))).code).toBe(1);
    expect((await fence("status", at(always.url, { login_timeout: 0.5, shell_timeout: 0.5 }))).code).toBe(1);
    await always.close();
  });

  test("deleted meanwhile: nothing can be confirmed any more", async () => {
    const gone = refusal(404, "Not found") as Exclude<Reply, string>;
    for (const [looks, ask] of [
      [["running", gone], () => ({})],
      [["running"], () => gone],
    ] as const) {
      api = await scripted(looks, ask);
      const result = await fence("off", at(api.url));
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/Linode 7 was deleted meanwhile.*\n {2}do: make sure by eye/);
      await api.close();
      api = undefined;
    }
  });

  test.each([
    ["finished", 0],
    ["failed", 1],
  ])("a cycle waits for the event of its own reboot: %s", async (outcome, code) => {
    const old = outcome === "finished" ? "failed" : "finished";
    const states = ["scheduled", "started", outcome];
    let looks = 0;
    api = await FakeApi.start(({ method, path }) => {
      if (method === "POST") return {};
      if (path !== "/account/events") return inState("running");
      // Its event comes a moment after the reboot was accepted: until then the newest one is an older reboot's.
      const event = looks < 2 ? { id: 40, status: old } : { id: 41, status: states[Math.min(looks - 2, 2)] };
      looks += 1;
      return { body: { data: [event, { id: 39, status: outcome }], page: 1, pages: 1 } };
    });
    expect((await fence("reboot", at(api.url, { method: "cycle" }))).code).toBe(code);
    expect(api.asked("reboot")).toBe(1);
    expect(looks).toBe(5);
    const { filter } = api.seen.find(({ path }) => path === "/account/events")!;
    expect(JSON.parse(filter ?? "")).toMatchObject({ action: "linode_reboot", "entity.id": 7 });
  });

  test("a reboot confirms the off, and its boot is tried for a moment only", async () => {
    let off = false;
    api = await FakeApi.start(({ method, path }) => {
      if (path.endsWith("/shutdown")) off = true;
      if (path.endsWith("/boot")) return refusal(400, "Linode busy.");
      return method === "POST" ? {} : inState(off ? "offline" : "running");
    });
    const result = await fence("reboot", at(api.url, { power_timeout: 3 }));
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("is confirmed off, but was not booted again");
    expect(result.seconds).toBeLessThan(8);
  });
});

describe("two nodes that shoot at each other", () => {
  const pair = (own: readonly string[], peer: readonly string[]) => {
    const left = { 1: [...own], 7: [...peer] };
    return FakeApi.start(({ method, path }) => {
      const id = Number(/\d+/.exec(path)?.[0]) as 1 | 7;
      if (method === "POST") return {};
      return { body: { id, label: "x", status: left[id].length > 1 ? left[id].shift() : left[id][0] } };
    });
  };

  test.each(["shutting_down", "offline", "rebooting"])(
    "a node that is %s by the API itself shoots nobody",
    async (status) => {
      api = await pair([status], ["running"]);
      const result = await fence("off", at(api.url, { self_plug: 1 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain(`this node itself (1) is ${status} by the API`);
      expect(api.asked("shutdown")).toBe(0);
    },
  );

  test("it looks after its delay, not before", async () => {
    api = await pair(["running"], ["running", "running", "offline"]);
    const begun = Date.now();
    expect(await fence("off", at(api.url, { self_plug: 1, delay: 1 }))).toMatchObject({ code: 0 });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
    expect(api.seen.map(({ path, method }) => `${method} ${path}`)).toEqual([
      "GET /linode/instances/7",
      "GET /linode/instances/7",
      "GET /linode/instances/1",
      "POST /linode/instances/7/shutdown",
      "GET /linode/instances/7",
    ]);
  });

  test("a look that hangs does not make the delay longer", async () => {
    api = await scripted(["hang", "running", "offline"]);
    const result = await fence("off", at(api.url, { delay: 1.5 }));
    expect(result.code).toBe(0);
    expect(result.seconds).toBeGreaterThanOrEqual(1.5);
    expect(result.seconds).toBeLessThan(5);
  });

  test("both at once, one with a delay: one is off, the other lives", async () => {
    const state: Record<string, string> = { 1: "running", 7: "running" };
    const both = await FakeApi.start(({ method, path }) => {
      const id = /\d+/.exec(path)?.[0] ?? "";
      if (method === "GET") return { body: { id: Number(id), label: "x", status: state[id] } };
      state[id] = "shutting_down";
      setTimeout(() => (state[id] = "offline"), 2500);
      return {};
    });
    const [quickOne, delayed] = await Promise.all([
      fence("off", at(both.url, { self_plug: 1, plug: 7 })),
      fence("off", at(both.url, { self_plug: 7, plug: 1, delay: 1.5 })),
    ]);
    expect([quickOne.code, delayed.code]).toEqual([0, 1]);
    expect(state).toEqual({ 1: "running", 7: "offline" });
    await both.close();
  });

  test("a node does not shoot itself", async () => {
    api = await scripted(["running"]);
    expect((await fence("off", at(api.url, { self_plug: 7 }))).stderr).toContain("cannot confirm its own death");
    expect(api.seen).toHaveLength(0);
  });
});
