import { seenDuring, type Seen } from "./failover/seen";
import { installAckPage, Visitors } from "./failover/visitor";
import { Lab } from "./lab";
import { labConfig, onOwnImage } from "./labConfig";
import { until } from "./run";
import { StackProject } from "./stackProject";

/** Seconds until a node that was cut off, or reset, is whole again: boot, Heartbeat and a resync of what was written meanwhile. */
const RECOVERY_SECONDS = 240;

/** The stack `active-passive` in a lab, as its example configuration has it, with visitors of its site. */
export class ActivePassive {
  readonly project: StackProject;
  address = "";
  visitors!: Visitors;

  constructor(
    readonly nodes: readonly [string, string],
    readonly lab = new Lab(),
  ) {
    this.project = new StackProject(lab, "active", onOwnImage(labConfig("active-passive", nodes)));
  }

  /** Deploys it, and prepares it for visitors. */
  async build(): Promise<void> {
    await this.project.build();
    await this.prepare();
  }

  /** Reads the stack's outputs and puts the visitors' page onto the volume. */
  async prepare(): Promise<void> {
    const outputs = JSON.parse(await this.project.pulumiOk(["stack", "output", "--json", "--show-secrets"])) as {
      addresses: { shared: string };
      mariadb: { database: string; user: string; password: string };
    };
    this.address = outputs.addresses.shared;
    const { database, user, password } = outputs.mariadb;
    await installAckPage(this.lab, await this.active(), "/srv/site/www.example.org/htdocs", {
      dsn: `mysql:host=${this.address};dbname=${database}`,
      user,
      password,
      node: "SELECT @@hostname",
    });
    this.visitors = new Visitors(this.lab, { address: this.address, host: "www.example.org", kinds: ["db", "file"] });
    await this.visitors.prepare();
  }

  /** What visitors saw while something happened: {@link seenDuring}. */
  during(happens: () => Promise<unknown>, seconds: number): Promise<Seen> {
    return seenDuring(this.visitors, happens, seconds);
  }

  /** The node where all of the group runs. Fails unless there is exactly one, and nothing of the group on the other. */
  async active(): Promise<string> {
    const places = await Promise.all(this.nodes.map((node) => this.parts(node)));
    const whole = this.nodes.filter((_, index) => places[index]?.every((part) => part.here));
    const some = this.nodes.filter((_, index) => places[index]?.some((part) => part.here));
    const [node] = whole;
    if (node === undefined || some.length !== 1) {
      throw new Error(`not whole on exactly one node: ${JSON.stringify(places)}`);
    }
    return node;
  }

  /** The other node. */
  peer(node: string): string {
    return node === this.nodes[0] ? this.nodes[1] : this.nodes[0];
  }

  /** Every member of the group, and whether it is on a node. A node that cannot be asked has none. */
  async parts(node: string): Promise<readonly { readonly name: string; readonly here: boolean }[]> {
    const looks: Record<string, string> = {
      site: `grep -q '^ *0: .* ro:Primary/' /proc/drbd`,
      database: `grep -q '^ *1: .* ro:Primary/' /proc/drbd`,
      "/srv/site": "findmnt -rn -S /dev/drbd0 -M /srv/site -t ext4",
      "/srv/database": "findmnt -rn -S /dev/drbd1 -M /srv/database -t ext4",
      [this.address]: `ip -o address show to ${this.address} | grep -q .`,
      announcement: "systemctl is-active --quiet linode-ha-announce@shared.service",
      mariadb: "systemctl is-active --quiet mariadb.service",
      apache: "systemctl is-active --quiet apache2.service",
    };
    const script = Object.values(looks)
      .map((look) => `if { ${look}; } >/dev/null 2>&1; then echo yes; else echo no; fi`)
      .join("\n");
    const answers = (await this.lab.probe(node, script)).stdout.trim().split("\n");
    return Object.keys(looks).map((name, index) => ({ name, here: answers[index] === "yes" }));
  }

  /** Both nodes healthy, both resources UpToDate on both sides, heartbeats passing both ways. */
  whole(): Promise<void> {
    return until("both nodes healthy and UpToDate", RECOVERY_SECONDS, async () => {
      const looks = await Promise.all(
        this.nodes.map((node) => this.lab.probe(node, "ha-health >&2 && cat /proc/drbd")),
      );
      return looks.every(
        ({ code, stdout }) => code === 0 && stdout.match(/cs:Connected .* ds:UpToDate\/UpToDate/g)?.length === 2,
      );
    });
  }

  /** Compares both sides of both resources block by block, faster than the resync rate of the configuration lets it. */
  async verify(): Promise<void> {
    for (const node of this.nodes) {
      await this.lab.sshOk(
        node,
        "for r in site database; do drbdadm disk-options --resync-rate=1G --c-min-rate=0 $r; done",
      );
    }
    try {
      const { code, stdout, stderr } = await this.project.linodeHa(["verify"], { seconds: 600 });
      if (code !== 0) throw new Error(`verify: exit code ${code}\n${stdout}\n${stderr}`);
    } finally {
      for (const node of this.nodes) await this.lab.sshOk(node, "drbdadm adjust all");
    }
  }

  /** Lines of a node's journal since a moment, each with its time in seconds since the epoch: the clocks are one. */
  async journal(node: string, since: Date, pattern: string): Promise<string> {
    const from = Math.floor(since.getTime() / 1000);
    const script = `journalctl -b --since @${from} -o short-unix --no-pager | grep -E ${quoted(pattern)} || :`;
    return await this.lab.sshOk(node, script);
  }

  /**
   * What a take-over by a node took, from its journal, in seconds since a moment: until Heartbeat called the peer dead, until it was fenced,
   * and until the last service of the group was started. Fails unless each happened exactly once.
   */
  async takeOver(
    node: string,
    since: Date,
  ): Promise<{ readonly dead: number; readonly fenced: number; readonly started: number }> {
    const looks = {
      dead: /WARN: node \S+: is dead/,
      fenced: /Managed STONITH \S+ process \d+ exited with return code 0/,
      started: /Started apache2\.service/,
    };
    const text = await this.journal(
      node,
      since,
      Object.values(looks)
        .map(({ source }) => source.replaceAll("\\S", "[^ ]").replaceAll("\\d", "[0-9]"))
        .join("|"),
    );
    const seconds = (look: RegExp): number => {
      const lines = text.split("\n").filter((line) => look.test(line));
      if (lines.length !== 1) throw new Error(`not exactly once on ${node}: ${look.source}\n${text}`);
      return Number(lines[0]?.split(" ")[0]) - since.getTime() / 1000;
    };
    return { dead: seconds(looks.dead), fenced: seconds(looks.fenced), started: seconds(looks.started) };
  }

  /** Changes with each start of a node; empty while it cannot be asked. */
  async bootId(node: string): Promise<string> {
    return (await this.lab.probe(node, "cat /proc/sys/kernel/random/boot_id")).stdout.trim();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
