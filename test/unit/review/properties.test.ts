import * as fc from "fast-check";
import { parsePreview, review, WRITERS } from "../../../review";
import { knownTypes } from "../../../review/meanings";
import { SECRET_TEXT } from "../../../review/parse/values";
import { CHANGES } from "../../support/review/changes";
import { PAIR, preview, previewOf, step, type TestStep } from "../../support/review/fixtures";

const NODES = ["web1", "web2"] as const;
const op = fc.constantFrom("create", "update", "delete", "replace", "same", "read", "teleport");
const type = fc.constantFrom(...knownTypes, "aws:s3/bucket:Bucket", "command:local:Command");
const property = fc.constantFrom(
  "size",
  "label",
  "tags",
  "interfaces",
  "inbounds",
  "region",
  "image",
  "addresses",
  "unheardOf",
);
const value = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constant(SECRET_TEXT),
  fc.constant("04da6b54-80e4-46f7-96ec-b56ff0331ba9"),
  fc.array(fc.string()),
  fc.constant(undefined),
);

/** Any step; its name is its own by the number. */
const anyStep = fc
  .record({
    op,
    type,
    property,
    old: value,
    new: value,
    node: fc.constantFrom(...NODES),
    paired: fc.boolean(),
    custom: fc.boolean(),
  })
  .map((one) => (at: number): TestStep => {
    const parts = {
      old: { [one.property]: one.old },
      new: { [one.property]: one.new },
      diffs: [one.property],
      custom: one.custom,
    };
    return step(one.op, one.type, `web-${one.node}-${at}`, { ...parts, ...(one.paired ? { parents: PAIR } : {}) });
  });

/** Steps of the forty, as the engine told them. */
const realSteps = CHANGES.map(({ id }) =>
  (JSON.parse(previewOf(id)) as { steps: TestStep[] }).steps.filter((one) => one.op !== "same"),
);
const realStep = fc.integer({ min: 0, max: realSteps.length - 1 }).chain((at) => fc.constantFrom(...realSteps[at]!));

const steps = fc
  .tuple(fc.array(anyStep, { maxLength: 6 }), fc.array(realStep, { maxLength: 4 }))
  .map(([made, real]) => [...made.map((one, at) => one(at)), ...new Map(real.map((one) => [one.urn, one])).values()]);

const rankOf = (all: readonly TestStep[]): number => review(parsePreview(preview(all))).rank;

test("adding a change never lowers the rank", () => {
  fc.assert(
    fc.property(steps, (all) => {
      for (let left = 0; left < all.length; left += 1) {
        const fewer = all.filter((_, at) => at !== left);
        expect(rankOf(all)).toBeLessThanOrEqual(rankOf(fewer));
      }
    }),
    { numRuns: 60 },
  );
});

test("the order of the steps means nothing", () => {
  fc.assert(
    fc.property(steps, (all) => {
      expect(rankOf([...all].reverse())).toBe(rankOf(all));
    }),
    { numRuns: 40 },
  );
});

test("something unknown anywhere makes the whole unknown", () => {
  fc.assert(
    fc.property(steps, (all) => {
      expect(
        rankOf([...all, step("update", "vendor:thing:Thing", "thing", { old: { a: 1 }, new: { a: 2 }, diffs: ["a"] })]),
      ).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("every cut of a preview is refused or not understood", () => {
  const text = previewOf("tag");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.trimEnd().length - 1 }), (at) => {
      let rank = 0;
      try {
        rank = review(parsePreview(text.slice(0, at))).rank;
      } catch (error) {
        expect((error as Error).name).toBe("PreviewError");
      }
      expect(rank).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test('any JSON whatever gives an answer or a clear error, and never "nothing to fear" unless it is a preview', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (document) => {
      try {
        const plan = parsePreview(JSON.stringify(document));
        const { exitCode } = review(plan);
        expect(exitCode === 0 ? plan.gaps : []).toEqual([]);
      } catch (error) {
        expect((error as Error).name).toBe("PreviewError");
      }
    }),
    { numRuns: 200 },
  );
});

describe("secrets", () => {
  const PLAIN = ["s3cr3t-value-of-the-test", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk"] as const;
  /** As a state has it when secrets are shown. */
  const marked = (plaintext: string): object => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: plaintext,
    plaintext: JSON.stringify(plaintext),
  });
  const NAMED = [
    "rootPass",
    "password",
    "privateKey",
    "stdin",
    "connection",
    "metadatas",
    "token",
    "secretKey",
    "userData",
    "apiToken",
    "unheardOf",
  ];
  const operations = ["create", "update", "replace", "delete"];
  const types = [...knownTypes, "command:remote:Command", "aws:s3/bucket:Bucket", "pulumi:providers:linode"];

  const expectHidden = (steps: readonly TestStep[], more: Readonly<Record<string, unknown>> = {}): void => {
    const result = review(parsePreview(preview(steps, more)));
    for (const write of Object.values(WRITERS)) {
      const out = write(result);
      expect(out).not.toContain("s3cr3t-value");
      expect(out).not.toContain("b3BlbnNzaC1rZXk");
    }
  };

  it.each(types)("of %s are in no writer's output, under any secret's name", (type) => {
    for (const operation of operations) {
      for (const name of NAMED) {
        for (const plain of PLAIN) {
          const of = (text: string): Record<string, unknown> => ({
            [name]: text,
            label: { [name]: [text] },
            tags: [{ [name]: text }],
          });
          expectHidden([
            step(operation, type, "thing", { old: of(plain), new: of(`${plain}2`), diffs: [name, "label", "tags"] }),
          ]);
        }
      }
    }
  });

  it.each(types)("of %s are in no writer's output where the engine marks them, whatever the property", (type) => {
    const properties = [
      "size",
      "label",
      "tags",
      "interfaces",
      "inbounds",
      "outbounds",
      "addresses",
      "target",
      "url",
      "create",
      "alerts",
      "keepers",
      "region",
    ];
    for (const operation of operations) {
      for (const property of properties) {
        for (const wrapped of [marked(PLAIN[0]), [marked(PLAIN[0])], { inner: marked(PLAIN[0]) }]) {
          expectHidden([
            step(operation, type, "thing", {
              old: { [property]: "a" },
              new: { [property]: wrapped },
              diffs: [property],
            }),
          ]);
        }
      }
    }
  });

  it("that the program prints, or that the configuration holds, are in no writer's output", () => {
    const said = PLAIN.flatMap((message) =>
      ["debug", "info", "warning", "error"].map((severity) => ({ severity, message })),
    );
    const one = step("update", "linode:index/volume:Volume", "v", {
      old: { tags: [] },
      new: { tags: ["a"] },
      diffs: ["tags"],
    });
    expectHidden([one], {
      diagnostics: said,
      config: { "linode-ha:fencingToken": PLAIN[0], "linode-ha:system": "dual-primary" },
    });
  });

  it("would be seen if they were shown", () => {
    const one = step("update", "linode:index/volume:Volume", "v", {
      old: { tags: [] },
      new: { tags: ["s3cr3t-value"] },
      diffs: ["tags"],
    });
    const result = review(parsePreview(preview([one])));
    expect(WRITERS.json(result)).toContain("s3cr3t-value");
  });
});
