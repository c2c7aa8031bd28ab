import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../../../components/internal/errors";
import { accountSettings, checkAgainstApi, type ApiQuestion } from "../../../config/accountChecks";
import { loadDualPrimary } from "../../../config/load";

const LISTS: Readonly<Record<string, unknown[]>> = {
  "/v4/regions": [
    {
      id: "eu-central",
      capabilities: ["Linodes", "Placement Group", "Cloud Firewall", "Metadata", "Vlans", "Block Storage"],
    },
    { id: "eu-west", capabilities: ["Linodes", "Block Storage"] },
  ],
  "/v4/linode/types": [{ id: "g6-standard-2" }, { id: "g6-nanode-1" }],
  "/v4/images": [{ id: "linode/debian13" }, { id: "linode/debian12" }],
};
const TOKEN = "a-token-of-this-test";

/** A small API that answers with its lists, a page of one entry at a time, and is busy as often as it is told. */
class SmallApi {
  busy = 0;
  requests = 0;
  private server = http.createServer((request, response) => {
    this.requests++;
    const url = new URL(request.url ?? "", "http://api");
    const list = LISTS[url.pathname];
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "Content-Type": "application/json", "Retry-After": "0" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      answer(401, { errors: [{ reason: "Invalid Token" }] });
    } else if (this.busy > 0) {
      this.busy--;
      answer(this.busy % 2 === 0 ? 429 : 503, { errors: [{ reason: "Too many requests" }] });
    } else if (list === undefined) {
      answer(404, { errors: [{ reason: "Not found" }] });
    } else {
      const page = Number(url.searchParams.get("page"));
      answer(200, { data: list.slice(page - 1, page), page, pages: list.length, results: list.length });
    }
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe("what is asked of the API", () => {
  let api: SmallApi;
  let url: string;
  const ask = (more: Partial<ApiQuestion>): ReturnType<typeof checkAgainstApi> =>
    checkAgainstApi({
      url,
      token: TOKEN,
      region: "eu-central",
      type: "g6-standard-2",
      images: ["linode/debian13"],
      ...more,
    });

  beforeEach(async () => {
    api = new SmallApi();
    url = await api.start();
  });
  afterEach(() => api.stop());

  test("finds nothing where everything exists", async () => {
    expect(await ask({ capabilities: ["Vlans", "Block Storage"] })).toEqual([]);
  });

  test("takes an address with the version in it", async () => {
    expect(await ask({ url: `${url}/v4` })).toEqual([]);
    expect(await ask({ url: `${url}/v4beta/` })).toEqual([]);
  });

  test("tells unknown region, type and image at once, each with the nearest name", async () => {
    const problems = await ask({ region: "eu-centrl", type: "g6-standard-3", images: ["debian13"] });
    expect(problems.map(({ path, given }) => [path, given])).toEqual([
      ["pair.region", "eu-centrl"],
      ["pair.type", "g6-standard-3"],
      ["pair.image", "debian13"],
    ]);
    expect(problems.map(({ todo }) => todo)).toEqual([
      expect.stringContaining("eu-central"),
      expect.stringContaining("g6-standard-2"),
      expect.stringContaining("linode/debian13"),
    ]);
  });

  test("tells what a region lacks, and which has it", async () => {
    expect(await ask({ region: "eu-west", capabilities: ["Vlans", "Block Storage"] })).toEqual([
      expect.objectContaining({
        path: "pair.region",
        what: expect.stringContaining("Vlans"),
        allowed: "eu-central",
      }),
    ]);
  });

  test("asks a busy API again", async () => {
    api.busy = 4;
    expect(await ask({})).toEqual([]);
  });

  test("gives up on an API that stays busy", async () => {
    api.busy = 1000;
    const [problem] = await ask({});
    expect(problem?.what).toMatch(/does not answer: HTTP (429|503)/);
    expect(api.requests).toBeLessThanOrEqual(18);
  });

  test("a refused token is named as such, and not shown", async () => {
    const problems = await ask({ token: "wrong-token-value" });
    expect(problems).toEqual([
      expect.objectContaining({ path: "LINODE_TOKEN", what: expect.stringContaining("is refused") }),
    ]);
    expect(JSON.stringify(problems)).not.toContain("wrong-token-value");
  });

  test("without a token nothing is asked", async () => {
    expect(await ask({ token: undefined })).toEqual([expect.objectContaining({ path: "LINODE_TOKEN" })]);
    expect(api.requests).toBe(0);
  });

  test("on loopback, no answer means that the lab is not running", async () => {
    await api.stop();
    expect(await ask({})).toEqual([
      expect.objectContaining({
        path: "LINODE_URL",
        what: expect.stringContaining("ECONNREFUSED"),
        todo: expect.stringContaining("linode-lab up"),
      }),
    ]);
  });

  test("elsewhere, no answer means that the API is out of reach", async () => {
    const fail: typeof fetch = () => Promise.reject(new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } }));
    expect(await ask({ url: "https://api.linode.com", fetch: fail })).toEqual([
      expect.objectContaining({
        what: expect.stringContaining("ENOTFOUND"),
        given: "https://api.linode.com",
      }),
    ]);
  });
});

