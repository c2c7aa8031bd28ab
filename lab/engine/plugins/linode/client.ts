/** The Linode API as the vendor's client calls it: paging, filters, and patience where the service asks for it. */
import { pause } from "../command/connection";
import { isObject, Json } from "../runtime/wire";

/** An answer's body, with its fields by name. */
export type Body = Record<string, Json>;

/** An error that the API answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    request: string,
  ) {
    super(`[${String(status).padStart(3, "0")}] ${detail} (${request})`);
    this.name = "ApiError";
  }
}

/** Whether an error says that the thing is not there. */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** Settings of a {@link LinodeClient}. */
export interface ClientOptions {
  /** Base address with the API version. */
  readonly base: string;
  readonly token: string;
  readonly userAgent: string;
  /** Milliseconds between looks at something that takes time. */
  readonly pollMs: number;
  readonly minRetryMs: number;
  readonly maxRetryMs: number;
  readonly signal: AbortSignal;
  /** Told about each retry. */
  readonly onRetry?: (message: string) => void;
}

const MAX_PAGE = 500;
const GIVE_UP_MS = 20 * 60_000;
const ANSWER_MS = 120_000;
const UNREACHABLE_MS = 15_000;

/** One account's view of the API. */
export class LinodeClient {
  constructor(readonly options: ClientOptions) {}

  get(path: string, filter?: Body): Promise<Body> {
    return this.request("GET", path, undefined, filter);
  }

  post(path: string, body: Body = {}): Promise<Body> {
    return this.request("POST", path, body);
  }

  put(path: string, body: Body): Promise<Body> {
    return this.request("PUT", path, body);
  }

  async remove(path: string): Promise<void> {
    await this.request("DELETE", path);
  }

  /** All pages of a list. */
  async list(path: string, filter?: Body): Promise<Body[]> {
    const found: Body[] = [];
    for (let page = 1; ; page++) {
      const answer = await this.get(`${path}?page=${page}`, filter);
      found.push(...((answer.data as Body[] | undefined) ?? []));
      if (page >= Number(answer.pages ?? 1)) return found;
    }
  }

  /** One page, as large as the API allows. */
  async page(path: string, size: number = MAX_PAGE): Promise<Body[]> {
    return ((await this.get(`${path}?page_size=${size}`)).data as Body[] | undefined) ?? [];
  }

  /** Asks again and again, first after one interval, until `done` says so. */
  async waitFor<T>(what: string, seconds: number, look: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      await pause(this.options.pollMs, this.options.signal);
      this.throwIfCancelled();
      const value = await look();
      if (done(value)) return value;
      if (Date.now() >= deadline) throw new Error(`${what} did not happen within ${seconds} s`);
    }
  }

  private throwIfCancelled(): void {
    if (this.options.signal.aborted) throw new Error("cancelled");
  }

  private async request(method: string, path: string, body?: Body, filter?: Body): Promise<Body> {
    const started = Date.now();
    const label = `${method} ${path}`;
    let delay = this.options.minRetryMs;
    for (;;) {
      this.throwIfCancelled();
      let again: { reason: string; afterMs: number };
      try {
        const answer = await this.send(method, path, body, filter);
        const parsed = await parse(answer);
        if (answer.ok) return parsed;
        const detail = reasons(parsed) || answer.statusText || "no reason given";
        const reason = retryReason(answer, detail);
        if (!reason || Date.now() - started > GIVE_UP_MS) throw new ApiError(answer.status, detail, label);
        const seconds = Number(answer.headers.get("retry-after"));
        again = { reason, afterMs: seconds > 0 ? seconds * 1000 : delay };
      } catch (error) {
        if (error instanceof ApiError) throw error;
        this.throwIfCancelled();
        const why = connectionProblem(error);
        // A request that may have been carried out is not sent twice.
        const safe = method === "GET" && Date.now() - started < UNREACHABLE_MS;
        if (!safe)
          throw new Error(`cannot reach the Linode API at ${this.options.base}: ${why} (${label})`, { cause: error });
        again = { reason: why, afterMs: delay };
      }
      this.options.onRetry?.(`${label}: ${again.reason}, trying again in ${again.afterMs} ms`);
      await pause(again.afterMs, this.options.signal);
      delay = Math.min(delay * 2, this.options.maxRetryMs);
    }
  }

  private send(method: string, path: string, body?: Body, filter?: Body): Promise<Response> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.options.token}`,
      accept: "application/json",
      "user-agent": this.options.userAgent,
    };
    if (body) headers["content-type"] = "application/json";
    if (filter) headers["x-filter"] = JSON.stringify(filter);
    return fetch(`${this.options.base}/${path}`, {
      method,
      headers,
      signal: AbortSignal.any([this.options.signal, AbortSignal.timeout(ANSWER_MS)]),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }
}

async function parse(answer: Response): Promise<Body> {
  const text = await answer.text();
  if (!text) return {};
  try {
    const value = JSON.parse(text) as unknown;
    return isObject(value) ? (value as Body) : {};
  } catch {
    if (answer.ok) throw new Error("the answer is not JSON");
    return {};
  }
}

function reasons(body: Body): string {
  const errors = (body.errors as Body[] | undefined) ?? [];
  return errors
    .map(({ field, reason }) => (field ? `[${String(field)}] ${String(reason)}` : String(reason)))
    .join("; ");
}

/** What a client may simply try again; the vendor's does for the same answers. */
function retryReason(answer: Response, detail: string): string | undefined {
  if (answer.status === 429 || answer.status === 408) return `answer ${answer.status}`;
  if (answer.status === 503 && !answer.headers.get("x-maintenance-mode")) return "answer 503";
  if (answer.status === 400 && detail === "Linode busy.") return "Linode busy.";
  return undefined;
}

function connectionProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as (Error & { code?: string }) | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
