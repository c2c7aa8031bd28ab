/** Output handling that remote and local commands share, so that both fail with the words of the vendor's plugin. */
import { Context } from "../runtime/table";

/** Which of a command's streams go to the engine's log. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

const ESCAPES: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

/** A text in quotes as Go's `%q` writes it. */
export function quote(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const body = text.replace(/["\\\x00-\x1f\x7f]/g, (character) => {
    return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${body}"`;
}

/** Collects a command's two streams and passes their lines on while they come. */
export class Capture {
  private readonly parts: Record<"stdout" | "stderr" | "both", Buffer[]> = { stdout: [], stderr: [], both: [] };
  private line = "";

  constructor(
    private readonly ctx: Pick<Context<unknown>, "log">,
    private readonly logging: Logging | undefined,
  ) {}

  /** Takes a piece of output. */
  add(stream: "stdout" | "stderr", data: Buffer): void {
    this.parts[stream].push(data);
    this.parts.both.push(data);
    const logging = this.logging ?? "stdoutAndStderr";
    if (logging !== "stdoutAndStderr" && logging !== stream) return;
    const lines = (this.line + data.toString("utf8")).split("\n");
    this.line = lines.pop() ?? "";
    for (const line of lines) this.ctx.log("info", line, true);
  }

  /** Passes on what came without a newline at the end. */
  finish(): void {
    if (this.line) this.ctx.log("info", this.line, true);
    this.line = "";
  }

  /** A stream's text, without one newline at its end. */
  text(stream: "stdout" | "stderr"): string {
    return Buffer.concat(this.parts[stream]).toString("utf8").replace(/\n$/, "");
  }

  /** Why the command failed, with all that it said. */
  failure(reason: string, command: string): Error {
    return new Error(`${reason}: running ${quote(command)}:\n${Buffer.concat(this.parts.both).toString("utf8")}`);
  }
}
