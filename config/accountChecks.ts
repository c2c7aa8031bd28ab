import type { Problem } from "../components/internal/errors";
import { nearest } from "./nearest";

const DEFAULT_URL = "https://api.linode.com";
const REQUEST_MS = 10_000;
const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 5000;
const PAGE_SIZE = 500;
const LISTED = 12;

/** The account or lab that a stack is deployed to. */
export interface AccountSettings {
  readonly url: string;
  /** Undefined when there is none, which is a problem of its own. */
  readonly token: string | undefined;
}

/** What to ask the API about. */
export interface ApiQuestion extends AccountSettings {
  readonly region: string;
  readonly type: string;
  readonly images: readonly string[];
  /** What the region must offer, in the API's words, for example `Vlans`. */
  readonly capabilities?: readonly string[];
  /** For tests. */
  readonly fetch?: typeof fetch;
}

/** Where the provider will look, read the way it reads them: its own configuration first, then the environment. */
export function accountSettings(
  all: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): AccountSettings {
  const given = (key: string, variable: string): string | undefined => all[`linode:${key}`] ?? environment[variable];
  return { url: given("url", "LINODE_URL") ?? DEFAULT_URL, token: given("token", "LINODE_TOKEN") };
}

interface Listed {
  readonly id: string;
  readonly capabilities?: readonly string[];
}

/** The API answered, but not with a list. */
class Refusal extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/**
 * Asks the API whether region, type and images exist and whether the region offers what is needed. Bounded in time, changes
 * nothing. Returns what is wrong; paths are those of a stack's configuration.
 */
export async function checkAgainstApi(question: ApiQuestion): Promise<Problem[]> {
  if (question.token === undefined || question.token === "") {
    return [
      {
        path: "LINODE_TOKEN",
        what: "is missing: there is no token for the Linode API",
        todo: "export LINODE_TOKEN (a personal access token), or run this through `linode-lab exec --` for the local Linode",
      },
    ];
  }
  try {
    const [regions, types, images] = await Promise.all([
      list(question, "regions"),
      list(question, "linode/types"),
      list(question, "images"),
    ]);
    return [
      ...unknown("pair.region", "region", question.region, regions),
      ...unknown("pair.type", "Linode type", question.type, types),
      ...question.images.flatMap((image) => unknown("pair.image", "image", image, images)),
      ...lacking(question, regions),
    ];
  } catch (error) {
    return [unreachable(question.url, error)];
  }
}

async function list(question: ApiQuestion, what: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const body = await get(question, `${what}?page=${page}&page_size=${PAGE_SIZE}`);
    found.push(...body.data);
    pages = body.pages;
  }
  return found;
}

/** One request; a busy API is asked again. */
async function get(question: ApiQuestion, path: string): Promise<{ data: Listed[]; pages: number }> {
  const url = `${question.url.replace(/\/(v4|v4beta)?\/?$/, "")}/v4/${path}`;
  const request = question.fetch ?? fetch;
  for (let attempt = 1; ; attempt++) {
    const response = await request(url, {
      headers: { Authorization: `Bearer ${question.token ?? ""}` },
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    if (response.ok) return (await response.json()) as { data: Listed[]; pages: number };
    await response.body?.cancel();
    const busy = response.status === 429 || response.status >= 500;
    if (!busy || attempt === ATTEMPTS) throw new Refusal(response.status);
    const asked = Number(response.headers.get("retry-after") ?? Number.NaN) * 1000;
    const pause = Math.min(Number.isFinite(asked) ? asked : 100 * 2 ** attempt, LONGEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function unknown(path: string, noun: string, id: string, listed: readonly Listed[]): Problem[] {
  const ids = listed.map((entry) => entry.id);
  if (ids.includes(id)) return [];
  const close = nearest(id, ids);
  return [
    {
      path,
      given: id,
      what: `is not a ${noun} that this account can use`,
      allowed:
        ids.length <= LISTED ? ids.join(", ") : `${ids.slice(0, LISTED).join(", ")} and ${ids.length - LISTED} more`,
      todo: close.length === 0 ? "choose one of those" : `did you mean ${close.join(" or ")}?`,
    },
  ];
}

function lacking(question: ApiQuestion, regions: readonly Listed[]): Problem[] {
  const wanted = question.capabilities ?? [];
  const here = regions.find(({ id }) => id === question.region)?.capabilities;
  if (here === undefined) return [];
  const missing = wanted.filter((capability) => !here.includes(capability));
  if (missing.length === 0) return [];
  const others = regions
    .filter(({ capabilities = [] }) => wanted.every((one) => capabilities.includes(one)))
    .map(({ id }) => id);
  return [
    {
      path: "pair.region",
      given: question.region,
      what: `lacks what this stack needs: ${missing.join(", ")}`,
      allowed: others.slice(0, LISTED).join(", ") || "no region of this account",
      todo: "choose another region, or an interconnect and backing that it offers",
    },
  ];
}

function unreachable(url: string, error: unknown): Problem {
  if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
    return {
      path: "LINODE_TOKEN",
      what: `is refused by ${url} (${error.message})`,
      todo: "use a token that is valid there and may read Linodes and images; for the local Linode run this through `linode-lab exec --`",
    };
  }
  const detail = messageOf(error);
  if (isLoopback(url)) {
    return {
      path: "LINODE_URL",
      given: url,
      what: `the local Linode does not answer: ${detail}`,
      todo: "start it with `linode-lab up`; what runs is shown by `linode-lab status`",
    };
  }
  return {
    path: "LINODE_URL",
    given: url,
    what: `the Linode API does not answer: ${detail}`,
    todo: "check the network and the address, and https://status.linode.com; then try again",
  };
}

/** What fetch hides in the cause: ECONNREFUSED and the like. */
function messageOf(error: unknown): string {
  const { name, message, cause } = error as {
    name?: string;
    message?: string;
    cause?: { code?: string; message?: string };
  };
  if (name === "TimeoutError") return `nothing within ${REQUEST_MS / 1000} s`;
  return cause?.code ?? cause?.message ?? message ?? String(error);
}

function isLoopback(url: string): boolean {
  try {
    return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname);
  } catch {
    return false;
  }
}
