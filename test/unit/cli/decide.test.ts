import { decideMove, type MoveWish } from "../../../cli/decide/move";
import { decideRecover, parseGenerations, relationOf } from "../../../cli/decide/splitBrain";
import { pacemakerNode } from "./pacemakerSamples";
import {
  ACTIVE,
  answer,
  manualNode,
  OFF,
  ON,
  PASSIVE,
  procDrbd,
  PRIMARY,
  RESOURCES,
  SECONDARY,
  stateOf,
} from "./samples";

function refusals(alpha: string | undefined, beta: string | undefined, wish: MoveWish = { group: "db" }): string {
  const decision = decideMove(stateOf(alpha, beta), wish);
  return "problems" in decision
    ? decision.problems.map(({ path, what, todo }) => `${path}: ${what} -> ${todo}`).join("\n")
    : "";
}

describe("a planned move", () => {
  it("goes to the other node, whoever manages the group", () => {
    const plan = { group: "db", from: "alpha", to: "beta", together: [], set: "local" };
    expect(decideMove(stateOf(ACTIVE, PASSIVE), { group: "db" })).toEqual({ plan: { ...plan, manager: "manual" } });
    const cluster = stateOf(pacemakerNode("alpha", {}), pacemakerNode("beta", {}));
    expect(decideMove(cluster, { group: "db" })).toEqual({ plan: { ...plan, manager: "pacemaker" } });
  });

  it("is no move where the group is there already", () => {
    expect(decideMove(stateOf(ACTIVE, PASSIVE), { group: "db", to: "alpha" })).toMatchObject({ there: true });
  });

  it.each([
    ["WFConnection", "Secondary/Unknown", "UpToDate/DUnknown", /is not connected: cs:WFConnection/],
    ["SyncTarget", "Secondary/Primary", "Inconsistent/UpToDate", /wait until it has all data/],
    ["Connected", "Secondary/Primary", "Diskless/UpToDate", /ds:Diskless/],
    ["StandAlone", "Secondary/Unknown", "UpToDate/DUnknown", /recover split-brain db --keep NODE/],
  ])("is refused where the target is %s %s %s", (cs, ro, ds, words) => {
    expect(refusals(ACTIVE, manualNode("beta", procDrbd(cs, ro, ds), OFF))).toMatch(words);
  });

  it("does not wait for a verification", () => {
    const verifying = procDrbd("VerifyT", "Secondary/Primary", "UpToDate/UpToDate");
    expect(refusals(ACTIVE, manualNode("beta", verifying, OFF))).toBe("");
  });

  it("is refused where a node is not reached, not healthy, or not known", () => {
    expect(refusals(ACTIVE, undefined)).toMatch(/beta: cannot be reached: timed out/);
    const health = '{"healthy":false,"checks":[{"name":"disk","ok":false,"detail":"99 % used"}]}';
    expect(refusals(ACTIVE, manualNode("beta", SECONDARY, OFF, { health }))).toMatch(
      /beta: is not healthy: disk: 99 % used/,
    );
    expect(refusals(ACTIVE, PASSIVE, { group: "db", to: "gamma" })).toMatch(/is no node of this pair/);
    expect(refusals(ACTIVE, PASSIVE, { group: "shop" })).toMatch(/there is no such group/);
    expect(refusals(answer({}), answer({}))).toMatch(/nothing manages groups/);
  });

  it("begins only where exactly one node has the whole group", () => {
    expect(refusals(manualNode("alpha", PRIMARY, OFF), PASSIVE)).toMatch(/active nowhere -> .*ha-group start db/);
    expect(refusals(ACTIVE, manualNode("beta", SECONDARY, ON))).toMatch(/active on alpha and beta/);
    expect(refusals(manualNode("alpha", PRIMARY, ["started", "stopped", "stopped"]), PASSIVE)).toMatch(
      /partly active, on alpha/,
    );
  });

  it("is refused in maintenance mode, to a node in standby, and where failback would undo it", () => {
    const both = (cluster: Parameters<typeof pacemakerNode>[1]): string =>
      refusals(pacemakerNode("alpha", cluster), pacemakerNode("beta", cluster));
    expect(both({ maintenance: true })).toMatch(/maintenance --off/);
    expect(both({ betaStandby: true })).toMatch(/standby beta --off/);
    expect(both({ stickiness: 0 })).toMatch(/goes back to alpha by itself.*standby alpha keeps it away/);
    expect(both({ on: "beta", stickiness: 0 })).toBe("");
  });

  it("of one of Heartbeat's groups tells which others go with it", () => {
    const node = (holds: string, drbd: string): string =>
      answer({
        drbd,
        resources: RESOURCES,
        manager: "heartbeat=active",
        heartbeat:
          `runs=yes\nholds=${holds}\nnode=alpha=active\nnode=beta=active\n` +
          ["group db alpha", "job drbddisk::db", "group web alpha", "job IPaddr2::192.0.2.51/24/eth1"]
            .map((line) => (line.startsWith("job") ? `${line} ${holds === "all" ? "running" : "stopped"}` : line))
            .join("\n"),
        haResources: "alpha drbddisk::db\nalpha IPaddr2::192.0.2.51/24/eth1 MailTo::root::web\n",
        haCf: "auto_failback off",
      });
    const [alpha, beta] = [node("none", SECONDARY), node("all", PRIMARY)];
    expect(refusals(alpha, beta)).toMatch(/web would go with it/);
    expect(decideMove(stateOf(alpha, beta), { group: "db", together: true })).toEqual({
      plan: { group: "db", from: "beta", to: "alpha", manager: "heartbeat", together: ["web"], set: "foreign" },
    });
  });
});

