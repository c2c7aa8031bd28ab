import { parsePreview, PreviewError, review } from "../../../review";
import { splitLaidOut, splitSteps } from "../../../review/parse/split";
import { CHANGES } from "../../support/review/changes";
import { preview, previewOf, step } from "../../support/review/fixtures";

const rankOf = (text: string): number => review(parsePreview(text)).rank;
const gapsOf = (text: string): readonly string[] => parsePreview(text).gaps;
const tag = step("update", "linode:index/volume:Volume", "v", {
  old: { tags: [] },
  new: { tags: ["a"] },
  diffs: ["tags"],
});

describe("what is no preview", () => {
  it.each([
    ["", /empty/],
    ["\n  \n", /empty/],
    ["Previewing update (lab)\n", /does not begin/],
    ["[]", /does not begin/],
    ["{}", /no preview/],
    ['{"a": 1}', /no preview/],
    ['{"version":3,"deployment":{"resources":[]}}', /state, not a preview/],
    ["{nonsense}", /no JSON/],
    [preview([tag]).slice(0, -20), /cut short/],
    ['{"steps": [', /cut short/],
  ])("%j is refused, and told what to give", (text, why) => {
    expect(() => parsePreview(text)).toThrow(why);
    try {
      parsePreview(text);
    } catch (error) {
      expect((error as PreviewError).todo).toMatch(/pulumi/);
    }
  });
});

describe("a plan with gaps is not understood, whatever its steps are", () => {
  it.each([
    ["no summary", JSON.stringify({ steps: [tag] }), /no summary/],
    ["an error", preview([tag], { diagnostics: [{ severity: "error", message: "boom" }] }), /failed with 1 error/],
    ["a corrupt state", preview([tag], { maybeCorrupt: true }), /corrupt/],
    ["steps that are not told", preview([tag], { changeSummary: { update: 2 } }), /counts 2 × update, and 1/],
    [
      "replacements that are not told",
      preview([tag], { changeSummary: { update: 1, replace: 1 } }),
      /counts 1 × replace, and 0/,
    ],
    ["a step without a resource", preview([tag], { steps: [tag, { op: "update" }] }), /names no resource/],
    ["a step that is no object", preview([tag], { steps: [tag, "delete"] }), /no object/],
  ])("%s", (_what, text, gap) => {
    expect(gapsOf(text).join()).toMatch(gap);
    expect(rankOf(text)).toBe(0);
    expect(review(parsePreview(text)).exitCode).toBe(3);
  });

  it("is not, when all is there", () => {
    expect(gapsOf(preview([tag]))).toEqual([]);
    expect(rankOf(preview([tag]))).toBe(6);
    expect(rankOf(JSON.stringify({ steps: [], changeSummary: { same: 41 } }))).toBe(6);
  });
});

describe("the engine's two formats", () => {
  /** The digest of a change as the events that the engine would have streamed, as far as they matter. */
  const events = (id: string): string[] => {
    const { steps, changeSummary, config } = JSON.parse(previewOf(id)) as {
      steps: {
        op: string;
        urn: string;
        oldState?: object;
        newState?: object;
        diffReasons?: string[];
        replaceReasons?: string[];
        detailedDiff?: Record<string, { kind: string }> | null;
      }[];
      changeSummary: object;
      config: object;
    };
    const lines = steps.map(({ op, urn, oldState, newState, diffReasons, replaceReasons, detailedDiff }) => {
      const kinds = Object.entries(detailedDiff ?? {}).map(([path, { kind }]) => [
        path,
        { diffKind: kind, inputDiff: false },
      ]);
      const metadata = {
        op,
        urn,
        old: oldState ?? null,
        new: newState ?? null,
        diffs: diffReasons,
        keys: replaceReasons,
        detailedDiff: detailedDiff === null ? null : Object.fromEntries(kinds),
      };
      return { resourcePreEvent: { metadata, planning: true } };
    });
    const all = [
      { preludeEvent: { config } },
      ...lines,
      { summaryEvent: { resourceChanges: changeSummary, result: "succeeded" } },
      { cancelEvent: {} },
    ];
    return all.map((event, sequence) => JSON.stringify({ sequence, timestamp: 1, ...event }));
  };

  it.each(["replication-port", "region", "stack-removed"])("say the same of %s", (id) => {
    const streamed = review(parsePreview(`${events(id).join("\n")}\n`));
    expect(streamed).toEqual(review(parsePreview(previewOf(id))));
  });

  it("is not understood where the stream is cut short", () => {
    const whole = events("tag").join("\n");
    expect(rankOf(whole.slice(0, -300))).toBe(0);
    expect(gapsOf(whole.slice(0, -300)).join()).toMatch(/cut short|no summary/);
  });

  it("is not understood where the stream says that it failed", () => {
    const failed = events("tag").map((line) => line.replace('"succeeded"', '"failed"'));
    expect(rankOf(failed.join("\n"))).toBe(0);
  });

  it("takes a replacement that is told in three steps for one", () => {
    const of = (op: string, from: boolean, to: boolean): object =>
      step(op, "linode:index/volume:Volume", "v", {
        ...(from ? { old: { size: 10 } } : {}),
        ...(to ? { new: { size: 10 } } : {}),
      });
    const steps = [
      of("create-replacement", false, true),
      of("replace", true, true),
      of("delete-replaced", true, false),
    ];
    const plan = parsePreview(JSON.stringify({ steps, changeSummary: { replace: 1 } }));
    expect(plan.gaps).toEqual([]);
    expect(plan.steps).toHaveLength(1);
    expect(review(plan).rank).toBe(1);
  });
});

