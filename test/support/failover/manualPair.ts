import type { Lab } from "../lab";
import { type RunResult, until } from "../run";
import type { StackProject } from "../stackProject";
import { measure } from "./outages";
import { installAckPage, Visitors } from "./visitor";

/** Seconds until a node that was reset is whole again: boot, connection, and a resync of what was written meanwhile. */
const RECOVERY_SECONDS = 240;
/** The group, its volume and the site, as the lab's own configuration has them. */
export const GROUP = "services";
export const VOLUME = "data";
const HOST = "www.example.org";
const SITE = `/srv/var-www/${HOST}/htdocs`;
/** Where the operator sits in the VLAN: visitors see an address move there as any neighbour does. */
const OPERATOR = "10.20.0.250/24";

/** A pair in a lab whose group a person moves, and the site's visitors. */
export class ManualPair {
  visitors!: Visitors;

  constructor(
    readonly lab: Lab,
    readonly project: StackProject,
    readonly nodes: readonly [string, string],
  ) {}

  /** Deploys it, and prepares it for visitors. */
  async build(): Promise<void> {
    await this.project.build();
    await this.prepare();
  }

  /** Reads the stack's outputs, puts the visitors' page onto the volume and a way into the VLAN under their feet. */
  async prepare(): Promise<void> {
    const outputs = JSON.parse(await this.project.pulumiOk(["stack", "output", "--json", "--show-secrets"])) as {
      addresses: { service: string };
      postgresql: { database: string; user: string; password: string };
    };
    const address = outputs.addresses.service;
    const { database, user, password } = outputs.postgresql;
    await installAckPage(this.lab, await this.active(), SITE, {
      dsn: `pgsql:host=${address};dbname=${database};connect_timeout=2`,
      user,
      password,
      node: "SELECT 'db'",
      // A login derives a key in thousands of rounds: a good part of a second where guests share two cores.
      persistent: "yes",
    });
    await this.joinVlan();
    this.visitors = new Visitors(this.lab, { address, host: HOST, kinds: ["db", "file"] });
    await this.visitors.prepare();
  }

  /** Gives the lab's side of the nodes' VLAN an address in it. */
  private async joinVlan(): Promise<void> {
    const mac = (await this.lab.sshOk(this.nodes[0], "cat /sys/class/net/eth1/address")).trim();
    const table = await this.lab.execOk(["bridge", "fdb", "show"]);
    const bridge = new RegExp(`^${mac} dev \\S+ (?:.* )?master (\\S+)`, "m").exec(table)?.[1];
    if (bridge === undefined) throw new Error(`no bridge of the lab has ${mac}:\n${table}`);
    await this.lab.execOk(["ip", "address", "replace", OPERATOR, "dev", bridge]);
  }

  peer(node: string): string {
    return node === this.nodes[0] ? this.nodes[1] : this.nodes[0];
  }

  /** `ha-group VERB services WORDS` on a node. */
  haGroup(node: string, verb: string, ...words: readonly string[]): Promise<RunResult> {
    return this.lab.ssh(node, ["ha-group", verb, GROUP, ...words].join(" "), 180);
  }

