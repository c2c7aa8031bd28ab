/** An SSH connection as the program describes it: host key checked, patient with a host that is still starting. */
import { AuthHandlerMiddleware, Client, ConnectConfig, ServerHostKeyAlgorithm, utils } from "ssh2";
import { Duplex } from "stream";

import { Context } from "../runtime/table";

/** How to reach a host; the names are the vendor's. */
export interface Connection {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly agentSocketPath?: string;
  readonly dialErrorLimit?: number;
  readonly perDialTimeout?: number;
  readonly hostKey?: string;
  readonly proxy?: Connection;
}

type Ctx = Pick<Context<unknown>, "log" | "signal">;

const FIRST_DELAY_MS = 100;
const BACKOFF = 1.5;
const MOST_DELAY_MS = 5_000;
// A host that loses its power in the middle of a command never closes the connection: notice it within two minutes.
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 8 };

/** Connects, through the proxy if there is one. The caller calls `end` on every client that it got. */
export async function dial(connection: Connection, ctx: Ctx): Promise<{ client: Client; end: () => void }> {
  const config = sshConfig(connection);
  if (!connection.proxy) {
    const client = await withRetry(ctx, "Dial", limitOf(connection), () => connect(config, ctx));
    return { client, end: () => client.end() };
  }
  const { proxy } = connection;
  let outer: Client | undefined;
  try {
    const proxyConfig = sshConfig(proxy);
    const through = await withRetry(ctx, "Dial proxy", limitOf(proxy), () => connect(proxyConfig, ctx));
    outer = through;
    const client = await withRetry(ctx, "Dial from proxy", limitOf(connection), async () =>
      connect({ ...config, sock: await forward(through, connection) }, ctx),
    );
    const end = () => {
      client.end();
      through.end();
    };
    return { client, end };
  } catch (error) {
    outer?.end();
    throw new Error(`proxy: ${(error as Error).message}`, { cause: error });
  }
}

const limitOf = (connection: Connection): number => connection.dialErrorLimit ?? 10;

/** The library's options for a connection. Throws when a key cannot be read: trying again would not help. */
export function sshConfig(connection: Connection): ConnectConfig {
  const seconds = connection.perDialTimeout ?? 15;
  const config: ConnectConfig = {
    host: connection.host,
    port: connection.port ?? 22,
    username: connection.user ?? "root",
    readyTimeout: seconds * 1000,
    ...KEEPALIVE,
  };
  if (connection.hostKey !== undefined) Object.assign(config, expectHostKey(connection.hostKey));
  const methods: string[] = ["none"];
  if (connection.privateKey !== undefined) {
    const parsed = utils.parseKey(connection.privateKey, connection.privateKeyPassword);
    if (parsed instanceof Error) throw new Error(`ssh: cannot read the private key: ${parsed.message}`);
    config.privateKey = connection.privateKey;
    if (connection.privateKeyPassword !== undefined) config.passphrase = connection.privateKeyPassword;
    methods.push("publickey");
  }
  const agent = connection.agentSocketPath ?? process.env.SSH_AUTH_SOCK;
  if (agent) {
    config.agent = agent;
    methods.push("agent");
  }
  if (connection.password !== undefined) {
    config.password = connection.password;
    config.tryKeyboard = true;
    methods.push("password", "keyboard-interactive");
  }
  config.authHandler = methods as unknown as AuthHandlerMiddleware;
  return config;
}

/** The host must show exactly this key (a line as in authorized_keys), and only this kind of key is asked for. */
function expectHostKey(line: string): Pick<ConnectConfig, "hostVerifier" | "algorithms"> {
  const match = /(?:^|\s)((?:ssh|ecdsa|sk)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line.trim());
  if (!match) throw new Error("failed to parse host key: ssh: no key found");
  const [, type = "", base64 = ""] = match;
  const expected = Buffer.from(base64, "base64");
  const algorithms = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
  return {
    algorithms: { serverHostKey: algorithms as ServerHostKeyAlgorithm[] },
    hostVerifier: (key: Buffer) => key.equals(expected),
  };
}

function connect(config: ConnectConfig, ctx: Ctx): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const abort = () => {
      client.destroy();
      reject(new Error("context canceled"));
    };
    if (ctx.signal.aborted) {
      abort();
      return;
    }
    ctx.signal.addEventListener("abort", abort, { once: true });
    client
      .on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) => {
        finish(prompts.map(() => config.password ?? ""));
      })
      .on("ready", () => resolve(client))
      .on("error", (error: Error & { level?: string }) => {
        ctx.signal.removeEventListener("abort", abort);
        client.destroy();
        reject(new Error(wording(error, config)));
      })
      .on("close", () => {
        ctx.signal.removeEventListener("abort", abort);
        reject(new Error(`dial tcp ${config.host}:${config.port}: connection closed by the host`));
      });
    client.connect(config);
  });
}

/** The library's errors in the vendor's words. */
function wording(error: Error & { level?: string }, config: ConnectConfig): string {
  if (/Host denied|verification failed/i.test(error.message)) return "ssh: handshake failed: ssh: host key mismatch";
  if (error.level === "client-authentication") {
    return `ssh: handshake failed: ssh: unable to authenticate: ${error.message}`;
  }
  if (error.level === "handshake" || error.level === "protocol") return `ssh: handshake failed: ${error.message}`;
  return `dial tcp ${config.host}:${config.port}: ${error.message}`;
}

function forward(client: Client, connection: Connection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, connection.host, connection.port ?? 22, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
}

async function withRetry<T>(ctx: Ctx, message: string, limit: number, attempt: () => Promise<T>): Promise<T> {
  let delay = FIRST_DELAY_MS;
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      if (limit > -1 && failures + 1 > limit) {
        throw new Error(`after ${failures} failed attempts: ${(error as Error).message}`, { cause: error });
      }
      ctx.log("info", `${message} ${failures + 1}/${limit === -1 ? "inf" : limit} failed: retrying`, true);
      await pause(delay, ctx.signal);
      delay = Math.min(delay * BACKOFF, MOST_DELAY_MS);
    }
  }
}

/** Waits, but not beyond a cancellation. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
