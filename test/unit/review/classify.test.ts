import { mayRestart } from "../../../components/internal/rollingChange";
import { exitCodeFor, parseStatus, rankNamed, type KnownStatus, type Rank, type Step } from "../../../review";
import { meaningOf } from "../../../review/meanings";
import { CHANGES } from "../../support/review/changes";
import { PAIR, previewOf, reviewed, reviewOf, step, type TestStep } from "../../support/review/fixtures";

test("there are forty changes, each with a name of its own", () => {
  expect(CHANGES).toHaveLength(40);
  expect(new Set(CHANGES.map(({ id }) => id)).size).toBe(40);
});

test.each(CHANGES.map(({ id, predicted, refused }) => [id, predicted, refused === true] as const))(
  "%s has rank %d",
  (id, predicted, refused) => {
    const { rank, findings } = reviewOf(id);
    expect(rank).toBe(predicted);
    expect(findings.some((finding) => finding.refused !== undefined && finding.rank === rank)).toBe(refused);
    for (const finding of findings)
      expect(finding.rank === 6 || finding.steps.length > 0 || finding.rank === 5).toBe(true);
  },
);

describe("exit codes", () => {
  it.each<[Rank, number]>([
    [0, 3],
    [1, 2],
    [2, 2],
    [3, 1],
    [4, 1],
    [5, 0],
    [6, 0],
  ])("rank %d ends with %d", (rank, code) => {
    expect(exitCodeFor(rank)).toBe(code);
  });

  it("--fail-on lets better ranks pass, and never what is not understood", () => {
    expect(exitCodeFor(3, 2)).toBe(0);
    expect(exitCodeFor(2, 1)).toBe(0);
    expect(exitCodeFor(5, 5)).toBe(1);
    expect(exitCodeFor(0, 1)).toBe(3);
    expect(rankNamed("Both-Nodes")).toBe(2);
    expect(rankNamed("3")).toBe(3);
    expect(rankNamed("7")).toBeUndefined();
  });
});

const statusWith = (active: string, standby: string): KnownStatus =>
  parseStatus(
    JSON.stringify({
      schema: 1,
      grade: "healthy",
      nodes: [active, standby].map((name) => ({ name, reached: true })),
      resources: [{ name: "www", sides: { [active]: { role: "Primary" }, [standby]: { role: "Secondary" } } }],
      manager: { kind: "pacemaker", groups: [{ name: "web", activeOn: [active], partlyOn: [] }] },
    }),
  );

describe("the active node", () => {
  const restart = step("update", "linode:index/instance:Instance", "web-web1", {
    old: { label: "web1", type: "a" },
    new: { label: "web1", type: "b" },
    diffs: ["type"],
    parents: PAIR,
  });

  it("is either where nobody says", () => {
    expect(reviewed([restart]).findings[0]).toMatchObject({ rank: 3, duty: "either", nodes: ["web1"] });
  });

  it("is told by the status", () => {
    expect(reviewed([restart], { status: statusWith("web1", "web2") }).findings[0]).toMatchObject({
      rank: 3,
      duty: "active",
    });
    expect(reviewed([restart], { status: statusWith("web2", "web1") }).findings[0]).toMatchObject({
      rank: 4,
      duty: "standby",
    });
  });

  it("is either where the status knows nothing of that node", () => {
    expect(reviewed([restart], { status: statusWith("a", "b") }).findings[0]).toMatchObject({
      rank: 3,
      duty: "either",
    });
  });

  it("stays active while it carries only a part of a group", () => {
    const text = JSON.stringify({
      schema: 1,
      grade: "critical",
      nodes: [{ name: "web1", reached: true }],
      manager: { groups: [{ name: "g", activeOn: [], partlyOn: ["web1"] }] },
    });
    expect(reviewed([restart], { status: parseStatus(text) }).findings[0]).toMatchObject({ duty: "active" });
  });

  it.each([
    ["", /no JSON/],
    ["{}", /no status/],
    ['{"schema":2,"grade":"healthy","manager":{}}', /schema 2/],
  ])("a status %j is refused", (text, why) => {
    expect(() => parseStatus(text)).toThrow(why);
  });
});

