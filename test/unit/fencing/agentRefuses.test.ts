import { Desk, FakeApi, fence, type Options, refusal, type Reply, scripted } from "./support";

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

describe("what ends the run at once", () => {
  test.each([401, 403])("%d, loudly", async (status) => {
    api = await scripted([refusal(status, "Invalid Token")]);
    const url = api.url;
    const denied = ["off", "status", "monitor", "list"].map(async (action) => {
      const result = await fence(action, at(url, { delay: 30 }));
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain(`error: the API denies access (${status}: Invalid Token)`);
      expect(result.stderr).toContain("do: put a valid token");
      expect(result.seconds).toBeLessThan(5);
    });
    await Promise.all(denied);
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

test("a token whose rights the API does not tell is tried on a Linode that cannot be", async () => {
  const answer = (probe: Reply) =>
    FakeApi.start(({ method }) =>
      method === "POST" ? probe : { body: { data: [{ id: 7, label: "web2" }], page: 1, pages: 1 } },
    );
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
