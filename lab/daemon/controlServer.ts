import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LabError } from "../machines/errors";
import { giveToUser } from "./record";
import type { ControlLine } from "./protocol";
import { socketPath } from "./socketPath";

/** Answers one request. What it reports comes to the caller at once, its result last. */
export type ControlHandler = (call: {
  readonly params: readonly string[];
  readonly body: unknown;
  readonly progress: (line: string) => void;
}) => Promise<unknown>;

/** What the control socket can do: `GET /status`, `POST /faults/:`; a `:` stands for one part of the path. */
export type ControlRoutes = Readonly<Record<string, ControlHandler>>;

/** Opens a connection into the lab for `CONNECT <label>:<port>`. */
export type Tunnel = (label: string, port: number) => Promise<Socket>;

const BODY_LIMIT = 64 * 1024;

/** Serves the control socket: a file that only the operator may open, so that no client of the API reaches it. */
export async function serveControl(file: string, routes: ControlRoutes, tunnel: Tunnel): Promise<Server> {
  const server = createServer((request, response) => void answer(routes, request, response));
  server.on("connect", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => undefined);
    void connect(tunnel, request, socket, head);
  });
  rmSync(file, { force: true });
  const { path, release } = socketPath(file);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  chmodSync(file, 0o600);
  giveToUser(file);
  server.on("close", release);
  return server;
}

async function answer(routes: ControlRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (line: ControlLine<unknown>): void => void response.write(`${JSON.stringify(line)}\n`);
  try {
    const [handler, params] = find(routes, `${request.method} ${request.url}`);
    const body = await bodyOf(request);
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    const result = await handler({ params, body, progress: (progress) => say({ progress }) });
    say({ result: result ?? null });
  } catch (error) {
    const known = error instanceof LabError;
    const message = error instanceof Error ? error.message : String(error);
    say({ error: { message, ...(known && error.hint !== undefined ? { hint: error.hint } : {}) } });
  } finally {
    response.end();
  }
}

function find(routes: ControlRoutes, asked: string): [ControlHandler, readonly string[]] {
  for (const [pattern, handler] of Object.entries(routes)) {
    const match = new RegExp(`^${pattern.replaceAll(":", "([^/]+)")}$`).exec(asked);
    if (match !== null) return [handler, match.slice(1).map(decodeURIComponent)];
  }
  throw new LabError(`This lab's daemon does not know \`${asked}\`.`, {
    hint: "It may be of another version: run `linode-lab up` to start the present one.",
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) throw new LabError("The request is too long.");
  }
  return text === "" ? undefined : JSON.parse(text);
}

async function connect(tunnel: Tunnel, request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
  const [label = "", port = ""] = (request.url ?? "").split(":");
  try {
    const far = await tunnel(label, Number(port));
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    if (head.length > 0) far.write(head);
    far.on("error", () => socket.destroy());
    socket.on("close", () => far.destroy());
    far.on("close", () => socket.destroy());
    socket.pipe(far).pipe(socket);
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).replace(/[^\x20-\x7e]/g, " ");
    socket.end(`HTTP/1.1 502 ${reason}\r\n\r\n`);
  }
}
