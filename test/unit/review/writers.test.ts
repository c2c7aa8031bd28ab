import { z } from "zod";
import { WRITERS, type Review } from "../../../review";
import { MARK } from "../../../review/write/markdown";
import { CHANGES } from "../../support/review/changes";
import { PAIR, reviewed, reviewOf, step } from "../../support/review/fixtures";

const ids = CHANGES.map(({ id }) => id);
const rank = z.int().min(0).max(6);

/** The schema that docs/review.md describes. */
const schema = z.strictObject({
  schema: z.literal(1),
  rank,
  name: z.string(),
  exitCode: z.int().min(0).max(3),
  headline: z.string().min(1),
  system: z.string().optional(),
  activeKnown: z.boolean(),
  counts: z.record(z.string(), z.int()),
  findings: z.array(
    z.strictObject({
      rule: z.string().min(1),
      rank,
      name: z.string().min(1),
      operation: z.string(),
      type: z.string(),
      called: z.string().min(1),
      names: z.array(z.string()).min(1),
      urns: z.array(z.string()),
      nodes: z.array(z.string()),
      duty: z.enum(["active", "standby", "either"]).optional(),
      why: z.string().min(1),
      reasons: z.array(
        z.strictObject({
          property: z.string(),
          old: z.string(),
          new: z.string(),
          rank,
          why: z.string().min(1),
          daemon: z.string().optional(),
          lines: z.array(z.string().regex(/^[ +-]/)).optional(),
        }),
      ),
      interruption: z.strictObject({
        seconds: z.number().optional(),
        like: z.string().optional(),
        words: z.string().min(1),
      }),
      resync: z.strictObject({ words: z.string().min(1), bytes: z.number().optional() }).optional(),
      refused: z.string().min(1).optional(),
      follows: z.boolean().optional(),
      steps: z.array(z.string().min(1)),
    }),
  ),
});

describe("json", () => {
  it.each(ids)("of %s is of the schema that is documented", (id) => {
    expect(schema.parse(JSON.parse(WRITERS.json(reviewOf(id)))).rank).toBe(reviewOf(id).rank);
  });
});

/** What SARIF 2.1.0 asks of what is written here. */
const sarif = z.strictObject({
  $schema: z.string(),
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          rules: z.array(
            z.strictObject({
              id: z.string(),
              name: z.string(),
              shortDescription: z.strictObject({ text: z.string() }),
              defaultConfiguration: z.strictObject({ level: z.enum(["none", "note", "warning", "error"]) }),
              properties: z.strictObject({ "security-severity": z.string().regex(/^\d\.\d$/) }),
            }),
          ),
        }),
      }),
      invocations: z.array(
        z.strictObject({ executionSuccessful: z.boolean(), exitCode: z.int(), exitCodeDescription: z.string() }),
      ),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(0),
          level: z.enum(["none", "note", "warning", "error"]),
          message: z.strictObject({ text: z.string().min(1) }),
          locations: z.array(
            z.strictObject({
              physicalLocation: z.strictObject({
                artifactLocation: z.strictObject({ uri: z.string().min(1) }),
                region: z.strictObject({ startLine: z.int().min(1) }),
              }),
              logicalLocations: z.array(
                z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.string() }),
              ),
            }),
          ),
          partialFingerprints: z.record(z.string(), z.string()),
          properties: z.strictObject({ rank, nodes: z.array(z.string()), steps: z.array(z.string()) }),
        }),
      ),
    }),
  ]),
});

describe("sarif", () => {
  it.each(ids)("of %s is of version 2.1.0, each result with its rule", (id) => {
    const [run] = sarif.parse(JSON.parse(WRITERS.sarif(reviewOf(id)))).runs;
    for (const result of run.results) expect(run.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(run.results).toHaveLength(reviewOf(id).findings.filter((one) => one.rank < 6).length);
    const prints = run.results.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints));
    expect(new Set(prints).size).toBe(prints.length);
  });

  it("has an error for what may lose data, and none for what nobody feels", () => {
    expect(WRITERS.sarif(reviewOf("region"))).toContain('"level": "error"');
    expect((JSON.parse(WRITERS.sarif(reviewOf("tag"))) as { runs: { results: unknown[] }[] }).runs[0]?.results).toEqual(
      [],
    );
  });
});

describe("markdown", () => {
  it.each(ids)("of %s begins with the mark, once, and fits into a comment", (id) => {
    const text = WRITERS.markdown(reviewOf(id));
    expect(text.startsWith(`${MARK}\n`)).toBe(true);
    expect(text.split(MARK)).toHaveLength(2);
    expect(text.length).toBeLessThan(65_536);
    expect(text.split("<details>").length).toBe(text.split("</details>").length);
  });

  it("fits however much there is", () => {
    const many = Array.from({ length: 3000 }, (_, at) =>
      step("delete", "linode:index/volume:Volume", `volume-with-a-rather-long-name-${at}`, { old: { size: 10 } }),
    );
    const text = WRITERS.markdown(reviewed(many));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/too much for one comment/);
  });

  it("takes no markup, mention or link from a preview", () => {
    const name = "x|y`</details><img src=a> @team [a](https://b.example) <!-- c -->";
    const text = WRITERS.markdown(
      reviewed([step("delete", "linode:index/volume:Volume", name, { old: { size: 10 } })]),
    );
    expect(text).not.toMatch(/<img|<!-- c|@team|https:\/\//);
    expect(text.split("</details>").length).toBe(text.split("<details>").length);
  });
});

describe("terminal", () => {
  it("has a headline, one ranked row a finding, and colours only when asked", () => {
    const review = reviewOf("region");
    const text = WRITERS.terminal(review);
    expect(text.split("\n")[0]).toMatch(/^May lose data/);
    expect(text).not.toContain("\u001b[");
    expect(WRITERS.terminal(review, { color: true })).toContain("\u001b[31;1m");
    const rows = text.split("\n\n")[1]?.split("\n") ?? [];
    expect(rows[0]).toMatch(/^DATA LOSS +a volume replace on web1, web2/);
  });

  it("says whether the active node is known", () => {
    expect(WRITERS.terminal(reviewOf("type"))).toContain("give --status");
    expect(WRITERS.terminal(reviewOf("type", { status: { active: {}, grade: "healthy" } }))).not.toContain(
      "give --status",
    );
  });

  it("keeps control characters of a preview out", () => {
    const changed = step("update", "linode:index/instanceConfig:InstanceConfig", "v\u001b[2J", {
      old: { label: "a" },
      new: { label: "\u001b]0;x\u0007" },
      diffs: ["label"],
      parents: PAIR,
    });
    // eslint-disable-next-line no-control-regex -- those are meant
    expect(WRITERS.terminal(reviewed([changed]))).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});

test("every writer writes every review the same twice", () => {
  for (const id of ids) {
    const review: Review = reviewOf(id);
    for (const write of Object.values(WRITERS)) expect(write(review)).toBe(write(reviewOf(id)));
  }
});
