import * as net from "node:net";
import { pause } from "./await";

/** A TCP port that answers while the group serves. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
}

const INTERVAL_MS = 100;
const ANSWER_MS = 400;

/** Whether the port takes a connection within `ANSWER_MS`. */
export function answers({ host, port }: ProbeTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(ANSWER_MS, () => {
      end(false);
    });
    socket.once("connect", () => {
      end(true);
    });
    socket.once("error", () => {
      end(false);
    });
  });
}

/** What a client saw, in milliseconds. */
export interface Outage {
  /** From the last answer before the longest silence to the first after it. */
  readonly longestMs: number;
  /** Whether the last attempt was answered. */
  readonly serves: boolean;
}

/** A client that connects ten times a second until it is told to stop. */
export class Probe {
  private stopping = false;
  private readonly done: Promise<void>;
  private lastOk = Date.now();
  private longestMs = 0;
  private serves = true;

  /** `look` says whether the target answers; the target must just have answered. */
  constructor(private readonly look: () => Promise<boolean>) {
    this.done = this.run();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.serves = await this.look();
      if (this.serves) {
        const now = Date.now();
        this.longestMs = Math.max(this.longestMs, now - this.lastOk);
        this.lastOk = now;
      }
      await pause(INTERVAL_MS);
    }
  }

  /** Ends it, at the latest `graceMs` after, once the target answers. */
  async stop(graceMs: number): Promise<Outage> {
    const end = Date.now() + graceMs;
    do await pause(INTERVAL_MS);
    while (!this.serves && Date.now() < end);
    this.stopping = true;
    await this.done;
    const silence = this.serves ? 0 : Date.now() - this.lastOk;
    return { longestMs: Math.max(this.longestMs, silence), serves: this.serves };
  }
}

/** `HOST:PORT`, `[IPv6]:PORT`; undefined where it is neither. */
export function parseProbe(text: string): ProbeTarget | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port < 1 || port > 65535 ? undefined : { host, port };
}

/** Where a client could look for these addresses, by what listens (`ss -Hltn`): services first, SSH last. */
export function probeTargets(listening: string, addresses: readonly string[]): ProbeTarget[] {
  const sockets = listening.split("\n").flatMap((line) => {
    const [host, port] = /^(.*):(\d+)$/.exec(line.trim().split(/\s+/)[3] ?? "")?.slice(1) ?? [];
    return host === undefined ? [] : [{ host: host.replace(/^\[|\]$|%.*$/g, ""), port: Number(port) }];
  });
  const rank = ({ port }: ProbeTarget): number => (port === 22 ? 1 : 0);
  return addresses
    .flatMap((address) => {
      const open = sockets.filter(
        ({ host }) =>
          host === address || host === "*" || host === "::" || (host === "0.0.0.0" && !address.includes(":")),
      );
      return [...new Set(open.map(({ port }) => port))].map((port) => ({ host: address, port }));
    })
    .sort((one, other) => rank(one) - rank(other));
}
