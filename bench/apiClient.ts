import type { Lab } from "../test/support/lab";
import { until } from "../test/support/run";

/** The fields that the benchmarks read of some answer or other. */
export interface Entity {
  readonly id: number;
  readonly label: string;
  readonly status: string;
  readonly action: string;
  readonly created: string;
  readonly ipv4: readonly string[];
  readonly ipv6: string;
  readonly filesystem_path: string;
  readonly data: readonly Entity[];
}

const POLL_MS = 200;
const BUSY_SECONDS = 120;

/** The lab's API, as any client on this machine's loopback uses it. */
export class ApiClient {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  static async of(lab: Lab): Promise<ApiClient> {
    const environment = await labEnvironment(lab);
    return new ApiClient(environment["LINODE_URL"]!, environment["LINODE_TOKEN"]!);
  }

  /** A request that must succeed. While the Linode is busy with an earlier one, it is asked again. */
  async ask(method: string, path: string, body?: unknown): Promise<Entity> {
    let refusal = "";
    let answer: Entity | undefined;
    await until(
      `${method} ${path} to be answered`,
      BUSY_SECONDS,
      async () => {
        const response = await fetch(`${this.url}/v4/${path}`, {
          method,
          headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        if (response.ok) {
          answer = JSON.parse(text) as Entity;
          return true;
        }
        refusal = `${method} ${path}: ${response.status} ${text}`;
        if (!text.includes("Linode busy.")) {
          throw new Error(refusal);
        }
        return false;
      },
      POLL_MS,
    );
    return answer!;
  }

  async list(path: string): Promise<readonly Entity[]> {
    return (await this.ask("GET", `${path}?page_size=500`)).data;
  }

  async untilStatus(path: string, status: string, seconds = 180): Promise<Entity> {
    let seen: Entity | undefined;
    await until(
      `${path} to be ${status}`,
      seconds,
      async () => {
        seen = await this.ask("GET", path);
        return seen.status === status;
      },
      POLL_MS,
    );
    return seen!;
  }

  /** Seconds from the request to boot the last Linode that was booted until `end`; the API keeps whole seconds. */
  async secondsFromBoot(end: number): Promise<number> {
    const boots = (await this.list("account/events")).filter(({ action }) => action === "linode_boot");
    return (end - Math.max(...boots.map(({ created }) => Date.parse(`${created}Z`)))) / 1000;
  }

  /** Deletes all that the benchmarks make. The lab is theirs alone. */
  async clear(): Promise<void> {
    for (const path of ["linode/instances", "volumes", "networking/firewalls", "placement/groups", "domains"]) {
      for (const { id } of await this.list(path)) {
        await this.ask("DELETE", `${path}/${id}`);
      }
      await until(`${path} to be empty`, 180, async () => (await this.list(path)).length === 0, POLL_MS);
    }
  }
}

/** What `linode-lab env` says. */
export async function labEnvironment(lab: Lab): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await lab.command(["env", "--json"]);
  if (code !== 0) {
    throw new Error(`linode-lab env: ${stderr}`);
  }
  return JSON.parse(stdout) as Record<string, string>;
}
