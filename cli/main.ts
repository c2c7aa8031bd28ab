import * as fs from "node:fs";
import { Command } from "commander";
import { UserError } from "../components/internal/errors";
import { runPulumi, type PulumiTarget } from "./pulumiCli";
import { EXIT } from "./exitCodes";
import { addGraph } from "./graph";
import { addOperations } from "./operations";
import { addReview } from "./review";
import type { Node } from "./reach/nodes";

interface StackOptions {
  readonly stack?: string;
  readonly configFile?: string;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(error: unknown): void {
  say(
    error instanceof UserError
      ? error.message
      : String(error instanceof Error ? (error.stack ?? error.message) : error),
  );
}

async function target(options: StackOptions): Promise<PulumiTarget & { stack: string }> {
  const stack = options.stack ?? (await selectedStack());
  return { stack, ...(options.configFile === undefined ? {} : { configFile: options.configFile }) };
}

async function selectedStack(): Promise<string> {
  try {
    return (await runPulumi(["stack", "--show-name"])).trim();
  } catch {
    throw new UserError("Which stack?", [
      {
        path: "--stack",
        what: "no stack is selected, or the one that is cannot be read",
        todo: "name it with --stack <name>",
      },
    ]);
  }
}

function projectName(): string {
  const name = /^name:\s*(\S+)/m.exec(fs.readFileSync("Pulumi.yaml", "utf8"))?.[1];
  if (name === undefined) {
    throw new UserError("No Pulumi project", [
      { path: "Pulumi.yaml", what: "has no name", todo: "run this in the project's folder" },
    ]);
  }
  return name;
}

/** The stack's nodes. What each command needs is loaded when it is called: a review does not wait for SSH. */
async function nodesOf(options: StackOptions): Promise<Node[]> {
  const { stackNodes } = await import("./reach/nodes");
  return stackNodes(await target(options), pairOption());
}

async function runResume(options: StackOptions): Promise<void> {
  const { resume } = await import("./resume");
  const { url } = JSON.parse(await runPulumi(["whoami", "--verbose", "--json"])) as { url: string };
  const backend = process.env["PULUMI_BACKEND_URL"] ?? url;
  const report = await resume({ ...(await target(options)), project: projectName(), backend }, say);
  const touched = report.adopted.length + report.deleted.length + report.forgotten.length;
  if (!report.lockReleased && touched === 0) {
    say("nothing to resume: no update was cut short");
  }
}

async function runStatus(options: StackOptions & { json?: boolean }): Promise<void> {
  try {
    const [{ readPair, statusText }, { gradeOf }, { nodesOf: nodesIn, pairNames, pairOf }, { stackOutputs }] =
      await Promise.all([import("./status"), import("./decide/grade"), import("./reach/nodes"), import("./pulumiCli")]);
    const { stack, ...rest } = await target(options);
    const outputs = await stackOutputs({ stack, ...rest });
    const chosen = pairOption();
    const names = chosen === undefined ? pairNames(outputs) : [chosen];
    const pairs = await Promise.all(
      (names.length === 0 ? [undefined] : names).map(async (name) => {
        const nodes = nodesIn(pairOf(outputs, stack, name), stack);
        return { name, nodes, state: await readPair(nodes) };
      }),
    );
    process.stdout.write(statusText(pairs, options.json === true));
    process.exitCode = Math.max(...pairs.map(({ state }) => gradeOf(state)));
  } catch (error) {
    fail(error);
    process.exitCode = EXIT.unknown;
  }
}

const program = new Command("linode-ha").description(
  "Looks after the pairs of a Pulumi stack; run it in the project's folder.",
);

program.option("--pair <name>", "which of a stack's pairs, where it has several, for example files");

function pairOption(): string | undefined {
  return program.opts<{ pair?: string }>().pair;
}

program
  .command("resume")
  .description(
    "put a stack right whose `pulumi up` was killed: release its lock, take back what was created but not recorded",
  )
  .option("--stack <name>", "default: the stack that is selected")
  .option("--config-file <file>", "as for `pulumi up`")
  .action(runResume);

program
  .command("status")
  .description("ask both nodes how they are; exit code 0 healthy, 1 degraded, 2 critical, 3 unknown")
  .option("--stack <name>", "default: the stack that is selected")
  .option("--json", "for programs")
  .action(runStatus);

addOperations(program, nodesOf, say);

addReview(program, say);
addGraph(program);

program.parseAsync().catch((error: unknown) => {
  fail(error);
  process.exitCode ??= EXIT.degraded;
});
