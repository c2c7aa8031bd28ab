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
      return count === 1
        ? { ...(refusal(429, "Too many requests") as object), headers: { "retry-after": "2" } }
        : inState("offline");
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
    const refused = ["off", "on", "reboot", "status", "monitor"].map(async (action) => {
      const result = await fence(action, at(url, { power_timeout: 1, login_timeout: 0.5, shell_timeout: 0.5 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain("cannot be reached (ConnectionRefusedError");
    });
    await Promise.all(refused);
  });

  test("an API that comes back within the deadline", async () => {
    const first = await scripted(["offline"]);
    const url = first.url;
    await first.close();
    const off = fence("off", at(url));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const port = Number(new URL(url).port);
    const server = await import("node:http").then(({ createServer: http }) =>
      http((_, response) => response.end(JSON.stringify({ id: 7, label: "web2", status: "offline" }))).listen(
        port,
        "127.0.0.1",
      ),
    );
    expect(await off).toMatchObject({ code: 0 });
    await new Promise((resolve) => server.close(resolve));
  });
});
