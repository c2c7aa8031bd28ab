import { createServer, type Server } from "node:net";
import { LabError } from "../machines/errors";

/** Where the API of a machine's first lab listens. */
export const DEFAULT_PORT = 14_320;
const TRIED = 100;

/** What a lab wants for a port. */
export interface PortWish {
  /** `--port`: this one or none. */
  readonly asked?: number;
  /** The port it had before. */
  readonly before?: number;
}

/** Reads `--port`. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1024 && port <= 65_535) return port;
  throw new LabError(`--port ${text} is not a port that the lab may use.`, {
    hint: "Give a number from 1024 to 65535.",
  });
}

/**
 * Opens the API's door on the machine's loopback: a socket that is already listening, so that nobody can take the port meanwhile. The
 * port asked for, the one it had, or the first free one.
 */
export async function openDoor(wish: PortWish, say: (line: string) => void): Promise<{ server: Server; port: number }> {
  if (wish.asked !== undefined) {
    const server = await tryListen(wish.asked);
    if (server !== undefined) return { server, port: wish.asked };
    throw new LabError(`Port ${wish.asked} on 127.0.0.1 is taken by another program.`, {
      hint: `Choose another with --port, or leave it out. \`ss -ltnp 'sport = :${wish.asked}'\` tells who has it.`,
    });
  }
  const candidates = [
    ...(wish.before === undefined ? [] : [wish.before]),
    ...Array.from({ length: TRIED }, (_, i) => DEFAULT_PORT + i),
  ];
  for (const port of candidates) {
    const server = await tryListen(port);
    if (server === undefined) continue;
    if (wish.before !== undefined && port !== wish.before) {
      say(`port ${wish.before} is taken by another program: the API listens on ${port} now`);
    }
    return { server, port };
  }
  throw new LabError(`All ports from ${DEFAULT_PORT} to ${DEFAULT_PORT + TRIED - 1} on 127.0.0.1 are taken.`, {
    hint: "Choose a free one with --port.",
  });
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ host: "127.0.0.1", port }, () => resolve(server));
  });
}