describe("both nodes at once", () => {
  const replaced = (node: string, parents: readonly string[] = PAIR) =>
    step("replace", "linode:index/instance:Instance", `web-${node}`, {
      old: { label: node },
      new: { label: node },
      diffs: ["image"],
      parents,
    });
  const updated = (node: string, parents: readonly string[] = PAIR) =>
    step("update", "linode:index/instanceConfig:InstanceConfig", `web-${node}-config`, {
      old: { label: "a" },
      new: { label: "b" },
      diffs: ["label"],
      parents,
    });

  it("is two Linodes made anew", () => {
    expect(reviewed([replaced("web1")]).rank).toBe(3);
    expect(reviewed([replaced("web1"), replaced("web2")])).toMatchObject({ rank: 2, exitCode: 2 });
  });

  it("is not what the program does one node after the other", () => {
    expect(reviewed([updated("web1"), updated("web2")]).rank).toBe(3);
  });

  it("is the same change where no pair of the product's holds the nodes", () => {
    expect(reviewed([updated("web1", []), updated("web2", [])]).rank).toBe(2);
  });

  it("is not one node of each of two pairs", () => {
    const of = (pair: string, node: string) =>
      step("replace", "linode:index/instance:Instance", `${pair}-${node}`, {
        old: { label: node },
        new: { label: node },
        diffs: ["image"],
        parents: PAIR,
        more: { parent: `urn:pulumi:lab::linode-ha::linode-ha:pair:HaPair::${pair}` },
      });
    expect(reviewed([of("web", "web1"), of("db", "db1")]).rank).toBe(3);
    expect(reviewed([of("web", "web1"), of("db", "db1"), of("db", "db2")]).rank).toBe(2);
  });

  it("is one of each", () => {
    expect(reviewed([replaced("web1"), updated("web2")]).rank).toBe(2);
  });
});

test("a new stack is nothing to fear", () => {
  const { steps } = JSON.parse(previewOf("stack-removed")) as { steps: TestStep[] };
  const made = steps.flatMap(({ op, urn, oldState }) =>
    op === "delete" ? [{ op: "create", urn, newState: oldState }] : [],
  );
  expect(made).toHaveLength(40);
  expect(reviewed(made)).toMatchObject({ rank: 6, exitCode: 0 });
});

describe("what the program itself takes for a restart", () => {
  const instance = "linode:index/instance:Instance";
  const known = Object.keys(meaningOf(stepNamed(instance))?.properties ?? {});

  function stepNamed(type: string): Step {
    return {
      op: "update",
      engineOp: "update",
      urn: `urn:pulumi:s::p::${type}::i`,
      type,
      name: "i",
      diffs: [],
      replaces: [],
    };
  }

  it.each(known)("%s is the same to the review", (property) => {
    const restarts = mayRestart(instance, { [property]: "a" }, { [property]: "b" });
    const one = step("update", instance, "web-web1", {
      old: { [property]: "a" },
      new: { [property]: "b" },
      diffs: [property],
      parents: PAIR,
    });
    const { rank } = reviewed([one]);
    // User data is read at a first boot only, and the program ignores its changes.
    if (restarts && property !== "metadatas") expect(rank).toBeLessThanOrEqual(3);
    // Which addresses a node shares is no restart, and can take one away all the same.
    if (!restarts && property !== "sharedIpv4s") expect(rank).toBe(6);
  });
});

test("what is kept when the program forgets it is not lost", () => {
  const volume = { old: { size: 10 }, more: { retainOnDelete: true } };
  expect(reviewed([step("delete", "linode:index/volume:Volume", "v", volume)]).rank).toBe(6);
  expect(reviewed([step("delete", "linode:index/volume:Volume", "v", { old: { size: 10 } })]).rank).toBe(1);
});

test("a replaced volume is copied whole, and both nodes' are added up", () => {
  const { findings } = reviewOf("region");
  const volumes = findings.find(({ type }) => type === "linode:index/volume:Volume");
  expect(volumes?.resync).toEqual({ words: "the whole volume", bytes: 2 * 20 * 2 ** 30 });
});

test("how long service stops is what was measured", () => {
  const { findings } = reviewOf("crossed-preferred");
  expect(findings[0]?.interruption).toMatchObject({
    seconds: 45,
    like: "crossed-pair, planned move of web",
  });
  expect(reviewOf("port-closed").findings[0]?.interruption).toEqual({ words: "until a person acts" });
});

test("a changed host file is told line by line, with the daemon it touches", () => {
  const reason = reviewOf("replication-port").findings[0]?.reasons[0];
  expect(reason).toMatchObject({ property: "/etc/drbd.d/www.res", daemon: "DRBD", rank: 4 });
  expect(reason?.lines?.filter(({ sign }) => sign !== " ").map(({ sign, text }) => `${sign}${text.trim()}`)).toEqual([
    "-address ipv4 10.20.0.1:7788;",
    "+address ipv4 10.20.0.1:7799;",
    "-address ipv4 10.20.0.2:7788;",
    "+address ipv4 10.20.0.2:7799;",
  ]);
});
