import { findingsOf, gradeOf } from "../../../cli/decide/grade";
import { surveyCommand, splitAnswers } from "../../../cli/reach/survey";
import { formatStatus, statusJson, statusText } from "../../../cli/status";
import { heartbeatState, parseHaResources } from "../../../cli/state/heartbeat";
import { parsePacemaker } from "../../../cli/state/pacemaker";
import { parseProcDrbd } from "../../../cli/state/procDrbd";
import { parseXml } from "../../../cli/state/xml";
import { cib, crmMon, pacemakerNode } from "./pacemakerSamples";
import {
  ACTIVE,
  answer,
  fakeNode,
  manualNode,
  OFF,
  ON,
  PASSIVE,
  PRIMARY,
  procDrbd,
  RESOURCES,
  stateOf,
} from "./samples";

describe("/proc/drbd", () => {
  it("gives roles, disks, the connection and what is out of sync, in bytes", () => {
    const text = procDrbd("WFConnection", "Primary/Unknown", "UpToDate/DUnknown", 2048);
    expect(parseProcDrbd(text).get(0)).toEqual({
      minor: 0,
      connection: "WFConnection",
      role: "Primary",
      peerRole: "Unknown",
      disk: "UpToDate",
      peerDisk: "DUnknown",
      outOfSyncBytes: 2048 * 1024,
    });
  });

  it("gives the progress of a resync and of a verification, and keeps two resources apart", () => {
    const resync = "\t[==>.................] sync'ed: 12.5% (898/1024)M\n\tfinish: 0:01:32 speed: 9,876 (9,876) K/sec";
    const verify =
      "\t[====>...............] verified: 27.0% (748/1024)M\n\tfinish: 0:00:09 speed: 80,000 (79,000) want: 102,400 K/sec";
    const text =
      procDrbd("SyncSource", "Primary/Secondary", "UpToDate/Inconsistent", 919552, resync) +
      procDrbd("VerifyS", "Primary/Secondary", "UpToDate/UpToDate", 0, verify).replace(" 0: cs", " 1: cs") +
      " 2: cs:Unconfigured\n";
    const sides = parseProcDrbd(text);
    expect(sides.get(0)?.progress).toEqual({ kind: "resync", percent: 12.5, finish: "0:01:32" });
    expect(sides.get(1)?.progress).toEqual({ kind: "verify", percent: 27, finish: "0:00:09" });
    expect(sides.get(2)?.connection).toBe("Unconfigured");
    expect(sides.get(1)?.outOfSyncBytes).toBe(0);
  });
});

describe("what Pacemaker prints", () => {
  it("gives groups, where they run, their resources, addresses and preferred node", () => {
    const state = parsePacemaker(crmMon({}), cib());
    expect(state.groups).toEqual([
      expect.objectContaining({
        name: "db",
        preferred: "alpha",
        drbd: ["db"],
        addresses: ["192.0.2.50"],
        activeOn: ["alpha"],
        failback: false,
      }),
    ]);
    expect(state.fencing).toEqual({ enabled: true, ok: true, words: "fence-beta" });
    expect(state.nodes.map(({ online }) => online)).toEqual([true, true]);
  });

  it("gives a failed member, its reason, and a node that is not clean", () => {
    const state = parsePacemaker(crmMon({ failed: true, betaOnline: false }), cib());
    expect(state.groups[0]).toMatchObject({ activeOn: [], partlyOn: ["alpha"], notes: ["db-ip-db failed"] });
    expect(state.notes.join()).toContain('it said "no" & left');
    expect(state.nodes[1]).toMatchObject({ online: false, words: "offline, UNCLEAN" });
  });

  it("is refused when it was cut off", () => {
    expect(() => parseXml(crmMon({}).slice(0, 700))).toThrow("not whole");
  });
});

