/** Where a client stands within its window. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds since 1970 when the window ends. */
  readonly reset: number;
  /** Seconds to wait; undefined when the request may go on. */
  readonly retryAfter?: number;
}

/** Counts requests by client in fixed windows. */
export class RateLimit {
  private readonly windows = new Map<string, { ends: number; used: number }>();

  constructor(
    private readonly rule: { readonly requests: number; readonly seconds: number },
    private readonly clock: () => number,
  ) {}

  take(client: string): Standing {
    const now = this.clock();
    let window = this.windows.get(client);
    if (window === undefined || window.ends <= now) {
      window = { ends: now + this.rule.seconds * 1000, used: 0 };
      this.windows.set(client, window);
      // Few clients talk to a lab, but one that tries tokens must not fill the memory.
      for (const [name, other] of this.windows) if (other.ends <= now) this.windows.delete(name);
    }
    window.used += 1;
    const standing = {
      limit: this.rule.requests,
      remaining: Math.max(0, this.rule.requests - window.used),
      reset: Math.ceil(window.ends / 1000),
    };
    if (window.used <= this.rule.requests) return standing;
    return { ...standing, retryAfter: Math.max(1, Math.ceil((window.ends - now) / 1000)) };
  }
}
