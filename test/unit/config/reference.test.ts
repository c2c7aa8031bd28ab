import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { parseDualPrimary } from "../../../config/dualPrimary";
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

test.each(["Pulumi.lab.yaml", "Pulumi.example.yaml"])("stacks/%s is a configuration without problems", (name) => {
  const { config } = parse(fs.readFileSync(path.join(projectRoot, "stacks", name), "utf8")) as {
    config: Record<string, unknown>;
  };
  const document = Object.entries(config).map(([key, value]) => [key.replace("linode-ha:", ""), value] as const);
  expect(parseDualPrimary(Object.fromEntries(document))).not.toHaveProperty("problems");
});
