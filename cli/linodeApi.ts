import { UserError } from "../components/internal/errors";

const REQUEST_SECONDS = 30;
const ATTEMPTS = 8;

/** What the Linode API answered, as far as it matters here. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** A few calls of the Linode API, with the same environment variables that the provider reads. */
export class LinodeApi {
  private readonly base: string;
  private readonly token: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const url = environment["LINODE_URL"] ?? "https://api.linode.com";
    this.base = `${url.replace(/\/+$/, "")}/${environment["LINODE_API_VERSION"] ?? "v4"}`;
    this.token = environment["LINODE_TOKEN"] ?? "";
    if (this.token === "") {
      throw new UserError("The Linode API needs a token", [
        { path: "LINODE_TOKEN", what: "is not set", todo: "export it, or run this through `linode-lab exec --`" },
      ]);
    }
  }

  /** All objects of a list, filtered by the API. */
  async list(path: string, filter: ApiObject = {}): Promise<ApiObject[]> {
    const all: ApiObject[] = [];
    for (let page = 1; ; page++) {
      const answer = await this.request("GET", `${path}?page=${page}&page_size=100`, filter);
      all.push(...((answer?.["data"] as ApiObject[] | undefined) ?? []));
      if (answer === undefined || page >= Number(answer["pages"] ?? 1)) {
        return all;
      }
    }
  }

  /** One object, or undefined where there is none. */
  get(path: string): Promise<ApiObject | undefined> {
    return this.request("GET", path);
  }

  /** Deletes it; one that is gone already counts as deleted. */
  async delete(path: string): Promise<void> {
    await this.request("DELETE", path);
  }

  private async request(method: string, path: string, filter?: ApiObject): Promise<ApiObject | undefined> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.send(method, path, filter);
      if (response.status === 404) {
        return undefined;
      }
      const body = (await response.json()) as ApiObject;
      if (response.ok) {
        return body;
      }
      const reason = JSON.stringify(body["errors"] ?? body);
      const passing = response.status === 429 || response.status >= 500 || reason.includes("Linode busy");
      if (!passing || attempt === ATTEMPTS) {
        throw new UserError("The Linode API refused a request", [
          { path: `${method} ${path}`, what: `${response.status}: ${reason}`, todo: "mend it, then run this again" },
        ]);
      }
      const seconds = Number(response.headers.get("retry-after") ?? Math.min(2 ** attempt / 4, 8));
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }

  private async send(method: string, path: string, filter?: ApiObject): Promise<Response> {
    try {
      return await fetch(`${this.base}/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.token}`,
          ...(filter === undefined ? {} : { "X-Filter": JSON.stringify(filter) }),
        },
        signal: AbortSignal.timeout(REQUEST_SECONDS * 1000),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new UserError("The Linode API cannot be reached", [
        { path: this.base, what: cause, todo: "check the network and LINODE_URL; for the lab: `linode-lab up`" },
      ]);
    }
  }
}