const gi = (current: string, bitmap: string, history = "0"): string =>
  `${[current, bitmap, history, "0"].map((hex) => hex.padStart(16, "0")).join(":")}:1:1:0:1:0:0:0`;
const generations = (alpha: string, beta: string) => ({ alpha: parseGenerations(alpha), beta: parseGenerations(beta) });
const PARTED = generations(gi("A1", "10"), gi("B0", "10"));

describe("what two sides are to each other", () => {
  it.each([
    ["split-brain", gi("A1", "10"), gi("B0", "10")],
    ["split-brain", gi("A0", "20", "10"), gi("B0", "10")],
    ["equal", gi("A1", "0"), gi("A0", "0")],
    ["first-later", gi("A0", "10"), gi("10", "0")],
    ["second-later", gi("10", "0"), gi("B0", "10")],
    ["unrelated", gi("A0", "10"), gi("B0", "20")],
    ["blank", gi("A0", "10"), gi("4", "0")],
  ])("%s: %s and %s", (relation, first, second) => {
    const [one, other] = [parseGenerations(first), parseGenerations(second)];
    expect(one && other && relationOf(one, other)).toBe(relation);
  });

  it("is not told by what is no answer of get-gi", () => {
    expect(parseGenerations("no resources defined!")).toBeUndefined();
  });
});

describe("the end of a split brain", () => {
  const side = (ro: string, oos: number, ds = "UpToDate/DUnknown", cs = "StandAlone"): string =>
    procDrbd(cs, ro, ds, oos);
  const keeper = manualNode("alpha", side("Primary/Unknown", 100), ON);
  const loser = manualNode("beta", side("Secondary/Unknown", 40, undefined, "WFConnection"), OFF);
  const decide = (
    alpha: string | undefined,
    beta: string | undefined,
    gis = PARTED,
    keep = "alpha",
    volume = "db",
  ): string => {
    const decision = decideRecover(stateOf(alpha, beta), gis, { volume, keep });
    return "problems" in decision ? decision.problems.map(({ what, todo }) => `${what} -> ${todo}`).join("\n") : "";
  };

  it("says what will be lost, and from where", () => {
    expect(decideRecover(stateOf(keeper, loser), PARTED, { volume: "db", keep: "alpha" })).toEqual({
      plan: {
        volume: "db",
        minor: 0,
        keep: "alpha",
        discard: "beta",
        lostBytes: 40 * 1024,
        keptBytes: 100 * 1024,
        backing: "/dev/sdc",
        warnings: [],
      },
    });
  });

  it("warns where the side to be discarded has changed more", () => {
    const idle = manualNode("alpha", side("Secondary/Unknown", 0), OFF);
    const decision = decideRecover(stateOf(idle, loser), PARTED, { volume: "db", keep: "alpha" });
    expect("plan" in decision && decision.plan.warnings).toEqual([
      "beta has changed more than alpha (40.0 KiB against 0 B)",
      "alpha has not been written to at all since they parted",
    ]);
  });

  it("is refused while the side to be discarded is in use", () => {
    const mounted = manualNode("beta", side("Primary/Unknown", 40), ON, { mounts: "/dev/drbd0 /srv\n/dev/sda /" });
    expect(decide(keeper, mounted)).toMatch(/Primary, mounted at \/srv.*-> on beta: ha-group stop db/);
    expect(decide(keeper, manualNode("beta", side("Primary/Unknown", 40), OFF))).toMatch(/is in use \(Primary\)/);
    expect(decide(keeper, loser, PARTED, "beta")).toMatch(/is in use.*-> on alpha: ha-group stop db/);
  });

  it("is refused where this is no split brain", () => {
    expect(decide(ACTIVE, PASSIVE)).toMatch(/is connected, so this is no split brain/);
    expect(decide(keeper, loser, generations(gi("A1", "0"), gi("A0", "0")))).toMatch(/have the same data/);
    expect(decide(keeper, loser, generations(gi("A1", "10"), gi("10", "0")))).toMatch(/beta is only behind/);
    expect(decide(keeper, loser, generations(gi("10", "0"), gi("B0", "10")))).toMatch(/alpha is only behind beta/);
    expect(decide(keeper, loser, generations(gi("A0", "10"), gi("B0", "20")))).toMatch(/no common past/);
    expect(decide(keeper, loser, generations(gi("A0", "10"), gi("4", "0")))).toMatch(/never held data/);
  });

  it("is refused where one side is not seen, not known, or not fit to be kept", () => {
    expect(decide(keeper, undefined)).toMatch(/both sides must be seen/);
    expect(decide(keeper, loser, { ...PARTED, beta: undefined })).toMatch(/generations cannot be read/);
    expect(decide(keeper, loser, PARTED, "gamma")).toMatch(/no node of this pair/);
    expect(decide(keeper, loser, PARTED, "alpha", "web")).toMatch(/no replicated volume "web"/);
    expect(decide(manualNode("alpha", side("Secondary/Unknown", 1, "Outdated/DUnknown"), OFF), loser)).toMatch(
      /--keep beta/,
    );
    expect(decide(keeper, manualNode("beta", side("Secondary/Unknown", 1, "Diskless/DUnknown"), OFF))).toMatch(
      /has no disk/,
    );
    expect(decide(keeper, manualNode("beta", "", OFF))).toMatch(/not configured on both nodes/);
  });
});
