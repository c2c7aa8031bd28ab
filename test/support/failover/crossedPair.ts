import { Lab } from "../lab";
import { labConfig, onOwnImage } from "../labConfig";
import { until } from "../run";
import { StackProject } from "../stackProject";
import { installAckPage, Visitors, type WriteKind } from "./visitor";

/** What `linode-ha status --json` says, as far as tests need it. */
export interface PairStatus {
  readonly grade: string;
  readonly exitCode: number;
  readonly findings: readonly { readonly what: string }[];
  readonly manager: { readonly groups: readonly { readonly name: string; readonly activeOn: readonly string[] }[] };
}

/** Seconds within which a pair must be whole again after whatever happened to it: two boots, a resync and a failback. */
const WHOLE_SECONDS = 420;

/** The stack `crossed-pair` in the lab, as its example configuration has it, with visitors of its site. */
export class CrossedPair {
  readonly nodes: readonly [string, string];
  readonly project: StackProject;
  visitors!: Visitors;
  readonly config: Record<string, unknown>;

  constructor(
    nodes: readonly [string, string],
    overrides: Readonly<Record<string, unknown>> = {},
    readonly lab = new Lab(),
  ) {
    this.nodes = nodes;
    this.config = { ...onOwnImage(labConfig("crossed-pair", nodes)), ...overrides };
    this.project = new StackProject(this.lab, "crossed", this.config);
  }

  /** The node that the database prefers. */
  get db(): string {
    return this.nodes[0];
  }

  /** The node that the web site prefers. */
  get web(): string {
    return this.nodes[1];
  }

  async build(): Promise<void> {
    await this.project.build();
    await this.prepare();
  }

  /**
   * Puts the visitors' page onto the site of the stack that is there.
   *
   * @param database how the page calls the database's address; its number without
   */
  async prepare(database?: string): Promise<void> {
    const outputs = JSON.parse(await this.project.pulumiOk(["stack", "output", "--json", "--show-secrets"])) as {
      addresses: { db: string; site: string };
      mariadb: { database: string; user: string; password: string };
    };
    const { database: name, user, password } = outputs.mariadb;
    await installAckPage(this.lab, this.web, "/var/www/www.example.org/htdocs", {
      dsn: `mysql:host=${database ?? outputs.addresses.db};dbname=${name}`,
      user,
      password,
      node: "SELECT @@hostname",
    });
    this.visitors = new Visitors(this.lab, {
      address: outputs.addresses.site,
      host: "www.example.org",
      kinds: ["db", "file"],
    });
    await this.visitors.prepare();
  }

  async status(): Promise<PairStatus> {
    const { stdout, stderr } = await this.project.linodeHa(["status", "--json"], { seconds: 120 });
    try {
      return JSON.parse(stdout) as PairStatus;
    } catch {
      throw new Error(`status --json did not answer JSON: ${stdout.slice(0, 500)} ${stderr.slice(0, 500)}`);
    }
  }

  /** Where the groups are, by their names. */
  async places(): Promise<Readonly<Record<string, string>>> {
    const { manager } = await this.status();
    return Object.fromEntries(manager.groups.map(({ name, activeOn }) => [name, activeOn.join(" and ")]));
  }

  /** Waits until nothing is wrong any more, with each group where it should be. */
  async whole(where: Readonly<Record<string, string>> = { db: this.db, web: this.web }): Promise<void> {
    let last: PairStatus | undefined;
    const wanted = Object.entries(where);
    try {
      await until("", WHOLE_SECONDS, async () => {
        const now = await this.status().catch(() => undefined);
        if (now === undefined) return false;
        last = now;
        const active = (name: string) => now.manager.groups.find((group) => group.name === name)?.activeOn.join();
        return now.exitCode === 0 && wanted.every(([name, node]) => active(name) === node);
      });
    } catch {
      const found = last === undefined ? "no status" : JSON.stringify([last.grade, last.findings, last.manager.groups]);
      throw new Error(`the pair is not whole after ${WHOLE_SECONDS} s, wanted ${JSON.stringify(where)}: ${found}`);
    }
  }

  /** Waits until visitors' writes are acknowledged that were asked for after a moment; by a node, if one is named. */
  async served(
    since: number,
    seconds: number,
    kinds: readonly WriteKind[] = ["db", "file"],
    by?: string,
  ): Promise<void> {
    await until(
      `${kinds.join(" and ")} writes are acknowledged again${by === undefined ? "" : ` by ${by}`}`,
      seconds,
      async () =>
        kinds.every((kind) =>
          this.visitors
            .acknowledged(kind)
            .some(({ start, words }) => start >= since && (by === undefined || words === `ok ${by}`)),
        ),
    );
  }

  /** Visitors come, something happens, and they leave when it is over. Returns how long each kind of write went without an answer, in ms. */
  async withVisitors(happens: (begun: number) => Promise<void>): Promise<Readonly<Record<WriteKind, number>>> {
    this.visitors.start();
    let begun = Date.now();
    try {
      await this.served(begun, 60);
      begun = Date.now();
      await happens(begun);
      await this.served(Date.now(), 120);
    } finally {
      await this.visitors.stop();
    }
    return { db: this.visitors.outage("db", begun), file: this.visitors.outage("file", begun) };
  }

  /** Every write that was ever acknowledged, and is not there: must be empty. */
  async lost(): Promise<readonly number[]> {
    return [...(await this.visitors.lost("db")), ...(await this.visitors.lost("file"))];
  }
}
