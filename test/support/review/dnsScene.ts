import type { Lab } from "../lab";
import type { StackProject } from "../stackProject";
import type { Answer } from "./answers";
import type { Scene } from "./scene";

const EVERY_MS = 300;

/** A zone. The lab serves no names: its clients ask the API for the records that name servers would answer from. */
export class DnsScene implements Scene {
  readonly config = {};
  readonly kinds = ["record"] as const;
  private readonly seen: Answer[] = [];
  private asking: { readonly end: AbortController; readonly ended: Promise<void> } | undefined;
  private url = "";
  private token = "";

  constructor(
    readonly lab: Lab,
    readonly project: StackProject,
  ) {}

  nodes(): readonly string[] {
    return [];
  }

  async prepare(): Promise<void> {
    const { stdout } = await this.lab.command(["env", "--json"]);
    const environment = JSON.parse(stdout) as Record<string, string>;
    this.url = `${environment["LINODE_URL"] ?? ""}/v4`;
    this.token = environment["LINODE_TOKEN"] ?? "";
  }

  doors(): readonly string[] {
    return ["the name"];
  }

  start(): void {
    const end = new AbortController();
    const asked = async (): Promise<void> => {
      while (!end.signal.aborted) {
        const targets = await this.targets().catch(() => []);
        if (targets.length === 2)
          this.seen.push({ door: "the name", kind: "record", end: Date.now(), node: targets.join() });
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    };
    this.asking = { end, ended: asked() };
  }

  async stop(): Promise<void> {
    this.asking?.end.abort();
    await this.asking?.ended;
  }

  answers(): readonly Answer[] {
    return this.seen;
  }

  lost(): Promise<number> {
    return Promise.resolve(0);
  }

  whole(): Promise<void> {
    return Promise.resolve();
  }

  /** What `www.example.org` leads to. */
  private async targets(): Promise<readonly string[]> {
    const [zone] = await this.list("domains");
    const records = await this.list(`domains/${String(zone?.["id"])}/records`);
    return records
      .filter(({ name }) => name === "www")
      .map(({ target }) => String(target))
      .sort();
  }

  private async list(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const response = await fetch(`${this.url}/${path}`, { headers: { Authorization: `Bearer ${this.token}` } });
    return ((await response.json()) as { data: Record<string, unknown>[] }).data;
  }
}
