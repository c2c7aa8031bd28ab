import { measure } from "../failover/outages";
import { installAckPage, Visitors, type WriteKind } from "../failover/visitor";
import { Lab } from "../lab";
import { labConfig, onOwnImage } from "../labConfig";
import { until } from "../run";
import { StackProject } from "../stackProject";
import { HOST, Site } from "./site";

/** Where web servers have the site's files. */
const SHARE = "/srv/www";
/** The folder that nothing but tests writes to. */
const CONTENT = `${SHARE}/${HOST}/wp-content`;

/** Seconds until all hosts must be well again after whatever happened to one: a fencing, a boot, a resync. */
const WHOLE_SECONDS = 420;

/** Seconds until the site must answer again, whatever a lab's slow hosts need for it. */
const ANSWERS_AGAIN = 300;

/** The pairs, by the names that they have among the stack's outputs, with the address that the active one has. */
const ADDRESSES = { proxies: "site", files: "files", database: "database" } as const;

/** A pair of the system. */
export type PairName = keyof typeof ADDRESSES;
const PAIRS = Object.keys(ADDRESSES) as PairName[];

/** What the stack says of itself. */
interface Outputs {
  readonly addresses: Readonly<Record<"site" | "database" | "files" | "reads", string>>;
  readonly database: { readonly name: string; readonly user: string; readonly password: string };
  readonly pairs: Readonly<Record<PairName, { readonly endpoints: Readonly<Record<string, unknown>> }>>;
  readonly servers: { readonly web: { readonly endpoints: Readonly<Record<string, unknown>> } };
}

/** The stack `lamp-tiers` in the lab, without its host for backups, with visitors who come through the proxies. */
export class LampSite extends Site {
  readonly project: StackProject;
  outputs!: Outputs;
  visitors!: Visitors;

  constructor(overrides: Readonly<Record<string, unknown>> = {}, lab = new Lab()) {
    const { backups: _none, ...config } = onOwnImage(labConfig("lamp-tiers"), "private/15");
    super(lab, { ...config, ...overrides });
    this.project = new StackProject(lab, "lamp", this.config);
  }

  async build(): Promise<void> {
    await this.project.build();
    await this.meet();
  }

  /** Learns what is there, and gives visitors a page of their own. */
  async meet(): Promise<void> {
    this.outputs = JSON.parse(
      await this.project.pulumiOk(["stack", "output", "--json", "--show-secrets"]),
    ) as typeof this.outputs;
    await this.learnAuthority();
    const { addresses, database } = this.outputs;
    await installAckPage(this.lab, this.web[0] ?? "", CONTENT, {
      dsn: `mysql:host=${addresses.database};dbname=${database.name}`,
      user: database.user,
      password: database.password,
      node: "SELECT @@hostname",
      logs: "own",
    });
    this.visitors = new Visitors(this.lab, {
      address: addresses.site,
      host: HOST,
      kinds: ["db", "file"],
      folder: "/wp-content",
      authority: this.authority,
    });
    await this.visitors.prepare();
  }

  /** The site has one door: the address that moves. */
  address(): string {
    return this.outputs.addresses.site;
  }

  get web(): readonly string[] {
    return Object.keys(this.outputs.servers.web.endpoints);
  }

  nodes(pair: PairName): readonly string[] {
    return Object.keys(this.outputs.pairs[pair].endpoints);
  }

  get hosts(): readonly string[] {
    return [...this.web, ...PAIRS.flatMap((pair) => this.nodes(pair))];
  }

  /** The node of a pair that serves now: it must be one. */
  async active(pair: PairName): Promise<string> {
    const nodes = this.nodes(pair);
    const look = `ip -brief address show to ${this.outputs.addresses[ADDRESSES[pair]]}`;
    const answers = await Promise.all(nodes.map(async (node) => (await this.lab.probe(node, look)).stdout.trim()));
    const found = nodes.filter((_, index) => answers[index] !== "");
    if (found.length !== 1) throw new Error(`the address of the ${pair} is on: ${found.join(", ") || "no node"}`);
    return found[0] ?? "";
  }

  /** Its peer. */
  async standby(pair: PairName): Promise<string> {
    const active = await this.active(pair);
    return this.nodes(pair).find((node) => node !== active) ?? "";
  }

  /** Waits until no host has anything to complain of, and each pair has one that serves. */
  async whole(seconds = WHOLE_SECONDS): Promise<void> {
    let words: string[] = [];
    await until("", seconds, async () => {
      const looks = await Promise.all(this.hosts.map((host) => this.lab.probe(host, "ha-health", 30)));
      words = looks.flatMap(({ code, stdout, stderr }, index) =>
        code === 0 ? [] : [`${this.hosts[index] ?? ""}: ${stdout}${stderr}`],
      );
      return words.length === 0;
    }).catch(() => {
      throw new Error(`not all hosts are well after ${seconds} s:\n${words.join("\n")}`);
    });
    for (const pair of PAIRS) await this.active(pair);
  }

  /** Waits until writes of each kind are acknowledged that visitors asked for after a moment. */
  async served(since: number, seconds: number): Promise<void> {
    await until("visitors' writes are acknowledged again", seconds, async () => this.visitors.servedSince(since), 200);
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

  /**
   * Visitors come, a host loses its power, and all is well again by itself afterwards. A member of a pair stays off until its peer has it booted,
   * unless it is to be back at once: a lab's hosts are, in a quarter of a minute.
   */
  async losing(fault: string, host: string, backAtOnce = this.web.includes(host)): Promise<void> {
    const outage = await this.withVisitors(async (begun) => {
      await this.lab.fault("power-cut", ...(backAtOnce ? [] : ["--stay-down"]), host);
      // Whatever is noticed only later than the first second.
      await until("the host is noticed to be gone", 60, async () => Date.now() > begun + 20_000);
      await this.served(Date.now(), ANSWERS_AGAIN);
    });
    measure("lamp-tiers", fault, outage);
    await this.whole();
  }

  /** Every write that was ever acknowledged, and is not there: must be empty. */
  async lost(): Promise<readonly number[]> {
    return [...(await this.visitors.lost("db")), ...(await this.visitors.lost("file"))];
  }
}
