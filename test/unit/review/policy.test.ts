import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReportViolation, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { plain } from "../../../policy/judge";
import { stackOf, type OldResource } from "../../../policy/oldState";
import { availabilityPack, POLICY, type AvailabilityConfig } from "../../../policy/pack";
import { allowanceOf } from "../../../policy/permissions";
import { projectRoot } from "../../support/lab";

const NOW = new Date("2026-11-21T12:00:00Z");
const volume = { name: "v", urn: "urn:pulumi:lab::linode-ha::linode:index/volume:Volume::v" };

describe("a permission", () => {
  it.each([
    ["2026-11-21", "allowed"],
    ["2026-11-22", "allowed"],
    ["2026-11-20", "expired"],
  ])("until %s is %s", (until, kind) => {
    expect(allowanceOf(volume, [{ name: "v", until }], NOW).kind).toBe(kind);
    expect(allowanceOf(volume, [{ name: volume.urn, until }], NOW).kind).toBe(kind);
  });

  it("is for its own name only", () => {
    expect(allowanceOf(volume, [{ name: "v2", until: "2030-01-01" }], NOW)).toEqual({ kind: "not-allowed" });
  });

  it("is the last of several", () => {
    const both = [
      { name: "v", until: "2026-01-01" },
      { name: "v", until: "2026-12-01" },
    ];
    expect(allowanceOf(volume, both, NOW).kind).toBe("allowed");
  });

  it.each([undefined, "", "tomorrow", "2026-02-30", "2026-1-1"])("until %j is no permission", (until) => {
    expect(() => allowanceOf(volume, [{ name: "v", until: until as string }], NOW)).toThrow(/until/);
  });
});

test("a stack is named in full, so that no folder's project counts", () => {
  expect(stackOf(volume.urn, {})).toBe("organization/linode-ha/lab");
  expect(stackOf(volume.urn, { PULUMI_NODEJS_ORGANIZATION: "acme" })).toBe("acme/linode-ha/lab");
});

test("what is not known yet becomes a word instead of an error", () => {
  const props = new Proxy(
    { known: [1, { a: 2 }], later: "x" },
    {
      get: (target, key) => {
        if (key === "later") throw new Error("not known during preview");
        return Reflect.get(target, key) as unknown;
      },
    },
  );
  expect(plain(props)).toEqual({ known: [1, { a: 2 }], later: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" });
});

test("the pack has the package's version", () => {
  const version = (path: string): string =>
    (JSON.parse(readFileSync(join(projectRoot, path), "utf8")) as { version: string }).version;
  expect(version("policy/package.json")).toBe(version("package.json"));
});

describe("the pack", () => {
  const old = (urn: string, inputs: Readonly<Record<string, unknown>>): OldResource => ({
    urn,
    type: urn.split("::")[2] ?? "",
    custom: true,
    inputs,
    outputs: {},
  });
  const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };

  interface Told {
    readonly urn: string;
    readonly props: Readonly<Record<string, unknown>>;
    readonly aliases?: readonly string[];
  }

  async function violations(
    before: readonly OldResource[],
    after: readonly Told[],
    config: AvailabilityConfig = {},
  ): Promise<readonly string[]> {
    const said: string[] = [];
    const report = ((message: string) => said.push(message)) as unknown as ReportViolation;
    const [policy] = availabilityPack({
      oldState: async () => new Map(before.map((each) => [each.urn, each])),
      now: () => NOW,
    }).policies as unknown as {
      name: string;
      validateResource: (args: ResourceValidationArgs, report: ReportViolation) => Promise<void>;
      validateStack: (args: StackValidationArgs, report: ReportViolation) => Promise<void>;
    }[];
    expect(policy?.name).toBe(POLICY);
    const resources = after.map(({ urn, props, aliases = [] }) => ({
      urn,
      type: urn.split("::")[2] ?? "",
      name: urn.split("::").at(-1) ?? "",
      props,
      opts: { aliases },
      getConfig: () => config,
    }));
    for (const each of resources) await policy?.validateResource(each as unknown as ResourceValidationArgs, report);
    await policy?.validateStack({ resources, getConfig: () => config } as unknown as StackValidationArgs, report);
    return said;
  }

  const other = "urn:pulumi:lab::linode-ha::linode:index/volume:Volume::w";
  const keep = { urn: other, props: { size: 10 } };

  it("says nothing of what stays", async () => {
    expect(
      await violations([old(volume.urn, { size: 10, __defaults: [] })], [{ urn: volume.urn, props: { size: 10 } }]),
    ).toEqual([]);
  });

  it("cannot compare a secret, and says nothing of it", async () => {
    expect(
      await violations(
        [old(volume.urn, { size: 10, label: SECRET })],
        [{ urn: volume.urn, props: { size: 10, label: "x" } }],
      ),
    ).toEqual([]);
  });

  it("refuses what shrinks, and what goes, each once", async () => {
    expect(await violations([old(volume.urn, { size: 20 })], [{ urn: volume.urn, props: { size: 10 } }])).toEqual([
      expect.stringMatching(/^DATA LOSS \(rank 1\): a volume, update/),
    ]);
    expect(await violations([old(volume.urn, { size: 20 }), old(other, { size: 10 })], [keep])).toEqual([
      expect.stringMatching(/^DATA LOSS \(rank 1\): a volume, delete/),
    ]);
  });

  it("takes a renamed resource with an alias for the same", async () => {
    expect(
      await violations([old(volume.urn, { size: 10 })], [{ urn: other, props: { size: 10 }, aliases: [volume.urn] }]),
    ).toEqual([]);
    expect(await violations([old(volume.urn, { size: 10 })], [keep])).toHaveLength(1);
  });

  it("allows by name, and refuses what nobody understands", async () => {
    const allow = [{ name: "v", until: "2026-12-01" }];
    expect(
      await violations([old(volume.urn, { size: 20 })], [{ urn: volume.urn, props: { size: 10 } }], { allow }),
    ).toEqual([]);
    const odd = "urn:pulumi:lab::linode-ha::aws:s3/bucket:Bucket::b";
    expect(await violations([], [{ urn: odd, props: {} }])).toEqual([expect.stringMatching(/^UNKNOWN \(rank 0\)/)]);
  });

  it("never quotes a secret", async () => {
    const linode = "urn:pulumi:lab::linode-ha::linode:index/instance:Instance::i";
    const said = await violations(
      [old(linode, { rootPass: "before-s3cr3t", warp: 1 })],
      [{ urn: linode, props: { rootPass: "after-s3cr3t", warp: 2 } }],
      { refuse: "failover" },
    );
    expect(said).toHaveLength(1);
    expect(said.join()).not.toContain("s3cr3t");
  });

  it("takes no rank that is none", async () => {
    await expect(
      violations([old(volume.urn, { size: 20 })], [{ urn: volume.urn, props: { size: 10 } }], { refuse: "everything" }),
    ).rejects.toThrow(/no rank/);
  });
});
