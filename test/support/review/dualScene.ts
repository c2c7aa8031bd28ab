import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Visitors } from "../failover/visitor";
import type { Lab } from "../lab";
import { until } from "../run";
import type { StackProject } from "../stackProject";
import { answersOf, type Answer } from "./answers";
import { nodesOf, type Scene } from "./scene";

/** Seconds within which both sides must be whole again: two boots and a resync, on a busy machine. */
const WHOLE_SECONDS = 1200;
const MOUNT = "/srv/www";
const FOLDER = `${MOUNT}/acked`;

/**
 * The product brings no web server there: the test's own is a unit that starts with the mount, as a user's would. It keeps no file open
 * between requests.
 */
const UNIT = `[Unit]
Description=writes of the test's visitors
RequiresMountsFor=${MOUNT}
After=linode-ha-ocfs2@www.service network-online.target

[Service]
ExecStartPre=/bin/mountpoint -q ${MOUNT}
ExecStart=/usr/bin/python3 /usr/local/lib/ack.py ${FOLDER}
Restart=always
RestartSec=1
StartLimitIntervalSec=0
TimeoutStopSec=5

[Install]
WantedBy=multi-user.target
`;

/** `dual-primary`, or a program of the test's with the same pair. */
export class DualScene implements Scene {
  readonly kinds = ["file"] as const;
  private visitors: Readonly<Record<string, Visitors>> = {};
  private seen: readonly Answer[] = [];
  private numbers = 1;

  constructor(
    readonly lab: Lab,
    readonly project: StackProject,
    readonly config: Readonly<Record<string, unknown>>,
    private readonly named?: readonly [string, string],
  ) {}

  nodes(config: Readonly<Record<string, unknown>>): readonly [string, string] {
    return this.named ?? nodesOf(config);
  }

  async prepare(config: Readonly<Record<string, unknown>>): Promise<void> {
    const nodes = this.nodes(config);
    const program = readFileSync(join(__dirname, "ack.py"), "utf8");
    const put = async (node: string, file: string, text: string): Promise<void> => {
      const { code, stderr } = await this.lab.command(["ssh", node, "--", `cat >${file} && sync -f ${file}`], {
        input: text,
        seconds: 120,
      });
      if (code !== 0) throw new Error(`${file} could not be written on ${node}: ${stderr}`);
    };
    await this.lab.sshOk(nodes[0], `mountpoint -q ${MOUNT} && mkdir -p ${FOLDER} && sync -f ${MOUNT}`, 120);
    await Promise.all(
      nodes.map(async (node) => {
        await put(node, "/etc/systemd/system/visited.service", UNIT);
        await put(node, "/usr/local/lib/ack.py", program);
        await this.lab.sshOk(
          node,
          "systemctl daemon-reload && systemctl enable visited.service && systemctl restart visited.service",
          120,
        );
      }),
    );
    const linodes = await this.lab.list("linode/instances");
    this.remember();
    this.visitors = Object.fromEntries(
      nodes.map((node) => {
        const ipv4 = linodes.find(({ label }) => label === node)?.["ipv4"] as readonly string[] | undefined;
        const address = ipv4?.find((each) => !each.startsWith("192.168.")) ?? "";
        this.numbers += 1_000_000;
        return [node, new Visitors(this.lab, { address, host: node, kinds: ["file"] }, this.numbers)];
      }),
    );
  }

  /** What former visitors were answered: their writes must still be there. */
  private remember(): void {
    this.seen = this.answers();
  }

  doors(): readonly string[] {
    return Object.keys(this.visitors);
  }

  start(): void {
    for (const each of Object.values(this.visitors)) each.start(500);
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.visitors).map((each) => each.stop()));
  }

  answers(): readonly Answer[] {
    return [
      ...this.seen,
      ...Object.entries(this.visitors).flatMap(([door, { attempts }]) => answersOf(door, attempts)),
    ];
  }

  async lost(): Promise<number> {
    const acknowledged = Object.values(this.visitors).flatMap((each) => each.acknowledged("file").map(({ n }) => n));
    for (const node of this.doors()) {
      const { code, stdout } = await this.lab.probe(node, `mountpoint -q ${MOUNT} && cat ${FOLDER}/*.log`, 60);
      if (code === 255) continue;
      const there = new Set(stdout.split("\n").map((line) => Number(line.split(" ")[0])));
      return acknowledged.filter((n) => !there.has(n)).length;
    }
    return acknowledged.length;
  }

  async whole(config: Readonly<Record<string, unknown>>): Promise<void> {
    const nodes = this.nodes(config);
    const looks: string[] = nodes.map(() => "");
    const isWhole = async (node: string, index: number): Promise<boolean> => {
      const { code, stdout, stderr } = await this.lab.probe(
        node,
        `ha-health >&2 && cat /proc/drbd && findmnt -rn -o FSTYPE ${MOUNT}`,
        40,
      );
      looks[index] = `${node}: ${code} ${stderr} ${stdout}`;
      const sides = stdout.match(/cs:\S+ ro:\S+ ds:\S+/g) ?? [];
      return (
        code === 0 &&
        sides.length > 0 &&
        sides.every((side) => side.includes("ro:Primary/Primary ds:UpToDate/UpToDate")) &&
        stdout.includes("ocfs2")
      );
    };
    await until("both nodes Primary/Primary, UpToDate/UpToDate and mounted", WHOLE_SECONDS, async () =>
      (await Promise.all(nodes.map(isWhole))).every(Boolean),
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${looks.join("\n")}`);
    });
  }
}