describe("what Heartbeat prints", () => {
  const haResources =
    "alpha \\\n  drbddisk::db \\\n  IPaddr2::192.0.2.50/24/eth1 \\\n  MailTo::root::shop\nbeta drbddisk::mail linode-ha-unit::postfix.service\n";
  const nodes = { alpha: "active", beta: "active" };

  it("gives the groups of haresources by the best name there is", () => {
    expect(parseHaResources(haResources).map(({ name, preferred }) => [name, preferred])).toEqual([
      ["shop", "alpha"],
      ["mail", "beta"],
    ]);
    expect(parseHaResources("# group web\nalpha drbddisk::db\n")[0]?.name).toBe("web");
  });

  it("places groups by what runs, not by what Heartbeat holds", () => {
    const words = (holds: string, running: readonly string[]) => ({
      runs: true,
      holds,
      nodes,
      jobs: Object.fromEntries(
        Object.entries({
          shop: ["drbddisk::db", "IPaddr2::192.0.2.50/24/eth1"],
          mail: ["linode-ha-unit::postfix.service"],
        }).map(([group, jobs]) => [group, jobs.map((job) => ({ job, running: running.includes(job) }))]),
      ),
    });
    const state = heartbeatState(
      {
        alpha: words("all", ["drbddisk::db"]),
        beta: words("transition", ["linode-ha-unit::postfix.service"]),
      },
      haResources,
      "auto_failback off\n",
    );
    expect(state.groups).toMatchObject([
      { activeOn: [], partlyOn: ["alpha"], notes: ["192.0.2.50/24/eth1 does not run on alpha"] },
      { activeOn: ["beta"], partlyOn: [], notes: [] },
    ]);
    expect(state.notes).toEqual(["beta is taking or giving up groups"]);
  });

  it("gives a dead node and the fencing of ha.cf", () => {
    const state = heartbeatState(
      {
        alpha: { runs: true, holds: "all", nodes: { alpha: "active", beta: "dead" }, jobs: {} },
        beta: { runs: false, holds: "unknown", nodes: {}, jobs: {} },
      },
      haResources,
      "stonith_host alpha external/linode beta:12\n",
    );
    expect(state.nodes[1]).toMatchObject({ online: false, words: "heartbeat does not run, its peer sees it dead" });
    expect(state.fencing).toMatchObject({ enabled: true, words: "alpha by external/linode" });
  });
});

describe("the survey", () => {
  it("leaves out what is not on the node, and keeps the health of an unhealthy one", () => {
    const answers = splitAnswers(
      answer({ health: '{"healthy":false,"checks":[]}', crmMon: "not found" }, { health: 1, crmMon: 127 }),
    );
    expect(answers).toEqual({ health: '{"healthy":false,"checks":[]}\n', healthCode: 1 });
  });

  it("is a command that a shell reads", async () => {
    const { execFileSync } = await import("node:child_process");
    expect(() => execFileSync("sh", ["-n"], { input: surveyCommand() })).not.toThrow();
    const answers = splitAnswers(execFileSync("sh", ["-c", surveyCommand()], { encoding: "utf8" }));
    expect(answers.healthCode).toBe(127);
  });
});

