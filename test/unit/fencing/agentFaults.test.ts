import { createServer } from "node:net";

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
    api = await scripted(["running", "shutting_down", "booting", "running", "shutting_down", "running", "shutting_down", "offline"]);
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
    api = await scripted(["running", refusal(404, "Not found")]);
    const result = await fence("off", at(api.url));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/Linode 7 was deleted meanwhile.*\n {2}do: make sure by eye/);
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
  });
});

describe("what is tried again", () => {
  test.each<[string, (n: number) => Reply]>([
    ["Linode busy.", (n) => (n <= 3 ? refusal(400, "Linode busy.") : {})],
    ["503", (n) => (n <= 3 ? refusal(503, "Service Unavailable") : {})],
    ["a cut connection", (n) => (n <= 2 ? "cut" : {})],
    ["429 without a time", (n) => (n <= 2 ? refusal(429, "Too many requests") : {})],
  ])("a shutdown that meets %s", async (_, ask) => {
    let accepted = false;
    let asked = 0;
    api = await FakeApi.start(({ method }) => {
      if (method === "GET") return inState(accepted ? "offline" : "running");
      const reply = ask(++asked);
      accepted = typeof reply === "object" && reply.status === undefined;
      return reply;
    });
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(asked).toBeGreaterThan(2);
  });

  test("a shutdown that was done although its answer was lost", async () => {
    let down = false;
    api = await FakeApi.start(({ method }) => {
      if (method === "GET") return inState(down ? "offline" : "running");
      const first = !down;
      down = true;
      return first ? "cut" : {};
    });
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
  });

  test("looks that meet 500, 502, 429, a cut and no answer", async () => {
    const bad: Reply[] = [refusal(500, "x"), refusal(502, "x"), refusal(429, "x"), "cut"];
    api = await scripted([...bad, "running", ...bad, "offline"]);
    expect(await fence("off", at(api.url, { power_timeout: 20 }))).toMatchObject({ code: 0 });
  });

  test("429 is obeyed: no request before the time that it gives", async () => {
    const times: number[] = [];
    api = await FakeApi.start((_, count) => {
      times.push(Date.now());
      return count === 1 ? { ...(refusal(429, "Too many requests") as object), headers: { "retry-after": "2" } } : inState("offline");
    });
    expect(await fence("off", at(api.url))).toMatchObject({ code: 0 });
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(1990);
  });

  test("a time to wait beyond the deadline ends the run at once", async () => {
    api = await scripted([{ ...(refusal(429, "Too many requests") as object), headers: { "retry-after": "600" } }]);
    const result = await fence("off", at(api.url));
    expect(result.code).toBe(1);
    expect(result.seconds).toBeLessThan(5);
    expect(result.stderr).toContain("asks for fewer requests (429)");
  });

  test.each<[string, Reply]>([
    ["never answers", "hang"],
    ["answers in drops", "drip"],
  ])("a server that %s holds nobody beyond the limits", async (_, reply) => {
    api = await scripted([reply, "offline"]);
    const limits = { login_timeout: 0.3, shell_timeout: 0.5 };
    expect(await fence("off", at(api.url, limits))).toMatchObject({ code: 0 });
    const always = await scripted([reply]);
    const hung = ["off", "on", "reboot", "status", "list", "monitor"].map(async (action) => {
      const result = await fence(action, at(always.url, { ...limits, power_timeout: 1.5 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toMatch(/no answer within|timed out/);
      expect(result.seconds).toBeLessThan(10);
    });
    await Promise.all(hung);
    await always.close();
  });

  test("nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${port}/v4`;
    for (const action of ["off", "on", "reboot", "status", "monitor"]) {
      const result = await fence(action, at(url, { power_timeout: 1, login_timeout: 0.5, shell_timeout: 0.5 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain("cannot be reached (ConnectionRefusedError");
    }
  });

  test("an API that comes back within the deadline", async () => {
    const first = await scripted(["offline"]);
    const url = first.url;
    await first.close();
    const off = fence("off", at(url));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const port = Number(new URL(url).port);
    const server = await import("node:http").then(({ createServer: http }) =>
      http((_, response) => response.end(JSON.stringify({ id: 7, label: "web2", status: "offline" }))).listen(port, "127.0.0.1"),
    );
    expect(await off).toMatchObject({ code: 0 });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("what ends the run at once", () => {
  test.each([401, 403])("%d, loudly", async (status) => {
    api = await scripted([refusal(status, "Invalid Token")]);
    for (const action of ["off", "status", "monitor", "list"]) {
      const result = await fence(action, at(api.url, { delay: 30 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain(`error: the API denies access (${status}: Invalid Token)`);
      expect(result.stderr).toContain("do: put a valid token");
      expect(result.seconds).toBeLessThan(5);
    }
  });

  test("a redirection is not followed with the token", async () => {
    const other = await scripted(["offline"]);
    api = await scripted([{ status: 302, headers: { location: `${other.url}/linode/instances/7` } }]);
    expect((await fence("off", at(api.url))).stderr).toContain("redirection (302)");
    expect(other.seen).toHaveLength(0);
    await other.close();
  });

  test("a label that nobody has, or one that the API's filter let through", async () => {
    for (const data of [[], [{ id: 7, label: "web22", status: "offline" }]]) {
      api = await FakeApi.start(() => ({ body: { data, page: 1, pages: 1, results: data.length } }));
      const result = await fence("off", at(api.url, { plug: "web2" }));
      expect(result.code).toBe(1);
      expect(result.stderr).toContain('no Linode with the label "web2"');
      expect(api.seen).toHaveLength(1);
      expect(api.seen[0]?.filter).toBe('{"label": "web2"}');
      await api.close();
      api = undefined;
    }
  });

  test("an id that nobody has", async () => {
    api = await scripted([refusal(404, "Not found")]);
    expect((await fence("off", at(api.url))).stderr).toContain("no Linode with the id 7");
  });

  test("a shutdown that is refused for good", async () => {
    api = await scripted(["running"], () => refusal(400, "You cannot do this."));
    const result = await fence("off", at(api.url));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("refuses the shutdown (400: You cannot do this.)");
    expect(api.asked("shutdown")).toBe(3);
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

  test.each(["shutting_down", "offline", "rebooting"])("a node that is %s by the API itself shoots nobody", async (status) => {
    api = await pair([status], ["running"]);
    const result = await fence("off", at(api.url, { self_plug: 1 }));
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(`this node itself (1) is ${status} by the API`);
    expect(api.asked("shutdown")).toBe(0);
  });

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

test("a token whose rights the API does not tell is tried on a Linode that cannot be", async () => {
  const answer = (probe: Reply) =>
    FakeApi.start(({ method }) => (method === "POST" ? probe : { body: { data: [{ id: 7, label: "web2" }], page: 1, pages: 1 } }));
  api = await answer(refusal(404, "Not found"));
  expect(await fence("monitor", at(api.url))).toMatchObject({ code: 0 });
  expect(api.seen[1]).toMatchObject({ method: "POST", path: "/linode/instances/0/shutdown" });
  const denied = await answer(refusal(401, "Your OAuth token is not authorized to use this endpoint."));
  expect(await fence("monitor", at(denied.url))).toMatchObject({ code: 1 });
  await denied.close();
});

test("lists of several pages", async () => {
  api = await FakeApi.start(({ path }) => {
    const page = Number(new URL(path, "http://x").searchParams.get("page"));
    return { body: { data: [{ id: page, label: `node-${page}`, status: "running" }], page, pages: 3, results: 3 } };
  });
  expect((await fence("list", at(api.url))).stdout).toBe("1,node-1\n2,node-2\n3,node-3\n");
});
