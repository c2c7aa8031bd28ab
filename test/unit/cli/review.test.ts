import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { addGraph } from "../../../cli/graph";
import { addReview } from "../../../cli/review";
import { statusJson } from "../../../cli/status";
import { parseStatus } from "../../../review";
import { previewOf } from "../../support/review/fixtures";
import { ACTIVE, PASSIVE, stateOf } from "./samples";

const folder = mkdtempSync(join(tmpdir(), "linode-ha-review-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** `linode-ha <args>`, with what it wrote to standard output. */
async function run(...args: readonly string[]): Promise<Ended> {
  const program = new Command("linode-ha").exitOverride().configureOutput({ writeErr: () => undefined });
  addReview(program, () => undefined);
  addGraph(program);
  program.commands.forEach((command) => command.exitOverride().configureOutput({ writeErr: () => undefined }));
  let out = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const before = process.exitCode;
  process.exitCode = 0;
  let error = "";
  try {
    await program.parseAsync(["node", "linode-ha", ...args]);
  } catch (thrown) {
    error = (thrown as Error).message;
  } finally {
    write.mockRestore();
  }
  const code = process.exitCode;
  process.exitCode = before;
  return { code, out, error };
}

const plan = (id: string): string => file(`${id}.json`, previewOf(id));

describe("linode-ha review", () => {
  it.each([
    ["tag", 0, /^Nothing to fear/],
    ["login", 0, /^Nothing to fear/],
    ["type", 1, /^Failover/],
    ["port-closed", 2, /^Both nodes at once/],
    ["region", 2, /^May lose data/],
  ])("%s ends with %d", async (id, code, headline) => {
    const ended = await run("review", "--plan", plan(id));
    expect(ended.code).toBe(code);
    expect(ended.out).toMatch(headline);
  });

  it("--fail-on lets better ranks pass, by name or number", async () => {
    expect((await run("review", "--plan", plan("type"), "--fail-on", "both-nodes")).code).toBe(0);
    expect((await run("review", "--plan", plan("region"), "--fail-on", "2")).code).toBe(2);
    expect((await run("review", "--plan", plan("login"), "--fail-on", "reload")).code).toBe(1);
    expect((await run("review", "--plan", plan("type"), "--fail-on", "never")).error).toMatch(
      /One of unknown, data-loss/,
    );
  });

  it.each([
    ["an empty file", "", /empty/],
    ["a cut preview", previewOf("tag").slice(0, 500), /cut short/],
    ["no JSON", "error: no stack selected", /does not begin/],
  ])("ends with 3 for %s, and says what to give", async (_what, text, why) => {
    const ended = await run("review", "--plan", file("odd.json", text));
    expect(ended).toMatchObject({ code: 3, out: "" });
    expect(ended.error).toMatch(why);
    expect(ended.error).toMatch(/to do: .*pulumi preview --json/);
  });

  it("ends with 3 for a file that is not there", async () => {
    expect(await run("review", "--plan", join(folder, "none"))).toMatchObject({
      code: 3,
      error: expect.stringMatching(/is not there/),
    });
  });

  it("writes each format, to a file as well", async () => {
    expect((await run("review", "--plan", plan("region"), "--format", "markdown")).out).toMatch(
      /^<!-- linode-ha-review -->/,
    );
    expect(JSON.parse((await run("review", "--plan", plan("region"), "--format", "json")).out)).toMatchObject({
      rank: 1,
      exitCode: 2,
    });
    const target = join(folder, "out.sarif");
    const ended = await run("review", "--plan", plan("region"), "--format", "sarif", "--output", target);
    expect(ended).toMatchObject({ code: 2, out: "" });
    expect(JSON.parse(readFileSync(target, "utf8"))).toMatchObject({ version: "2.1.0" });
  });

  it("knows the active node from a status", async () => {
    const status = JSON.stringify({
      schema: 1,
      grade: "healthy",
      nodes: [{ name: "web1", reached: true }],
      manager: { groups: [] },
      resources: [{ name: "www", sides: { web1: { role: "Primary" } } }],
    });
    const { out } = await run("review", "--plan", plan("image-one"), "--status", file("status.json", status));
    expect(out).toContain("web1 (active)");
    expect(await run("review", "--plan", plan("image-one"), "--status", file("bad.json", "{}"))).toMatchObject({
      code: 3,
      error: expect.stringMatching(/no status of a pair/),
    });
  });
});

test("a status that `linode-ha status --json` writes is read", () => {
  const { active, grade } = parseStatus(JSON.stringify(statusJson(stateOf(ACTIVE, PASSIVE))));
  expect(grade).toBe("healthy");
  expect(Object.keys(active).sort()).toEqual(["alpha", "beta"]);
  expect(active["alpha"]?.length).toBeGreaterThan(0);
  expect(active["beta"]).toEqual([]);
  // A node that was not reached may be the active one.
  expect(Object.keys(parseStatus(JSON.stringify(statusJson(stateOf(ACTIVE, undefined)))).active)).toEqual(["alpha"]);
});

test("a status of several pairs is read whole, and as bad as its worst", () => {
  const [good, bad] = [statusJson(stateOf(ACTIVE, PASSIVE)), statusJson(stateOf(ACTIVE, undefined))];
  const other = { ...bad, nodes: [{ name: "gamma", reached: true }] };
  const { active, grade } = parseStatus(
    JSON.stringify([
      { pair: "a", ...good },
      { pair: "b", ...other },
    ]),
  );
  expect(Object.keys(active).sort()).toEqual(["alpha", "beta", "gamma"]);
  expect(grade).toBe(bad["grade"]);
  expect(grade).not.toBe("healthy");
  expect(() => parseStatus("[{}]")).toThrow(/no status of a pair/);
});

describe("linode-ha graph", () => {
  it("draws a preview in its own colours, and another input in a plan's", async () => {
    expect((await run("graph", "--input", plan("region"))).out).toMatch(/^flowchart TB[\s\S]*classDef r1_data_loss/);
    const target = join(folder, "stack.svg");
    await run("graph", "--input", plan("stack-removed"), "--plan", plan("replication-port"), "--output", target);
    const svg = readFileSync(target, "utf8");
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain(">restart</text>");
    expect(svg).not.toContain(">data-loss</text>");
  });

  it("says what to give where there is nothing to draw", async () => {
    expect((await run("graph", "--input", file("odd.json", "{}"))).error).toMatch(/to do: .*pulumi stack export/);
  });
});
