import { request } from "node:http";
import type { Socket } from "node:net";
import { socketPath } from "../daemon/socketPath";
import type { ControlLine } from "../daemon/protocol";
import { LabError } from "../machines/errors";
import type { LabPaths } from "../paths";

/** The daemon cannot be asked: it does not run, or it hangs. */
export class NoDaemon extends LabError {}

interface AskOptions {
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly progress?: (line: string) => void;
}

/** Asks a lab's daemon something over its control socket. */
export async function ask<T>(
  paths: LabPaths,
  method: "GET" | "POST",
  url: string,
  options: AskOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000 } = options;
  const { path, release } = address(paths);
  try {
    return await new Promise<T>((resolve, reject) => {
      let rest = "";
      let last: ControlLine<T> | undefined;
      const take = (line: string): void => {
        if (line === "") return;
        const said = JSON.parse(line) as ControlLine<T>;
        if ("progress" in said) options.progress?.(said.progress);
        else last = said;
      };
      // Each connection its own: a kept one may lead to a daemon that is gone.
      const call = request({ socketPath: path, method, path: url, agent: false }, (response) => {
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop() ?? "";
          lines.forEach(take);
        });
        response.on("error", () => undefined);
        response.on("close", () => {
          if (last !== undefined && "result" in last) resolve(last.result);
          else if (last !== undefined && "error" in last) reject(told(last.error));
          else reject(silent(paths, timeoutMs));
        });
      });
      const timer = setTimeout(() => call.destroy(silent(paths, timeoutMs)), timeoutMs);
      call.on("close", () => clearTimeout(timer));
      call.on("error", (error) => reject(error instanceof LabError ? error : gone(paths, error)));
      call.end(options.body === undefined ? undefined : JSON.stringify(options.body));
    });
  } finally {
    release();
  }
}

/** Opens a connection to a port of a Linode, through the daemon. */
export function openTunnel(paths: LabPaths, node: string, port: number): Promise<Socket> {
  const { path, release } = address(paths);
  return new Promise<Socket>((resolve, reject) => {
    const call = request({ socketPath: path, method: "CONNECT", path: `${node}:${port}`, timeout: 15_000 });
    call.on("connect", (response, socket) => {
      if (response.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new LabError(response.statusMessage ?? `${node}:${port} does not answer.`));
    });
    call.on("timeout", () => call.destroy(new LabError(`${node}:${port} did not answer within 15 s.`)));
    call.on("error", (error) => reject(error instanceof LabError ? error : gone(paths, error)));
    call.end();
  }).finally(release);
}

function address(paths: LabPaths): ReturnType<typeof socketPath> {
  try {
    return socketPath(paths.controlSocket);
  } catch (error) {
    throw gone(paths, error);
  }
}

const told = ({ message, hint }: { message: string; hint?: string }): LabError =>
  // The hint is in the message already.
  Object.assign(new LabError(message), { hint });

const gone = ({ name }: LabPaths, cause: unknown): NoDaemon =>
  new NoDaemon(`The lab "${name}" is not running.`, { hint: `Start it: linode-lab${option(name)} up`, cause });

const silent = ({ name, log }: LabPaths, timeoutMs: number): NoDaemon =>
  new NoDaemon(`The daemon of the lab "${name}" did not answer within ${timeoutMs / 1000} s.`, {
    hint: `Look at ${log}; \`linode-lab${option(name)} up\` starts it anew if it has died.`,
  });

/** How to name this lab on the command line. */
export const option = (name: string): string => (name === "default" ? "" : ` --lab ${name}`);
