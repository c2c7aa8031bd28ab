/** `command.local.Command`: a script on the operator's machine. */
import { spawn } from "child_process";

import { Context, t } from "../runtime/table";
import { Props } from "../runtime/wire";
import { previousOutput, scripted, scriptFields } from "./remote";
import { Capture, Logging } from "./text";

async function runLocal(ctx: Context<unknown>, script: string, news: Props, olds: Props): Promise<Props> {
  const given = news.interpreter as string[] | undefined;
  const [program = "/bin/sh", ...args] = given && given.length > 0 ? given : ["/bin/sh", "-c"];
  const capture = new Capture(ctx, news.logging as Logging | undefined);
  const reason = await new Promise<string | undefined>((resolve) => {
    const child = spawn(program, [...args, script], {
      cwd: (news.dir as string | undefined) ?? process.cwd(),
      env: {
        ...process.env,
        ...(news.environment as Record<string, string> | undefined),
        ...previousOutput(news, olds),
      },
      signal: ctx.signal,
    });
    child.stdout.on("data", (data: Buffer) => capture.add("stdout", data));
    child.stderr.on("data", (data: Buffer) => capture.add("stderr", data));
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => {
      if (signal) resolve(`signal: ${signal.replace(/^SIG/, "").toLowerCase()}`);
      else resolve(code === 0 ? undefined : `exit status ${code ?? 1}`);
    });
    // A command may end without reading all of its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end((news.stdin as string | undefined) ?? "");
  });
  capture.finish();
  if (reason !== undefined) throw capture.failure(reason, script);
  return { stdout: capture.text("stdout"), stderr: capture.text("stderr") };
}

/** The resource type. Assets and archives of files are the one thing that it does not offer. */
export const localCommand = scripted(
  "command:local:Command",
  { ...scriptFields, interpreter: t.list(t.string()), dir: t.string() },
  runLocal,
);
