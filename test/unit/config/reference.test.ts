import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { parseDualPrimary } from "../../../config/dualPrimary";
import { parseFailover } from "../../../config/failover";
import { FAILOVER_SYSTEMS } from "../../../config/failoverFields";
import { withToken } from "../../../config/fencingToken";
import { GUIDES } from "../../../config/guides";
import { renderReference } from "../../../config/reference";
import { projectRoot } from "../../support/lab";

test.each([...GUIDES.keys()])(
  "the guide of %s lists every configuration key as the parser knows it (else: make api-docs)",
  (system) => {
    const guide = fs.readFileSync(path.join(projectRoot, "docs", "stacks", `${system}.md`), "utf8");
    const table = /<!-- config: begin[^\n]*\n([^]*)<!-- config: end/.exec(guide)?.[1];
    expect(table?.trim()).toBe(renderReference(GUIDES.get(system)));
  },
);

/** A stack's file as the parser gets it. `token`: what the environment, or a secret of the stack, adds. */
function documentOf(name: string, token: string | undefined): Record<string, unknown> {
  const { config } = parse(fs.readFileSync(path.join(projectRoot, "stacks", name), "utf8")) as {
    config: Record<string, unknown>;
  };
  const entries = Object.entries(config).map(([key, value]) => [key.replace("linode-ha:", ""), value] as const);
  return { ...withToken(Object.fromEntries(entries), { LINODE_FENCING_TOKEN: token }) };
}

test.each(["Pulumi.lab.yaml", "Pulumi.example.yaml"])("stacks/%s is a configuration without problems", (name) => {
  expect(parseDualPrimary(documentOf(name, undefined))).not.toHaveProperty("problems");
});

test.each(FAILOVER_SYSTEMS)("stacks/Pulumi.example-%s.yaml lacks nothing but a token", (system) => {
  const name = `Pulumi.example-${system}.yaml`;
  expect(documentOf(name, "a-token")["system"]).toBe(system);
  expect(parseFailover(system, documentOf(name, "a-token"))).not.toHaveProperty("problems");
  const without = parseFailover(system, documentOf(name, undefined));
  const paths = "problems" in without ? without.problems.map((problem) => problem.path) : [];
  expect(paths).toEqual(system === "manual-failover" ? [] : ["fencingToken"]);
});

test("each example names its guide, and holds no secret", () => {
  for (const system of FAILOVER_SYSTEMS) {
    const text = fs.readFileSync(path.join(projectRoot, "stacks", `Pulumi.example-${system}.yaml`), "utf8");
    expect(text).toContain(`docs/stacks/${system}.md`);
    expect(text).not.toMatch(/encryptionsalt|secure:|^ {2}linode-ha:fencingToken:/m);
  }
});

test("the guide of dual-primary shows fencing as the parser takes it", () => {
  const guide = fs.readFileSync(path.join(projectRoot, "docs", "stacks", "dual-primary.md"), "utf8");
  const blocks = [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => parse(text ?? "") as object);
  const [shown] = blocks.filter((block): block is { "linode-ha:fencing": object } => "linode-ha:fencing" in block);
  const document = { ...documentOf("Pulumi.example.yaml", undefined), fencing: shown?.["linode-ha:fencing"] };
  expect(parseDualPrimary({ ...document, fencingToken: "a-token" })).not.toHaveProperty("problems");
});
