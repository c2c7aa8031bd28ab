import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { assetPath } from "../../../hosts/assets";
import { run, type RunResult, until } from "../../support/run";

/** The token of every test here. Whatever the agent says or is called with, this must not be in it. */
export const TOKEN = "0123456789abcdef-not-to-be-seen";

export const agent = assetPath("fencing/fence_linode");
/** Another version to try the agent with: `PYTHON=/path/to/python3.13`. */
export const python = process.env["PYTHON"] ?? "python3";

/** A folder of its own, with a token file in it. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), "linode-ha-fencing-"));
  readonly tokenFile = this.write("token", `${TOKEN}\n`);
  private debugFiles = 0;

  write(name: string, text: string, mode = 0o600): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  /** A debug file for the agent, and a way to wait until certain words are in it. */
  debug(): { readonly debug_file: string; readonly heard: (words: string) => Promise<void> } {
    const debug_file = join(this.folder, `debug-${++this.debugFiles}`);
    const heard = (words: string) =>
      until(`"${words}" in the agent's debug file`, 20, async () => said(debug_file).includes(words), 20);
    return { debug_file, heard };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What is in a file, or nothing. */
export function said(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

export type Options = Readonly<Record<string, string | number>>;

/** Quick, so that a test of what is retried does not take long. */
const quick: Options = { stonith_status_sleep: 0.05, power_timeout: 8, verbose: 1 };

/** Runs the agent with its options on standard input, as a cluster manager does. Fails if the token shows. */
export async function fence(action: string, options: Options, seconds = 30): Promise<RunResult & { seconds: number }> {
  const input = Object.entries({ ...quick, action, ...options }).map(([name, value]) => `${name}=${value}\n`);
  return measured([python, "-B", agent], input.join(""), seconds);
}

/** Runs the agent with flags. Fails if the token shows. */
export async function fenceByFlags(flags: readonly string[]): Promise<RunResult & { seconds: number }> {
  return measured([python, "-B", agent, ...flags], "", 30);
}

async function measured(command: readonly string[], input: string, seconds: number) {
  const begun = Date.now();
  const result = await run(command, { input, seconds });
  if ((result.stdout + result.stderr).includes(TOKEN)) throw new Error("the token is in the agent's output");
  if (result.stderr.includes("Traceback")) throw new Error(`the agent ended with a stack trace:\n${result.stderr}`);
  return { ...result, seconds: (Date.now() - begun) / 1000 };
}

/** One request as the fake API saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly filter: string | undefined;
  readonly authorized: boolean;
}

/** An answer: status, body (an object becomes JSON) and headers; or what to do with the connection instead. */
export type Reply =
  | "hang"
  | "cut"
  | "drip"
  | { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> };

/** A small API that answers as a test says: every request, in its order, is put to `answer`. */
export class FakeApi {
  readonly seen: Seen[] = [];
  private readonly server: Server;

  private constructor(private readonly answer: (request: Seen, count: number) => Reply) {
    this.server = createServer((request, response) => this.handle(request, response));
  }

  static async start(answer: (request: Seen, count: number) => Reply): Promise<FakeApi> {
    const api = new FakeApi(answer);
    await new Promise<void>((resolve) => api.server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v4`;
  }

  /** How often a verb was asked for. */
  asked(verb: string): number {
    return this.seen.filter(({ method, path }) => method === "POST" && path.endsWith(`/${verb}`)).length;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/^\/v4/, "");
    const filter = request.headers["x-filter"] as string | undefined;
    const authorized = request.headers.authorization === `Bearer ${TOKEN}`;
    const seen: Seen = { method: request.method ?? "", path, filter, authorized };
    this.seen.push(seen);
    const reply = this.answer(seen, this.seen.length);
    if (reply === "hang") return;
    if (reply === "cut") {
      request.socket.destroy();
      return;
    }
    if (reply === "drip") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      const timer = setInterval(() => response.write(" "), 100);
      request.socket.on("close", () => clearInterval(timer));
      return;
    }
    const { status = 200, body = {}, headers = {} } = reply;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }
}

export const refusal = (status: number, reason: string): Reply => ({ status, body: { errors: [{ reason }] } });

/** Linode 7, called web2, or another one, in a state. */
export const inState = (status: string, id = 7): Reply => ({ body: { id, label: "web2", status } });

/** Whether a request looks at Linode 1: the one that shoots, where it matters. */
export const looksAtSelf = ({ method, path }: Seen): boolean => method === "GET" && path === "/linode/instances/1";

/**
 * An API with one Linode whose state is a machine of the test's own: `look` is what the n-th look shows (the last one stays), `ask`
 * answers the n-th request for a change of power.
 */
export function scripted(
  looks: readonly (string | Exclude<Reply, string>)[],
  ask: (n: number) => Reply = () => ({}),
): Promise<FakeApi> {
  let look = 0;
  let asked = 0;
  return FakeApi.start((request) => {
    if (looksAtSelf(request)) return inState("running", 1);
    if (request.method === "POST") return ask(++asked);
    const now = looks[Math.min(look++, looks.length - 1)] ?? "offline";
    return typeof now === "string" && !["hang", "cut", "drip"].includes(now) ? inState(now) : (now as Reply);
  });
}