describe("what is not known", () => {
  it.each([
    ["an operation of a newer engine", step("teleport", "linode:index/volume:Volume", "v", { old: {}, new: {} })],
    ["no operation", { ...tag, op: undefined as unknown as string }],
    [
      "another provider's resource, changed",
      step("update", "aws:s3/bucket:Bucket", "b", { old: { acl: "private" }, new: { acl: "public" }, diffs: ["acl"] }),
    ],
    ["another provider's resource, made", step("create", "aws:s3/bucket:Bucket", "b", { new: {} })],
    [
      "a property that nobody described",
      step("update", "linode:index/instance:Instance", "i", { old: {}, new: { warp: 9 }, diffs: ["warp"] }),
    ],
    [
      "a change without a property",
      step("update", "linode:index/instance:Instance", "i", { old: { label: "a" }, new: { label: "a" } }),
    ],
    ["a step without states", step("delete", "linode:index/volume:Volume", "v")],
    [
      "a command that is none of the product's",
      step("create", "command:remote:Command", "c", { new: { create: "reboot" } }),
    ],
    ["a command on this machine", step("create", "command:local:Command", "c", { new: { create: "rm -rf /" } })],
    ["somebody else's component", step("create", "other:module:Thing", "t", { new: {}, custom: false })],
  ])("%s ranks highest", (_what, one) => {
    expect(rankOf(preview([one, tag]))).toBe(0);
  });

  it("passes over fields of a newer engine", () => {
    const newer = { ...tag, weather: "fine", oldState: { ...tag.oldState, colour: "red" } };
    expect(rankOf(preview([newer], { futureField: { a: 1 } }))).toBe(6);
  });
});

describe("however a document is laid out", () => {
  const laidOut = (id: string, space: number | string): string =>
    JSON.stringify(JSON.parse(previewOf(id)), undefined, space);

  it.each(["region", "replication-port", "renamed-without-alias"])("%s says the same", (id) => {
    const plan = parsePreview(laidOut(id, 4));
    for (const space of [0, 1, 2, "\t"]) expect(parsePreview(laidOut(id, space))).toEqual(plan);
  });

  it("finds each step where the engine's layout puts it, and in no other layout", () => {
    const whole = Buffer.from(laidOut("region", 4));
    const found = splitLaidOut(whole);
    expect(found?.steps).toEqual(splitSteps(whole)?.steps);
    expect(found?.steps.length).toBe((JSON.parse(previewOf("region")) as { steps: unknown[] }).steps.length);
    expect(splitLaidOut(Buffer.from(laidOut("region", 2)))).toBeUndefined();
    expect(splitLaidOut(whole.subarray(0, whole.length / 2))).toBeUndefined();
  });
});

it("reads 50 MB", () => {
  const text = "x".repeat(1000);
  const many = Array.from({ length: 12_500 }, (_, at) =>
    step("update", "linode:index/volume:Volume", `v${at}`, {
      old: { tags: [text] },
      new: { tags: [text, text] },
      diffs: ["tags"],
    }),
  );
  const big = preview(many);
  expect(big.length).toBeGreaterThan(50_000_000);
  expect(parsePreview(big).steps).toHaveLength(12_500);
  expect(rankOf(big)).toBe(6);
});

it.each(CHANGES.map(({ id }) => id))("the engine's own preview of %s is whole", (id) => {
  expect(parsePreview(previewOf(id))).toMatchObject({ gaps: [], format: "digest" });
});