describe("a stack's configuration as Pulumi hands it over", () => {
  const all = {
    "linode-ha:system": "dual-primary",
    "linode-ha:pair": JSON.stringify({
      region: "eu-central",
      type: "g6-standard-2",
      nodes: ["web1", "web2"],
      domain: "example.org",
      access: { adminCidrs: ["203.0.113.0/24"] },
    }),
    "linode-ha:volumes": JSON.stringify({ www: { filesystem: { mountpoint: "/srv/www" } } }),
    "linode-ha:fencing": JSON.stringify({ kind: "none", acceptUnfenced: true }),
    "other:key": "not ours",
  };
  const api = new SmallApi();
  let environment: Record<string, string>;

  beforeAll(async () => {
    environment = { LINODE_URL: await api.start(), LINODE_TOKEN: TOKEN };
  });
  afterAll(() => api.stop());

  test("is read and checked against the account", async () => {
    const config = await loadDualPrimary(all, "linode-ha", environment);
    expect(config.pair.nodes).toEqual(["web1", "web2"]);
  });

  test.each<[string, object, string]>([
    ["takes a token for fencing from the environment", { fencingToken: undefined }, "of-the-environment"],
    ["takes the stack's own first", { fencingToken: "of-the-stack" }, "of-the-stack"],
  ])("%s", async (_what, { fencingToken }: { fencingToken?: string }, token) => {
    const config = await loadDualPrimary(
      {
        ...all,
        "linode-ha:fencing": JSON.stringify({ kind: "linode" }),
        ...(fencingToken === undefined ? {} : { "linode-ha:fencingToken": fencingToken }),
      },
      "linode-ha",
      { ...environment, LINODE_FENCING_TOKEN: "of-the-environment" },
    );
    expect(config.fencingToken).toBe(token);
  });

  test("without fencing, a token in the environment is nobody's", async () => {
    const config = await loadDualPrimary(all, "linode-ha", { ...environment, LINODE_FENCING_TOKEN: "idle" });
    expect(JSON.stringify(config)).not.toContain("idle");
  });

  test("gives one report for what is wrong in it and in the account", async () => {
    const pair = { ...(JSON.parse(all["linode-ha:pair"]) as object), type: "g6-standrd-2", nodes: ["web1", "web1"] };
    const failure = loadDualPrimary({ ...all, "linode-ha:pair": JSON.stringify(pair) }, "linode-ha", environment);
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(/pair\.nodes:[^]*pair\.type:/);
  });

  test("the provider's own configuration comes before the environment", () => {
    expect(accountSettings({ "linode:url": "http://a", "linode:token": "t" }, { LINODE_URL: "http://b" })).toEqual({
      url: "http://a",
      token: "t",
    });
    expect(accountSettings({}, {})).toEqual({ url: "https://api.linode.com", token: undefined });
  });
});
