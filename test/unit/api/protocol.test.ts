import { TestLab, type Answer } from "./support";

describe("the protocol", () => {
  let lab: TestLab;
  afterEach(() => lab.close());

  describe("with defaults", () => {
    beforeEach(() => {
      lab = new TestLab();
    });

    it("is served at /v4 and /v4beta, and says JSON just as the vendor's Go client wants it", async () => {
      for (const prefix of ["/v4", "/v4beta"]) {
        const { status, headers } = await lab.ask("GET", `${prefix}/linode/instances`);
        expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
      }
    });

    it.each([
      ["no token", {}],
      ["a wrong token", { authorization: "Bearer wrong" }],
      ["another scheme", { authorization: "Basic dGVzdA==" }],
    ])("answers 401 to %s", async (_what, headers) => {
      const answer = await lab.ask("GET", "/linode/instances", undefined, {
        headers: { authorization: "", ...headers },
      });
      expect([answer.status, answer.body.errors]).toEqual([401, [{ reason: "Invalid Token" }]]);
    });

    it("lets anyone read what is public", async () => {
      for (const path of ["/regions", "/linode/types", "/linode/kernels/linode%2Fgrub2", "/images/linode/debian13"]) {
        const url = `${await lab.listen()}/v4${path}`;
        expect([path, (await fetch(url)).status]).toEqual([path, 200]);
      }
    });

    it("shows an account's own images only to those who have a token", async () => {
      const own = "/images/private/13";
      const url = `${await lab.listen()}/v4`;
      const ids = (body: { data: { id: string }[] }): string[] => body.data.map(({ id }) => id);
      expect((await lab.ask("GET", own)).status).toBe(200);
      expect((await fetch(`${url}${own}`)).status).toBe(404);
      expect(ids((await (await fetch(`${url}/images`)).json()) as never)).not.toContain("private/13");
      expect(ids((await lab.ok("GET", "/images")) as never)).toContain("private/13");
    });

    it("makes tokens with scopes, shows them once, and forgets them", async () => {
      const made = await lab.ok("POST", "/profile/tokens", {
        label: "fence",
        scopes: "linodes:read_only events:read_only",
      });
      const headers = { authorization: `Bearer ${made.token}` };
      const as = (method: string, path: string): Promise<Answer> => lab.ask(method, path, undefined, { headers });
      expect((await as("GET", "/linode/instances")).status).toBe(200);
      expect((await as("GET", "/account/events")).status).toBe(200);
      expect((await as("GET", "/domains")).status).toBe(401);
      const post = await as("POST", "/linode/instances");
      expect([post.status, post.headers.get("x-accepted-oauth-scopes")]).toEqual([401, "linodes:read_write"]);
      expect((await lab.ok("GET", `/profile/tokens/${made.id}`)).token).toBe(made.token.slice(0, 16));
      expect(JSON.stringify(lab.store.table("tokens").all())).not.toContain(made.token);
      await lab.ok("DELETE", `/profile/tokens/${made.id}`);
      expect((await as("GET", "/linode/instances")).status).toBe(401);
    });

    it.each([
      ["GET", "/nowhere", 404, "Not found"],
      ["GET", "/linode/instances/77", 404, "Not found"],
      ["GET", "/linode/instances/web1", 404, "Not found"],
      ["DELETE", "/account/events", 405, "Method Not Allowed"],
      ["POST", "/linode/types", 405, "Method Not Allowed"],
      ["GET", "/vpcs", 501, "The local Linode does not have this"],
      ["GET", "/linode/instances/1/stats", 501, "The local Linode does not have this"],
      ["POST", "/lke/clusters", 501, "The local Linode does not have this"],
    ])("answers %s %s with %i", async (method, path, status, reason) => {
      const refusal = await lab.refused(method, path);
      expect(refusal.status).toBe(status);
      expect(refusal.reason).toContain(reason);
    });

    it("gives every reason at once, each with its field", async () => {
      const { status, body } = await lab.ask("POST", "/linode/instances", { label: "x", region: 5 });
      expect(status).toBe(400);
      expect(body.errors.map((each) => each.field).sort()).toEqual(["label", "region", "type"]);
    });

    it("refuses a body that is not JSON, and takes none for an empty one", async () => {
      expect((await lab.refused("POST", "/linode/instances", "{oops")).status).toBe(400);
      expect((await lab.refused("POST", "/linode/instances", "[1]")).status).toBe(400);
      const { id } = await lab.linode();
      const shutdown = await lab.ask("POST", `/linode/instances/${id}/shutdown`, "", {
        headers: { "content-type": "application/json" },
      });
      expect(shutdown.status).toBe(200);
    });

    it("pages lists: 100 at a time, 25 to 500 on request, nothing beyond the end", async () => {
      for (let number = 0; number < 60; number += 1) {
        lab.store
          .table("sshKeys")
          .put({ id: number + 1, label: `key${number}`, ssh_key: "x", username: "tester", created: "" });
      }
      const page = (query: string) => lab.ok("GET", `/profile/sshkeys${query}`);
      expect(await page("")).toMatchObject({ page: 1, pages: 1, results: 60 });
      const last = await page("?page=3&page_size=25");
      expect([last.page, last.pages, last.results, last.data.length]).toEqual([3, 3, 60, 10]);
      expect(await page("?page=100")).toMatchObject({ data: [], results: 60 });
      for (const size of ["24", "501", "many"]) {
        expect(await lab.refused("GET", `/profile/sshkeys?page_size=${size}`)).toMatchObject({
          status: 400,
          field: "page_size",
        });
      }
    });

    it("refuses filters on what it does not know", async () => {
      const filters = [{ foo: 1 }, { "+and": [{ foo: 1 }] }, { id: { "+like": 1 } }, "{", "[]", { "+order_by": "foo" }];
      for (const filter of filters) {
        expect(await lab.refused("GET", "/account/events", undefined, filter)).toMatchObject({
          status: 400,
          field: "X-Filter",
        });
      }
      expect((await lab.refused("GET", "/images", undefined, { foo: "bar" })).reason).toBe("Cannot filter on foo");
    });

    it("keeps a history that can be filtered, seen and read", async () => {
      const one = await lab.linode({ label: "web1" });
      await lab.linode({ label: "web2" });
      await lab.ok("DELETE", `/linode/instances/${one.id}`);
      await lab.idle();
      const list = async (filter: unknown) => (await lab.ok("GET", "/account/events", undefined, filter)).data;
      const mine = await list({
        "entity.id": one.id,
        "entity.type": "linode",
        "+order_by": "created",
        "+order": "desc",
      });
      expect(mine.map((event) => event.action)).toEqual(["linode_delete", "linode_create"]);
      expect(mine[0]).toMatchObject({ status: "finished", percent_complete: 100, username: "tester", seen: false });
      const since = {
        created: { "+gte": "2020-01-01T00:00:00" },
        status: "finished",
        action: { "+contains": "create" },
      };
      expect(await list(since)).toHaveLength(2);
      await lab.ok("POST", `/account/events/${mine[0]!.id}/seen`);
      expect((await list({ seen: false })).length).toBe(0);
      await lab.ok("POST", `/account/events/${mine[0]!.id}/read`);
      expect(await list({ read: true })).toMatchObject([{ id: mine[0]!.id }]);
    });

    it("fails on demand, the same way for the same seed", async () => {
      const draw = async (): Promise<number[]> => {
        lab.app.lab.faults.clear();
        lab.app.lab.faults.setApiRule({
          status: 503,
          rate: 0.5,
          seed: 7,
          match: { methods: ["GET"], path: "^/regions$" },
        });
        const statuses: number[] = [];
        for (let times = 0; times < 20; times += 1) statuses.push((await lab.ask("GET", "/regions")).status);
        return statuses;
      };
      const first = await draw();
      expect(new Set(first)).toEqual(new Set([200, 503]));
      expect(await draw()).toEqual(first);
      expect((await lab.ask("GET", "/linode/types")).status).toBe(200);
      lab.app.lab.faults.clear();
      lab.app.lab.faults.setApiRule({ status: 429 });
      const limited = await lab.ask("GET", "/regions");
      expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "1"]);
      lab.app.lab.faults.clear();
      lab.app.lab.faults.setApiRule({ reason: "Linode busy." });
      expect(await lab.refused("GET", "/regions")).toEqual({ status: 400, reason: "Linode busy." });
      lab.app.lab.faults.clear();
      lab.app.lab.faults.setApiRule({ status: 502, when: "after", match: { methods: ["POST"] } });
      expect((await lab.ask("POST", "/linode/instances", { region: "us-east", type: "g6-nanode-1" })).status).toBe(502);
      expect((await lab.ok("GET", "/linode/instances")).results).toBe(1);
      lab.app.lab.faults.clear();
      lab.app.lab.faults.setLatency(50);
      const before = Date.now();
      await lab.ask("GET", "/regions");
      expect(Date.now() - before).toBeGreaterThanOrEqual(49);
    });

    it("knows what the metadata service serves", async () => {
      const linode = await lab.linode({ label: "web1", metadata: { user_data: "I2Nsb3VkLWNvbmZpZwo=" }, tags: ["ha"] });
      expect(lab.app.lab.metadataFor(linode.id)).toMatchObject({
        instance: { id: linode.id, label: "web1", region: "us-east", tags: ["ha"], specs: { memory: 2048 } },
        network: { ipv4: { public: ["198.51.100.2/32"] } },
        userData: "I2Nsb3VkLWNvbmZpZwo=",
      });
      expect(lab.app.lab.metadataFor(5)).toBeUndefined();
      expect(lab.app.lab.node("web1")).toMatchObject({ id: linode.id, publicIpv4: "198.51.100.2", status: "offline" });
    });
  });

  it("limits requests and says when to come back", async () => {
    let now = 1_000_000;
    lab = TestLab.with({ rateLimit: { requests: 2, seconds: 30 }, clock: () => now });
    expect((await lab.ask("GET", "/regions")).headers.get("x-ratelimit-remaining")).toBe("1");
    await lab.ask("GET", "/regions");
    const third = await lab.ask("GET", "/regions");
    expect([third.status, third.headers.get("retry-after"), third.body.errors]).toEqual([
      429,
      "30",
      [{ reason: "Too many requests" }],
    ]);
    now += 30_000;
    expect((await lab.ask("GET", "/regions")).status).toBe(200);
  });
});
