import { Command, CommanderError } from "commander";
import { EngineError } from "../engine/errors";
import { LabError } from "../machines/errors";
import { NoDaemon } from "./control";
import { EXIT } from "./exit";
import { program } from "./program";

/** What is printed of an error: its message for people's mistakes, all of it for ours. */
function explain(error: unknown): string {
  if (error instanceof LabError || error instanceof EngineError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exitCodeOf(error: unknown): number {
  const { exitCode } = error as { exitCode?: unknown };
  if (typeof exitCode === "number") return exitCode;
  return error instanceof NoDaemon ? EXIT.notRunning : EXIT.failed;
}

async function main(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has said what is wrong, or was asked for help.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
      return;
    }
    process.stderr.write(`linode-lab: ${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

// Whoever reads our output may have read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
void main(program()).then(() => {
  // Timers of what was started along the way keep nobody waiting.
  setImmediate(() => process.exit());
});
