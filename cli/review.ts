import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import { UserError } from "../components/internal/errors";
import {
  DEFAULT_FAIL_ON,
  parsePreview,
  parseStatus,
  PreviewError,
  rankNamed,
  RANKS,
  review,
  StatusError,
  WRITERS,
  type Format,
  type Plan,
  type Rank,
} from "../review";
import { isFed, readAll, readBytes } from "./input";
import { notThere } from "./pulumiCli";

/** What the command ends with where there is nothing to review: what is not understood is never taken for harmless. */
const NOT_UNDERSTOOD = 3;

interface ReviewFlags {
  readonly plan?: string;
  readonly format: Format;
  readonly failOn: Rank;
  readonly status?: string;
  readonly stack?: string;
  readonly output?: string;
}

type Say = (line: string) => void;

const rankFlag = (text: string): Rank => {
  const rank = rankNamed(text);
  if (rank === undefined)
    throw new InvalidArgumentError(`One of ${RANKS.map(({ name }) => name).join(", ")}, or 1 to 6.`);
  return rank;
};

const formatFlag = (text: string): Format => {
  if (!(text in WRITERS)) throw new InvalidArgumentError(`One of ${Object.keys(WRITERS).join(", ")}.`);
  return text as Format;
};

/** `linode-ha review`. */
export function addReview(program: Command, say: Say): void {
  program
    .command("review")
    .description(
      "say what a preview would do to availability and data; reads --plan, else standard input, else runs `pulumi preview`.\n" +
        "Exit code 0 nothing to fear, 1 interrupts service, 2 may lose data or both nodes at once, 3 not understood",
    )
    .option("--plan <file>", "what `pulumi preview --json` printed; - is standard input")
    .option("--format <format>", Object.keys(WRITERS).join(", "), formatFlag, "terminal" as Format)
    .option("--output <file>", "default: standard output")
    .option(
      "--fail-on <rank>",
      `what is better than this ends with 0: ${RANKS.map(({ name }) => name).join(", ")}, or 1 to 6`,
      rankFlag,
      DEFAULT_FAIL_ON,
    )
    .option("--status <file>", "what `linode-ha status --json` printed last: tells which node is active")
    .option("--stack <name>", "for the preview that it runs; default: the stack that is selected")
    // A flag that is not understood leaves the change as little understood as a preview that is not.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NOT_UNDERSTOOD))
    .action(async (flags: ReviewFlags) => {
      try {
        process.exitCode = await run(flags, say);
      } catch (error) {
        process.exitCode = NOT_UNDERSTOOD;
        throw error;
      }
    });
}

async function run(flags: ReviewFlags, say: Say): Promise<number> {
  const status = flags.status === undefined ? undefined : readStatus(flags.status);
  const plan = readPlan(await previewText(flags, say), flags.plan ?? "standard input");
  const result = review(plan, { status, failOn: flags.failOn });
  const toTerminal = flags.output === undefined && process.stdout.isTTY;
  const text = WRITERS[flags.format](result, {
    color: toTerminal && process.env["NO_COLOR"] === undefined,
    width: toTerminal ? process.stdout.columns : undefined,
  });
  if (flags.output === undefined) process.stdout.write(text);
  else fs.writeFileSync(flags.output, text);
  return result.exitCode;
}

function readPlan(text: Buffer, from: string): Plan {
  try {
    return parsePreview(text);
  } catch (error) {
    if (!(error instanceof PreviewError)) throw error;
    throw new UserError("There is nothing to review", [{ path: from, what: error.message, todo: error.todo }]);
  }
}

function readStatus(file: string): ReturnType<typeof parseStatus> {
  try {
    return parseStatus(readBytes(file).toString("utf8"));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new UserError("The status cannot be read", [{ path: file, what: error.message, todo: error.todo }]);
  }
}

/** From the file, from the pipe, or (at a terminal, where nobody feeds one) from Pulumi itself. */
async function previewText({ plan, stack }: ReviewFlags, say: Say): Promise<Buffer> {
  if (plan !== undefined && plan !== "-") return readBytes(plan);
  if (plan === "-" || isFed()) return readAll(process.stdin);
  return runPreview(stack, say);
}

/** Runs the preview. One that fails still prints its document, which then says that it failed. */
async function runPreview(stack: string | undefined, say: Say): Promise<Buffer> {
  const args = ["preview", "--json", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  say("running pulumi preview …");
  const child = spawn("pulumi", args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", () => {
      reject(notThere("install it, or give --plan a preview that was made elsewhere"));
    });
    child.on("close", resolve);
  });
  const [text, code] = await Promise.all([readAll(child.stdout), ended]);
  if (code !== 0) for (const line of errorsOf(text)) say(line);
  return text;
}

/** What the preview itself says of why it failed: to whoever ran it, as Pulumi would have. Never a part of a review. */
function errorsOf(text: Buffer): readonly string[] {
  try {
    return parsePreview(text).errors;
  } catch {
    return [];
  }
}
