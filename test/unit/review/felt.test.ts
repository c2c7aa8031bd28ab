import { gapsOf, type Answer, type Gaps } from "../../support/review/answers";
import type { Facts, NodeFacts } from "../../support/review/facts";
import { weakened } from "../../support/review/facts";
import { feltOf, type Watched } from "../../support/review/felt";
import { overrated, underrated, worstOfRuns } from "../../support/review/results";

const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  boot: "first",
  starts: { mariadb: "one" },
  protection: ["protocol C", "fencing resource-and-stonith", "stonith true"],
  ...more,
});
const facts = (more: Partial<Facts> = {}): Facts => ({
  storage: { "web-a-volume-www": "1", "web-b-volume-www": "2" },
  nodes: { a: node(), b: node() },
  ...more,
});
const QUIET: Gaps = { service: 700, doors: { a: 700, b: 800 }, writers: { "a file": ["a"], "b file": ["b"] } };
const watched = (more: Partial<Watched> = {}): Watched => ({
  outcome: "applied",
  before: facts(),
  after: facts(),
  gaps: QUIET,
  quiet: 700,
  back: true,
  lost: 0,
  ...more,
});
const gaps = (more: Partial<Gaps>): Watched["gaps"] => ({ ...QUIET, ...more });
const another = { boot: "second" };

describe("what was felt", () => {
  it.each([
    ["nothing", 6, {}],
    ["a write that is gone", 1, { lost: 1 }],
    [
      "a volume that is another",
      1,
      { after: facts({ storage: { "web-a-volume-www": "1", "web-b-volume-www": "3" } }) },
    ],
    [
      "a policy that fences less",
      1,
      {
        after: facts({
          nodes: { a: node({ protection: ["protocol C", "fencing dont-care", "stonith true"] }), b: node() },
        }),
      },
    ],
    ["a service that nobody brings back", 2, { back: false }],
    ["no answer from either node", 2, { gaps: gaps({ service: 9000, doors: { a: 9000, b: 9500 } }) }],
    [
      "both restarted, and no answer",
      2,
      {
        gaps: gaps({ service: 90_000, doors: { site: 90_000 } }),
        after: facts({ nodes: { a: node(another), b: node(another) } }),
      },
    ],
    [
      "both restarted by turns",
      3,
      {
        gaps: gaps({ doors: { a: 40_000, b: 50_000 } }),
        after: facts({ nodes: { a: node(another), b: node(another) } }),
      },
    ],
    ["one restarted", 3, { after: facts({ nodes: { a: node(), b: node(another) } }) }],
    ["one that does not answer any more", 3, { after: facts({ nodes: { a: node(), b: node({ boot: "" }) } }) }],
    ["a service that moved", 3, { gaps: gaps({ writers: { "site db": ["a", "b"] } }) }],
    ["a wait", 4, { gaps: gaps({ service: 9000, doors: { site: 9000 } }) }],
    ["a service started anew", 4, { after: facts({ nodes: { a: node({ starts: { mariadb: "two" } }), b: node() } }) }],
    [
      "a wait as long as there is one without any change",
      6,
      { quiet: 5000, gaps: gaps({ service: 9000, doors: { site: 9000 } }) },
    ],
  ] as const)("%s has rank %i", (_, rank, more) => {
    expect(feltOf(watched(more as Partial<Watched>)).rank).toBe(rank);
  });
});

describe("what protects", () => {
  it("weakens by any of its parts, and by one that is gone", () => {
    const all = node();
    expect(weakened(all, all)).toEqual([]);
    expect(weakened(node({ protection: ["fencing resource-only"] }), all)).toEqual([]);
    expect(weakened(all, node({ protection: ["protocol A", "fencing resource-only", "stonith false"] }))).toHaveLength(
      3,
    );
    expect(weakened(all, node({ protection: ["protocol C", "stonith true"] }))).toEqual([
      "fencing resource-and-stonith became none",
    ]);
    // Of a node that cannot be asked nothing is said: it is away, which is told elsewhere.
    expect(weakened(all, node({ boot: "", protection: [] }))).toEqual([]);
  });
});

describe("gaps", () => {
  const answer = (door: string, end: number, kind = "file", by = door): Answer => ({ door, kind, end, node: by });

  it("are of all doors together, and of each", () => {
    const answers = [answer("a", 100), answer("b", 900), answer("a", 1500), answer("b", 1600), answer("a", 5000)];
    expect(gapsOf(answers, ["a", "b"], ["file"], 0, 2000)).toEqual({
      service: 800,
      doors: { a: 1400, b: 900 },
      writers: { "a file": ["a"], "b file": ["b"] },
    });
  });

  it("last from the first moment to the last where nobody answers", () => {
    expect(gapsOf([], ["a"], ["file"], 1000, 4000)).toEqual({
      service: 3000,
      doors: { a: 3000 },
      writers: { "a file": [] },
    });
  });

  it("are those of the kind that waited longest, and tell who answered in turn", () => {
    const answers = [
      answer("site", 100, "db", "a"),
      answer("site", 200, "db", "a"),
      answer("site", 900, "db", "b"),
      answer("site", 500, "file", "c"),
    ];
    expect(gapsOf(answers, ["site"], ["db", "file"], 0, 1000)).toEqual({
      service: 700,
      doors: { site: 700 },
      writers: { "site db": ["a", "b"], "site file": ["c"] },
    });
  });
});

describe("results", () => {
  it("keep the worst of a change's runs", () => {
    const line = (felt: number, outage: number): string => JSON.stringify({ id: "tag", felt, outage });
    expect(worstOfRuns([line(4, 5), line(3, 1), line(3, 9), line(6, 99), ""].join("\n")).get("tag")).toMatchObject({
      felt: 3,
      outage: 9,
    });
    expect(() => worstOfRuns(`${line(1, 1)}\nno json`)).toThrow("line 2");
  });

  it("compare what was said with what was felt", () => {
    const run = (felt: 1 | 3 | 4 | 6, refused = false) => ({ felt, refusal: refused, refused });
    expect([underrated(4, 3), underrated(5, 4), underrated(5, 6), underrated(3, 3), underrated(6, 5)]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([overrated(3, run(4)), overrated(5, run(6)), overrated(1, run(6)), overrated(1, run(6, true))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