  async haGroupOk(node: string, verb: string, ...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.haGroup(node, verb, ...words);
    if (code !== 0) throw new Error(`ha-group ${verb} on ${node} ended with ${code}\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** The node where all of the group runs, looked at and not asked for. Fails unless there is exactly one, and nothing of it on the other. */
  async active(): Promise<string> {
    const seen = await Promise.all(this.nodes.map((node) => this.parts(node)));
    const [whole, some] = [seen.map((parts) => parts.every(Boolean)), seen.map((parts) => parts.some(Boolean))];
    const node = this.nodes[whole.indexOf(true)];
    if (node === undefined || some.filter(Boolean).length !== 1) {
      throw new Error(`not whole on exactly one node: ${JSON.stringify(seen)}`);
    }
    return node;
  }

  /** Primary, mounted, both links, address, database, web server: whether each is here. */
  async parts(node: string): Promise<readonly boolean[]> {
    const looks = [
      "grep -q '^ *0: .* ro:Primary/' /proc/drbd",
      "findmnt -rn -S /dev/drbd0 -M /srv -t ext4",
      "test -L /etc/apache2",
      "test -L /var/www",
      "ip -o address show dev eth1 to 10.20.0.100 | grep -q .",
      "systemctl is-active --quiet linode-ha-postgresql.service",
      "systemctl is-active --quiet apache2.service",
    ];
    const script = looks.map((look) => `if { ${look}; } >/dev/null 2>&1; then echo yes; else echo no; fi`).join("\n");
    const answers = (await this.lab.probe(node, script)).stdout.trim().split("\n");
    return looks.map((_, index) => answers[index] === "yes");
  }

  /** What DRBD says on a node: `cs:… ro:… ds:…`; nothing where the node does not answer. */
  async drbd(node: string): Promise<string> {
    const { stdout } = await this.lab.probe(node, "cat /proc/drbd");
    return /^ *0: (cs:\S+ ro:\S+ ds:\S+)/m.exec(stdout)?.[1] ?? "";
  }

  async drbdSays(node: string, seconds: number, pattern: RegExp): Promise<void> {
    await until(`DRBD on ${node} to say ${String(pattern)}`, seconds, async () => pattern.test(await this.drbd(node)));
  }

  /** Both sides UpToDate, the group whole on one node and nowhere else, and visitors served. Nobody's hand is needed. */
  async whole(on?: string): Promise<void> {
    await until("both sides connected and UpToDate, with one Primary", RECOVERY_SECONDS, async () => {
      const words = await Promise.all(this.nodes.map((node) => this.drbd(node)));
      return (
        words.every((each) => /cs:Connected .* ds:UpToDate\/UpToDate/.test(each)) &&
        words.filter((each) => each.includes("ro:Primary/Secondary")).length === 1
      );
    });
    await until("the group to be whole on one node", 60, async () => {
      const node = await this.active().catch(() => undefined);
      return node !== undefined && (on === undefined || node === on);
    });
  }

  /** Whatever a failed test before left: the group is whole on this node, its peer ready. Moves it there where it runs elsewhere. */
  async home(node: string): Promise<void> {
    await this.lab.fault("heal");
    for (const linode of await this.lab.list("linode/instances")) {
      if (this.nodes.includes(linode["label"] as string) && linode["status"] === "offline") {
        await this.boot(linode["label"] as string);
      }
    }
    await this.whole();
    if ((await this.active()) === node) return;
    await this.haGroupOk(this.peer(node), "stop");
    await this.haGroupOk(node, "start");
    await this.whole(node);
  }

  /** Cuts a node's power for good. */
  cut(node: string): Promise<void> {
    return this.lab.fault("power-cut", node, "--stay-down");
  }

  /** Boots a node that is off, by the API. */
  async boot(node: string): Promise<void> {
    const { status } = await this.power(node, "boot");
    if (status !== 200) throw new Error(`${node} could not be booted: ${status}`);
  }

  /** `boot`, `shutdown` or `reboot` by the API. */
  async power(node: string, verb: string): Promise<{ status: number }> {
    const linode = (await this.lab.list("linode/instances")).find(({ label }) => label === node);
    return this.lab.api("POST", `linode/instances/${String(linode?.["id"])}/${verb}`, {});
  }

  async hasStatus(node: string, status: string, seconds: number): Promise<void> {
    await until(`${node} to be ${status}`, seconds, async () =>
      (await this.lab.list("linode/instances")).some((each) => each["label"] === node && each["status"] === status),
    );
  }

  /** Visitors come while something happens; afterwards everything that was acknowledged must be there. Tells the longest outage in seconds. */
  async during(name: string, happens: () => Promise<void>): Promise<number> {
    const start = Date.now();
    this.visitors.start(500);
    await until("visitors to be served", 30, () => Promise.resolve(this.visitors.servedSince(start)), 100);
    const since = Date.now();
    let outages: Readonly<Record<string, number>>;
    try {
      await happens();
      const after = Date.now();
      await until("visitors to be served again", 60, () => Promise.resolve(this.visitors.servedSince(after)), 100);
    } finally {
      outages = Object.fromEntries(this.visitors.site.kinds.map((kind) => [kind, this.visitors.outage(kind, since)]));
      await this.visitors.stop();
    }
    for (const kind of this.visitors.site.kinds) expect([kind, await this.visitors.lost(kind)]).toEqual([kind, []]);
    measure("manual-failover", name, outages);
    return Math.max(...Object.values(outages)) / 1000;
  }
}
