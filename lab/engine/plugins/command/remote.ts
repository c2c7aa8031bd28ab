/** `command.remote.Command`: a script on another host over SSH. */
import { randomBytes } from "crypto";
import { ClientChannel } from "ssh2";

import { Context, ResourceType, t } from "../runtime/table";
import { Props } from "../runtime/wire";
import { Connection, dial } from "./connection";
import { Capture, Logging } from "./text";

const endpoint = {
  host: t.string({ required: true }),
  port: t.number({ default: 22 }),
  user: t.string({ default: "root" }),
  password: t.string({ secret: true }),
  privateKey: t.string({ secret: true }),
  privateKeyPassword: t.string({ secret: true }),
  agentSocketPath: t.string(),
  dialErrorLimit: t.int({ default: 10 }),
  perDialTimeout: t.int({ default: 15 }),
  hostKey: t.string(),
};

/** The fields that remote and local commands share. */
export const scriptFields = {
  create: t.string(),
  update: t.string(),
  delete: t.string(),
  stdin: t.string(),
  environment: t.map(),
  triggers: t.list(t.any(), { replaces: true }),
  logging: t.string({ oneOf: ["stdout", "stderr", "stdoutAndStderr", "none"] }),
  addPreviousOutputInEnv: t.bool(),
  stdout: t.string({ output: true, volatile: true }),
  stderr: t.string({ output: true, volatile: true }),
};

/** Which variables carry what an earlier run said. */
export function previousOutput(news: Props, olds: Props): Record<string, string> {
  if (news.addPreviousOutputInEnv === false) return {};
  const variables: Record<string, string> = {};
  if (olds.stdout) variables.PULUMI_COMMAND_STDOUT = String(olds.stdout);
  if (olds.stderr) variables.PULUMI_COMMAND_STDERR = String(olds.stderr);
  return variables;
}

/** An id as the vendor's plugin makes them: the resource's name and something random. */
export const commandId = (urn: string): string => `${urn.split("::").pop() ?? ""}${randomBytes(4).toString("hex")}`;

type Run = (ctx: Context<unknown>, script: string, news: Props, olds: Props) => Promise<Props>;

/** A resource type whose calls are scripts: `create`, `update` (or `create` again) and `delete`. */
export function scripted(token: string, fields: ResourceType<unknown>["fields"], run: Run): ResourceType<unknown> {
  const nothing = (olds: Props): Props => ({ stdout: olds.stdout ?? "", stderr: olds.stderr ?? "" });
  return {
    token,
    fields,
    trust: "program",
    defaultsIn: "inputs",
    withoutId: true,
    create: async (ctx, news) => {
      const script = news.create as string | undefined;
      const state = script === undefined ? nothing({}) : await run(ctx, script, news, {});
      return { id: commandId(ctx.urn), state };
    },
    read: async (_ctx, id, state) => ({ id, state }),
    update: async (ctx, { news, olds }) => {
      const script = (news.update ?? news.create) as string | undefined;
      return script === undefined ? nothing(olds) : run(ctx, script, news, olds);
    },
    remove: async (ctx, _id, state) => {
      const script = state.delete as string | undefined;
      if (script !== undefined) await run(ctx, script, state, state);
    },
  };
}

/** Runs one script on the host that the properties name. */
async function runRemote(ctx: Context<unknown>, script: string, news: Props, olds: Props): Promise<Props> {
  const { client, end } = await dial(news.connection as unknown as Connection, ctx);
  const abort = () => client.destroy();
  ctx.signal.addEventListener("abort", abort, { once: true });
  try {
    const env = { ...(news.environment as Record<string, string> | undefined), ...previousOutput(news, olds) };
    const capture = new Capture(ctx, news.logging as Logging | undefined);
    const reason = await new Promise<string | undefined>((resolve, reject) => {
      // Without these a connection that breaks would leave the command waiting for ever.
      client.once("error", (error: Error) => resolve(`wait: ${error.message}`));
      client.once("close", () => resolve("wait: remote command exited without exit status or exit signal"));
      client.exec(script, { env }, (error, channel) => {
        if (error) reject(error);
        else follow(channel, capture, (news.stdin as string | undefined) ?? "", resolve);
      });
    });
    capture.finish();
    if (reason !== undefined) throw capture.failure(reason, script);
    return { stdout: capture.text("stdout"), stderr: capture.text("stderr") };
  } finally {
    ctx.signal.removeEventListener("abort", abort);
    end();
  }
}

/** Feeds and listens to a running command; `done` gets the reason of a failure, or nothing. */
function follow(channel: ClientChannel, capture: Capture, stdin: string, done: (reason?: string) => void): void {
  let reason: string | undefined = "wait: remote command exited without exit status or exit signal";
  channel.on("data", (data: Buffer) => capture.add("stdout", data));
  channel.stderr.on("data", (data: Buffer) => capture.add("stderr", data));
  channel.on("exit", (code: number | null, signal?: string) => {
    if (signal) reason = `Process exited with status ${code ?? 128} from signal ${signal.replace(/^SIG/, "")}`;
    else reason = code === 0 ? undefined : `Process exited with status ${code ?? 1}`;
  });
  channel.on("close", () => done(reason));
  // A command may end without reading all of its input: that is its own affair.
  channel.on("error", () => undefined);
  channel.end(stdin);
}

/** The resource type. */
export const remoteCommand = scripted(
  "command:remote:Command",
  {
    ...scriptFields,
    connection: t.object({ ...endpoint, proxy: t.object(endpoint) }, { required: true, secret: true }),
  },
  runRemote,
);
