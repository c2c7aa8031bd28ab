import * as fs from "node:fs";
import { InvalidArgumentError, type Command } from "commander";
import { UserError } from "../components/internal/errors";
import { DRAWINGS, GraphError, PreviewError, readPicture, touchedBy, type DrawingFormat } from "../review";
import { isFed, readAll, readBytes } from "./input";
import { runPulumi } from "./pulumiCli";

interface GraphFlags {
  readonly input?: string;
  readonly plan?: string;
  readonly format?: DrawingFormat;
  readonly output?: string;
  readonly stack?: string;
}

const formatFlag = (text: string): DrawingFormat => {
  if (!(text in DRAWINGS)) throw new InvalidArgumentError(`One of ${Object.keys(DRAWINGS).join(", ")}.`);
  return text as DrawingFormat;
};

/** `linode-ha graph`. */
export function addGraph(program: Command): void {
  program
    .command("graph")
    .description(
      "draw the stack: nodes, volumes, resources, groups, addresses; what a plan touches in colour.\n" +
        "Reads --input, else standard input, else runs `pulumi stack export`",
    )
    .option(
      "--input <file>",
      "what `pulumi stack export`, `pulumi stack output --json` or `pulumi preview --json` printed; - is standard input",
    )
    .option("--plan <file>", "what `pulumi preview --json` printed: its changes are coloured by their rank")
    .option(
      "--format <format>",
      `${Object.keys(DRAWINGS).join(", ")}; default: by --output's name, else mermaid`,
      formatFlag,
    )
    .option("--output <file>", "default: standard output")
    .option("--stack <name>", "for the state that it reads itself; default: the stack that is selected")
    .action(async (flags: GraphFlags) => {
      const text = draw(await inputText(flags), flags);
      if (flags.output === undefined) process.stdout.write(text);
      else fs.writeFileSync(flags.output, text);
    });
}

function draw(input: string, { plan, format, output }: GraphFlags): string {
  try {
    const picture = readPicture(input);
    const touched = plan === undefined ? touchedIn(input) : touchedBy(readBytes(plan));
    return DRAWINGS[format ?? (output?.endsWith(".svg") === true ? "svg" : "mermaid")](picture, touched);
  } catch (error) {
    if (!(error instanceof GraphError) && !(error instanceof PreviewError)) throw error;
    throw new UserError("There is nothing to draw", [
      { path: plan ?? "the input", what: error.message, todo: error.todo },
    ]);
  }
}

/** A preview colours itself; a state has nothing that changes. */
function touchedIn(input: string): ReturnType<typeof touchedBy> {
  try {
    return touchedBy(input);
  } catch {
    return new Map();
  }
}

async function inputText({ input, stack }: GraphFlags): Promise<string> {
  if (input !== undefined && input !== "-") return readBytes(input).toString("utf8");
  if (input === "-" || isFed()) return (await readAll(process.stdin)).toString("utf8");
  return runPulumi(["stack", "export", ...(stack === undefined ? [] : ["--stack", stack])]);
}
