import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { RANKS, WRITERS } from "../../../review";
import { MARK } from "../../../review/write/markdown";
import { projectRoot } from "../../support/lab";

const page = readFileSync(join(projectRoot, "docs", "review.md"), "utf8");
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);

const COMMAND = "npx linode-ha review --plan preview.json --format markdown --output review.md";

test("the workflows are YAML, run the same command, and find their comment by the mark", () => {
  expect(blocks).toHaveLength(3);
  const [github = "", , gitlab = ""] = blocks;
  for (const text of blocks) expect(parse(text)).toBeTruthy();
  for (const text of [github, gitlab]) {
    expect(text).toContain(COMMAND);
    expect(text).toContain(MARK);
  }
  const { jobs } = parse(github) as { jobs: { review: { steps: { run?: string; if?: string }[] } } };
  const steps = jobs.review.steps;
  // A review that ends with another code than 0 fails the job, and its comment is written all the same.
  const at = steps.findIndex(({ run }) => run === COMMAND);
  expect(at).toBeGreaterThan(0);
  expect(steps[at]?.if).toBeUndefined();
  expect(steps[at + 1]?.if).toMatch(/^always\(\)/);
});

test("every rank, format and option is told", () => {
  for (const { rank, name } of RANKS) expect(page).toMatch(new RegExp(`^\\| ${rank} +\\| \`${name}\``, "m"));
  for (const format of Object.keys(WRITERS)) expect(page).toContain(`\`${format}\``);
  const source = readFileSync(join(projectRoot, "cli", "review.ts"), "utf8");
  const options = [...source.matchAll(/"(--[a-z-]+) </g)].map(([, option = ""]) => option);
  expect(options.length).toBeGreaterThan(4);
  for (const option of options) expect(page).toContain(option);
});
