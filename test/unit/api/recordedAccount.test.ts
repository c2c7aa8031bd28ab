import { TestLab } from "./support";

const asked = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Each test states what recorded traffic of the real API shows; the recordings themselves are not kept here. */
describe("events, tokens and headers, as recorded", () => {
  let lab: TestLab;
  beforeEach(() => {
    lab = new TestLab();
  });
  afterEach(() => lab.close());

  it("an event has these fields and no others; a mere notification has neither progress nor duration", async () => {
    const linode = await lab.linode();
    const config = { label: "main", devices: {} };
    await lab.ok("POST", `/linode/instances/${linode.id}/configs`, config);
    const event = await lab.event("linode_config_create", linode.id);
    expect(event).toEqual({
      id: expect.any(Number) as number,
      action: "linode_config_create",
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/) as string,
      details: {},
      duration: null,
      entity: expect.objectContaining({ type: "linode" }) as object,
      message: "",
      percent_complete: null,
      rate: null,
      read: false,
      secondary_entity: expect.objectContaining({ type: "linode_config" }) as object,
      seen: false,
      status: "notification",
      time_remaining: null,
      username: "tester",
    });
    const made = await lab.event("linode_create", linode.id);
    expect(made).toMatchObject({ status: "finished", percent_complete: 100, secondary_entity: null });
    // With fractions: a client that reads a whole number breaks here, too.
    expect(made).toMatchObject({ duration: expect.any(Number) as number });
    expect(Object.keys(made ?? {}).sort()).toEqual(Object.keys(event ?? {}).sort());
  });

  it("a token without an end ends in the year 2999", async () => {
    const endless = { label: "endless", scopes: "*", expiry: null };
    const token = await lab.ok("POST", "/profile/tokens", endless);
    expect(token).toMatchObject({ expiry: "2999-12-12T05:00:00" });
    expect((await lab.ask("GET", "/linode/instances", undefined, asked(token.token))).status).toBe(200);
    const ended = { label: "ended", scopes: "*", expiry: "2001-01-01T00:00:00" };
    const old = await lab.ok("POST", "/profile/tokens", ended);
    expect(old).toMatchObject({ expiry: ended.expiry });
    expect((await lab.ask("GET", "/linode/instances", undefined, asked(old.token))).status).toBe(401);
  });

  it("attaching and detaching a volume needs the scopes of both", async () => {
    const linode = await lab.linode();
    const volume = await lab.ok("POST", "/volumes", { label: "data", region: "us-east" });
    await lab.idle();
    const narrow = await lab.ok("POST", "/profile/tokens", { label: "narrow", scopes: "volumes:read_write" });
    const wide = { label: "wide", scopes: "volumes:read_write linodes:read_write" };
    const both = await lab.ok("POST", "/profile/tokens", wide);
    const attach = (token: string) =>
      lab.ask("POST", `/volumes/${volume.id}/attach`, { linode_id: linode.id }, asked(token));
    const refused = await attach(narrow.token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("x-accepted-oauth-scopes")).toBe("volumes:read_write,linodes:read_write");
    expect(refused.headers.get("x-oauth-scopes")).toBe("volumes:read_write");
    expect((await attach(both.token)).status).toBe(200);
    await lab.idle();
    const detach = lab.ask("POST", `/volumes/${volume.id}/detach`, undefined, asked(narrow.token));
    expect((await detach).status).toBe(401);
  });

  it("any token may read its own profile, and what it may do is told only to restricted users", async () => {
    const { token } = await lab.ok("POST", "/profile/tokens", { label: "narrow", scopes: "domains:read_only" });
    const profile = await lab.ask("GET", "/profile", undefined, asked(token));
    expect(profile.body).toMatchObject({ username: "tester", restricted: false });
    expect(profile.headers.get("x-accepted-oauth-scopes")).toBe("*");
    expect((await lab.ask("GET", "/profile/grants", undefined, asked(token))).status).toBe(204);
    expect((await lab.ask("PUT", "/profile", {}, asked(token))).status).toBe(401);
    const nobody = await lab.ask("GET", "/profile", undefined, { headers: { authorization: "Bearer wrong" } });
    expect([nobody.status, nobody.headers.get("x-oauth-scopes")]).toEqual([401, "unknown"]);
    expect(nobody.headers.get("x-accepted-oauth-scopes")).toBe("*");
  });

  it("what the lab lacks is said to be missing, not forbidden, where it has another method of the same path", async () => {
    expect(await lab.refused("POST", "/account/users", { username: "other" })).toMatchObject({ status: 501 });
    expect(await lab.refused("POST", "/linode/instances/1/backups", {})).toMatchObject({ status: 501 });
    expect(await lab.refused("DELETE", "/regions")).toMatchObject({ status: 405 });
  });

  it("every answer forbids caching; what is open to everybody says so", async () => {
    const { headers } = await lab.ask("GET", "/regions");
    expect(headers.get("cache-control")).toBe("max-age=0, no-cache, no-store");
    expect(headers.get("vary")).toBe("Authorization, X-Filter");
    expect(headers.get("x-accepted-oauth-scopes")).toBe("*");
    expect(headers.get("x-oauth-scopes")).toBe("*");
    expect(headers.get("content-type")).toBe("application/json");
  });

  it("maintenance policies, prices of traffic and security questions have the forms that clients read", async () => {
    expect((await lab.ok("GET", "/maintenance/policies")).data).toMatchObject([
      { slug: "linode/migrate", type: "migrate", notification_period_sec: 10_800, is_default: true },
      { slug: "linode/power_off_on", type: "power_off_on", notification_period_sec: 604_800, is_default: false },
    ]);
    expect((await lab.ok("GET", "/network-transfer/prices")).data).toMatchObject([
      { id: "distributed_network_transfer", price: { hourly: 0.01, monthly: null } },
      { id: "network_transfer", price: { hourly: 0.005, monthly: null } },
    ]);
    expect(await lab.ok("GET", "/profile/security-questions")).toEqual({ security_questions: [] });
  });

  it("the newer core regions are there, and prices of the dear ones are rounded to a tenth of a cent", async () => {
    const regions = await lab.ok("GET", "/regions");
    const newer = ["in-bom-2", "sg-sin-2", "jp-tyo-3", "no-osl-1", "us-iad-2", "fr-par-2"];
    expect(regions.data.map(({ id }) => id)).toEqual(expect.arrayContaining(newer));
    expect(await lab.ok("GET", "/linode/types/g6-standard-1")).toMatchObject({
      region_prices: [
        { id: "id-cgk", hourly: 0.022, monthly: 14.4 },
        { id: "br-gru", hourly: 0.025, monthly: 16.8 },
      ],
    });
    expect(await lab.ok("GET", "/linode/types/g6-nanode-1")).toMatchObject({
      region_prices: [{ hourly: 0.009 }, { hourly: 0.0105 }],
    });
  });
});
