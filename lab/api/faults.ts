import { ApiError } from "./errors";

/** Which requests a fault meets. */
export interface FaultMatch {
  /** Upper case; default: all methods. */
  readonly methods?: readonly string[];
  /** A regular expression over the path without `/v4`, for example `^/linode/instances/\d+/boot$`. */
  readonly path?: string;
}

/** Answers some of the requests with an error instead of doing them. */
export interface ApiFault {
  /** 429, 500, 503, 400 … Default 400 when only a reason is given. */
  readonly status?: number;
  /** Default: what the API says with this status. `Linode busy.` for 400. */
  readonly reason?: string;
  /** Share of the matching requests, 0 to 1. Default 1. */
  readonly rate?: number;
  /** The same seed and the same requests give the same faults. Default 1. */
  readonly seed?: number;
  readonly match?: FaultMatch;
  /** `before` (default): nothing happens. `after`: it is done, but the client is told otherwise. */
  readonly when?: "before" | "after";
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Linode busy.",
  401: "Invalid Token",
  429: "Too many requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

interface Rule {
  readonly fault: ApiFault;
  readonly path: RegExp | undefined;
  readonly random: () => number;
}

/** Errors and latency on demand. */
export class Faults {
  private rules: Rule[] = [];
  private latencyMs = 0;

  /** Adds a rule; rules are tried in the order in which they were set. */
  setApiRule(fault: ApiFault): void {
    const path = fault.match?.path === undefined ? undefined : new RegExp(fault.match.path);
    this.rules.push({ fault, path, random: randomFrom(fault.seed ?? 1) });
  }

  /** Makes every answer wait. */
  setLatency(milliseconds: number): void {
    this.latencyMs = milliseconds;
  }

  clear(): void {
    this.rules = [];
    this.latencyMs = 0;
  }

  /** What is set, for `status`. */
  describe(): { readonly rules: readonly ApiFault[]; readonly latencyMs: number } {
    return { rules: this.rules.map((rule) => rule.fault), latencyMs: this.latencyMs };
  }

  get latency(): number {
    return this.latencyMs;
  }

  /** The error that this request shall meet, if any. */
  draw(method: string, path: string, when: "before" | "after"): ApiError | undefined {
    for (const { fault, path: pattern, random } of this.rules) {
      if ((fault.when ?? "before") !== when) continue;
      if (fault.match?.methods && !fault.match.methods.includes(method)) continue;
      if (pattern && !pattern.test(path)) continue;
      if (random() >= (fault.rate ?? 1)) continue;
      const status = fault.status ?? 400;
      return new ApiError(status, [{ reason: fault.reason ?? REASONS[status] ?? "Fault on demand" }]);
    }
    return undefined;
  }
}

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
