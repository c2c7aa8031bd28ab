import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FENCING_TOKEN, Guestless, GuestlessStack } from "../support/guestless/guestless";
import { projectRoot } from "../support/lab";
import { baseConfig, Previews, withSettings } from "../support/review/previews";
import { PROGRAMS } from "../support/review/changes";

const account = new Guestless();
const previews = new Previews(async () => account);
let stack: GuestlessStack;

beforeAll(async () => {
  await account.start();
  stack = await previews.stack("dual-primary");
}, 300_000);

afterAll(() => account.stop());

const DAY = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** `pulumi <args>` with the policy pack, after a change of the configuration. */
async function withPack(
  set: Readonly<Record<string, unknown>>,
  args: readonly string[],
  config?: object,
): Promise<Ended> {
  stack.configure(withSettings(baseConfig("dual-primary"), set));
  const file = join(account.folder, "policy.json");
  if (config !== undefined) writeFileSync(file, JSON.stringify(config));
  const pack = [
    "--policy-pack",
    join(projectRoot, "policy"),
    ...(config === undefined ? [] : ["--policy-pack-config", file]),
  ];
  const { code, stdout, stderr } = await stack.pulumi([...args, ...pack]);
  const said = stdout + stderr;
  expect(said).not.toContain(FENCING_TOKEN);
  return { code, said };
}

const closed = { "pair.access.publicTcpPorts": [443] };
const allow = (...entries: readonly { name: string; until: string }[]): object => ({
  availability: { allow: entries },
});

describe("the policy pack, in the real engine", () => {
  it("lets a change pass that nobody feels", async () => {
    const { code, said } = await withPack({ "pair.tags": ["team-web"] }, ["preview"]);
    expect({ code, said }).toMatchObject({ code: 0 });
  });

  it("lets a failover pass, which is no business of its", async () => {
    expect((await withPack({ "pair.type": "g6-standard-2" }, ["preview"])).code).toBe(0);
  });

  it("refuses what takes both nodes, and says what it is and how it is allowed", async () => {
    const { code, said } = await withPack(closed, ["preview"]);
    expect(code).not.toBe(0);
    expect(said).toMatch(/BOTH NODES \(rank 2\): a firewall, update: the firewall no longer lets through TCP 80/);
    expect(said).toContain("--policy-pack-config");
  });

  it("keeps `pulumi up` from doing it", async () => {
    const { code, said } = await withPack(closed, ["up", "--yes", "--skip-preview"]);
    expect(code).not.toBe(0);
    expect(said).toContain("BOTH NODES");
    expect((await withPack({}, ["preview", "--expect-no-changes"])).code).toBe(0);
  });

  it("refuses what is deleted, which no resource's own check sees", async () => {
    stack.program(PROGRAMS["empty"]);
    try {
      const { code, said } = await withPack({}, ["preview"]);
      expect(code).not.toBe(0);
      expect(said).toMatch(/DATA LOSS \(rank 1\): a volume, delete/);
    } finally {
      stack.program();
    }
  });

  it("allows it by name until a date, and no longer", async () => {
    expect((await withPack(closed, ["preview"], allow({ name: "web", until: inDays(1) }))).code).toBe(0);
    const other = await withPack(closed, ["preview"], allow({ name: "another", until: inDays(1) }));
    expect(other.code).not.toBe(0);
    const late = await withPack(closed, ["preview"], allow({ name: "web", until: inDays(-1) }));
    expect(late.code).not.toBe(0);
    expect(late.said).toContain(`was allowed until ${inDays(-1)}`);
  });

  it("takes no permission without an end", async () => {
    const { code } = await withPack(closed, ["preview"], { availability: { allow: [{ name: "web" }] } });
    expect(code).not.toBe(0);
  });

  it("refuses more where it is told to", async () => {
    const { code, said } = await withPack({ "pair.type": "g6-standard-2" }, ["preview"], {
      availability: { refuse: "failover" },
    });
    expect(code).not.toBe(0);
    expect(said).toContain("FAILOVER (rank 3)");
  });

  it("lets a new stack be built", async () => {
    const fresh = new GuestlessStack(account, "fresh", baseConfig("dual-primary"));
    await fresh.init();
    const { code, stdout } = await fresh.pulumi(["preview", "--policy-pack", join(projectRoot, "policy")]);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/\+ \d+ to create/);
  });
});
