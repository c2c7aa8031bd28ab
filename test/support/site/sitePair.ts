import { Lab } from "../lab";
import { labConfig, onOwnImage } from "../labConfig";
import { until } from "../run";
import { StackProject } from "../stackProject";
import { HOST, type Reading, Site } from "./site";

/** Where both nodes have the site's files. */
export const MOUNT = "/srv/www";
/** The folder of the site on the shared file system. */
export const FOLDER = `${MOUNT}/${HOST}`;

/** Seconds until a pair must be whole again after whatever happened to it: a fencing, two boots, a resync, a recovery of both databases. */
const WHOLE_SECONDS = 420;

/** The stack `dual-primary` with everything it can have, in the lab, seen by visitors, editors and name servers. */
export class SitePair extends Site {
  readonly project: StackProject;
  /** Public addresses by node. */
  readonly addresses: Record<string, { readonly ipv4: string; readonly ipv6: string }> = {};

  constructor(
    readonly nodes: readonly [string, string],
    lab = new Lab(),
  ) {
    super(lab, onOwnImage(labConfig("dual-primary-site", nodes), "private/14"));
    this.project = new StackProject(this.lab, "site", this.config);
  }

  async build(): Promise<void> {
    await this.project.build();
    await this.meet();
  }

  /** Learns what visitors know of the stack that is there: addresses, and whose certificates are to be believed. */
  async meet(): Promise<void> {
    for (const linode of await this.lab.list("linode/instances")) {
      const [ipv4 = ""] = linode["ipv4"] as string[];
      this.addresses[String(linode["label"])] = { ipv4, ipv6: String(linode["ipv6"]).replace(/\/.*/, "") };
    }
    await this.learnAuthority();
  }

  /** People read the start page of both nodes while something happens. */
  withReaders(happens: () => Promise<void>): Promise<readonly Reading[]> {
    return this.readersAt(this.nodes, happens);
  }

  /** SQL on a node's own server, as its administrator: rows, tabs between values. */
  async sql(node: string, statements: string, seconds = 60): Promise<string> {
    const command = ["ssh", node, "--", "mariadb --batch --skip-column-names site"];
    const { code, stdout, stderr } = await this.lab.command(command, { input: statements, seconds });
    if (code !== 0) throw new Error(`SQL on ${node}: ${stderr}`);
    return stdout.trim();
  }

  /** Waits until both nodes have the same rows of a table, and returns its checksum. */
  async sameTable(table: string, seconds = 120): Promise<string> {
    let sums: string[] = [];
    await until(`${table} to be the same on both nodes`, seconds, async () => {
      sums = await Promise.all(
        this.nodes.map((node) => this.sql(node, `SELECT COUNT(*) FROM ${table}; CHECKSUM TABLE ${table} EXTENDED;`)),
      );
      return sums[0] === sums[1];
    });
    return sums[0] ?? "";
  }

  /** Waits until nothing is wrong any more on both nodes. */
  async whole(seconds = WHOLE_SECONDS): Promise<void> {
    let words: string[] = [];
    await until("", seconds, async () => {
      const looks = await Promise.all(this.nodes.map((node) => this.health(node)));
      words = looks.map(({ text }) => text);
      return looks.every(({ well }) => well);
    }).catch(() => {
      throw new Error(`the pair is not whole after ${seconds} s:\n${words.join("\n")}`);
    });
  }

  /** How a node says that it is; it may be down. */
  async health(node: string): Promise<{ readonly well: boolean; readonly text: string }> {
    const { code, stdout, stderr } = await this.lab.probe(node, "ha-health; code=$?; cat /proc/drbd; exit $code", 30);
    const text = `${node}: ${stdout}${stderr}`;
    return { well: code === 0 && stdout.includes("ro:Primary/Primary ds:UpToDate/UpToDate"), text };
  }

  async uptime(node: string): Promise<number> {
    const { stdout } = await this.lab.probe(node, "cut -d' ' -f1 /proc/uptime");
    return Number(stdout || "Infinity");
  }

  address(node: string): string {
    return this.addresses[node]?.ipv4 ?? "";
  }
}