describe("grades", () => {
  it("0: a pair that is well, by hand and with Pacemaker", () => {
    expect(findingsOf(stateOf(ACTIVE, PASSIVE))).toEqual([]);
    expect(findingsOf(stateOf(pacemakerNode("alpha", {}), pacemakerNode("beta", {})))).toEqual([]);
    expect(gradeOf(stateOf(ACTIVE, PASSIVE))).toBe(0);
  });

  it("1: serving without a peer, in maintenance, or with blocks that a verification found", () => {
    expect(gradeOf(stateOf(ACTIVE, undefined))).toBe(1);
    expect(
      gradeOf(stateOf(pacemakerNode("alpha", { maintenance: true }), pacemakerNode("beta", { maintenance: true }))),
    ).toBe(1);
    const differ = manualNode("alpha", procDrbd("Connected", "Primary/Secondary", "UpToDate/UpToDate", 12), ON);
    expect(findingsOf(stateOf(differ, PASSIVE)).map(({ what }) => what)).toEqual([
      expect.stringContaining("12288 bytes differ"),
    ]);
  });

  it("1, and never 2: a node by hand that did not say in time what it runs is not taken for idle", () => {
    const silent = manualNode("alpha", PRIMARY, ON).replace(/(@status\n).*/, "$1");
    const state = stateOf(silent, PASSIVE);
    expect(state.manager.groups[0]).toMatchObject({ activeOn: [], partlyOn: ["alpha"] });
    expect(state.manager.groups[0]?.notes).toEqual(["alpha did not say in time what it runs"]);
    expect(gradeOf(state)).toBe(1);
  });

  it("2: active nowhere, on both, or parted with two Primaries", () => {
    expect(gradeOf(stateOf(manualNode("alpha", PRIMARY, OFF), PASSIVE))).toBe(2);
    expect(gradeOf(stateOf(ACTIVE, manualNode("beta", PRIMARY, ON)))).toBe(2);
    const half = stateOf(manualNode("alpha", PRIMARY, ["started", "stopped", "stopped"]), PASSIVE);
    expect(findingsOf(half).map(({ what }) => what)).toEqual([
      "group db is only partly active, on alpha",
      expect.stringContaining("runs on alpha"),
    ]);
    const parted = procDrbd("StandAlone", "Primary/Unknown", "UpToDate/DUnknown", 4);
    expect(gradeOf(stateOf(manualNode("alpha", parted, ON), manualNode("beta", parted, OFF)))).toBe(2);
  });

  it("2: a manager that answers on no node", () => {
    const silent = answer({ drbd: PRIMARY, resources: RESOURCES, manager: "pacemaker=failed" });
    expect(findingsOf(stateOf(silent, silent)).map(({ what }) => what)).toContain(
      "the manager answers on no node: nothing is known of the groups",
    );
    expect(gradeOf(stateOf(silent, undefined))).toBe(2);
  });

  it("3: nobody answered", () => {
    expect(gradeOf(stateOf(undefined, undefined))).toBe(3);
  });
});

describe("status", () => {
  it("is one screen, and one object for programs", () => {
    const alpha = ACTIVE.replace("scope host lo", "scope host lo\n2: eth1    inet 192.0.2.50/24 scope global eth1");
    const state = stateOf(alpha, PASSIVE);
    const screen = formatStatus(state, [fakeNode("alpha", () => ""), fakeNode("beta", () => "")]);
    expect(screen).toMatch(/^pair {6}healthy\n/);
    expect(screen).toContain("floating    192.0.2.50\n");
    expect(screen).toContain("alpha  Connected  Primary  UpToDate\n");
    expect(screen).toContain("group     db  on alpha  (preferred: alpha, 192.0.2.50)");
    expect(JSON.parse(JSON.stringify(statusJson(state)))).toMatchObject({
      schema: 1,
      grade: "healthy",
      exitCode: 0,
      findings: [],
    });
  });

  it("of several pairs is a screen for each, and one list for programs", () => {
    const nodes = [fakeNode("alpha", () => ""), fakeNode("beta", () => "")];
    const pairs = ["files", "database"].map((name) => ({ name, nodes, state: stateOf(ACTIVE, PASSIVE) }));
    expect(statusText(pairs, false).match(/^(==|pair) .*$/gm)).toEqual([
      "== files",
      "pair      healthy",
      "== database",
      "pair      healthy",
    ]);
    expect(JSON.parse(statusText(pairs, true))).toMatchObject([
      { pair: "files", grade: "healthy" },
      { pair: "database", grade: "healthy" },
    ]);
    const [{ state }] = pairs as [(typeof pairs)[number]];
    expect(JSON.parse(statusText([{ nodes, state }], true))).toEqual(JSON.parse(JSON.stringify(statusJson(state))));
  });

  it("of a pair whose nodes both serve has no manager, and needs none", () => {
    const side = procDrbd("Connected", "Primary/Primary", "UpToDate/UpToDate");
    const node = answer({ drbd: side, resources: RESOURCES.replace("PROMOTE=manager", "PROMOTE=always") });
    expect(findingsOf(stateOf(node, node))).toEqual([]);
    expect(
      findingsOf(stateOf(answer({ drbd: side, resources: RESOURCES }), answer({ drbd: side, resources: RESOURCES })))
        .length,
    ).toBe(1);
  });
});
