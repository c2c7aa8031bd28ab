import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { type Lab, projectRoot } from "../lab";

/** What a visitor writes: a row of the site's database, or a line of a file beside the site. */
export type WriteKind = "db" | "file";

/** One write that was asked for. */
export interface Attempt {
  readonly kind: WriteKind;
  readonly n: number;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Whether it was acknowledged. */
  readonly ok: boolean;
  readonly words: string;
}

/** How the page that visitors write through reaches the database. */
export interface AckSettings {
  readonly dsn: string;
  readonly user: string;
  readonly password: string;
  /** A query that names the node. */
  readonly node: string;
  /** `yes`: the page keeps its connections, where a login costs more than a small guest has. */
  readonly persistent?: "yes";
  /** `own`: each of its processes appends to a file of its own, where several hosts share the folder. */
  readonly logs?: "own";
}

/** The site that visitors write to. */
export interface AckSite {
  /** Where visitors find it. */
  readonly address: string;
  /** Its name. */
  readonly host: string;
  /** Which kinds of writes it takes. */
  readonly kinds: readonly WriteKind[];
  /** The folder of the page in the site. Default the site's own. */
  readonly folder?: string;
  /** Whose certificates are to be believed: visitors come over HTTPS. */
  readonly authority?: string;
}

/** Puts the page into a site's folder on the node where it runs. */
export async function installAckPage(lab: Lab, node: string, folder: string, settings: AckSettings): Promise<void> {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const entries = Object.entries(settings).map(([name, value]) => `${quoted(name)} => ${quoted(String(value))}`);
  // On standard input: the password is in nobody's arguments.
  const write = async (name: string, content: string): Promise<void> => {
    const target = `${folder}/${name}`;
    // On the disk, for the next thing that happens may be a power cut.
    const script = `cat >${target} && chown www-data:www-data ${target} && chmod 0640 ${target} && sync -f ${target}`;
    const { code, stderr } = await lab.command(["ssh", node, "--", script], { input: content, seconds: 60 });
    if (code !== 0) throw new Error(`${target} could not be written on ${node}: ${stderr}`);
  };
  await write("ack.php", fs.readFileSync(path.join(__dirname, "ack.php"), "utf8"));
  await write("ack-settings.php", `<?php return [${entries.join(", ")}];\n`);
}

/** Visitors of a site, each of whom writes once and remembers whether that was acknowledged. */
export class Visitors {
  readonly attempts: Attempt[] = [];
  private child: ChildProcess | undefined;

  /** @param next the first write's number: visitors of one site at several doors must not use the same ones */
  constructor(
    private readonly lab: Lab,
    readonly site: AckSite,
    private next = 1,
  ) {}

  /** Makes the database's table; once, while all is well. */
  async prepare(): Promise<void> {
    for (const kind of this.site.kinds) await this.ask(`kind=${kind}&make=1`);
  }

  /** They come, five a second of each kind, until {@link stop}. */
  start(everyMs = 200): void {
    if (this.child !== undefined) throw new Error("visitors are on their way already");
    const { host, kinds, authority } = this.site;
    const settings = JSON.stringify({ base: baseOf(this.site), host, kinds, authority, first: this.next, everyMs });
    const command = [path.join(projectRoot, "bin", "linode-lab"), "--lab", this.lab.name, "exec", "--"];
    const [file, ...args] = [...command, process.execPath, path.join(__dirname, "client.js"), settings];
    this.child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      const attempt = JSON.parse(line) as Attempt;
      this.attempts.push(attempt);
      this.next = Math.max(this.next, attempt.n + 1);
    });
  }

  /** The last ones leave. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
    // Numbers that were asked for and not answered are not used again.
    this.next += 1000;
  }

  /** What was acknowledged. */
  acknowledged(kind: WriteKind): readonly Attempt[] {
    return this.attempts.filter((attempt) => attempt.kind === kind && attempt.ok).sort((a, b) => a.end - b.end);
  }

  /** Whether something of each kind was acknowledged that was asked for after this moment. */
  servedSince(moment: number): boolean {
    return this.site.kinds.every((kind) => this.acknowledged(kind).some(({ start }) => start >= moment));
  }

  /** The longest time without an acknowledgement since a moment, in milliseconds; the visitors must still come, or have come, since. */
  outage(kind: WriteKind, since: number, until = Date.now()): number {
    const acks = this.acknowledged(kind).map(({ end }) => end);
    const before = acks.filter((end) => end < since).at(-1) ?? since;
    const times = [before, ...acks.filter((end) => end >= since && end <= until), until];
    return Math.max(...times.slice(1).map((end, index) => end - (times[index] ?? end)));
  }

  /** The nodes that acknowledged, in order, each run of one node as one. */
  writers(kind: WriteKind, since = 0): readonly string[] {
    const nodes = this.acknowledged(kind)
      .filter(({ end }) => end >= since)
      .map(({ words }) => words.replace(/^ok /, ""));
    return nodes.filter((node, index) => index === 0 || nodes[index - 1] !== node);
  }

  /** What was acknowledged and is not there: must be empty. */
  async lost(kind: WriteKind): Promise<readonly number[]> {
    const text = await this.ask(`kind=${kind}&list=1`);
    const there = new Set(text.split("\n").map((line) => Number(line.split(" ")[0])));
    const wanted = this.acknowledged(kind);
    if (wanted.length === 0)
      throw new Error(`no ${kind} write was acknowledged at all: nothing is shown by losing none`);
    return wanted.map(({ n }) => n).filter((n) => !there.has(n));
  }

  private async ask(query: string): Promise<string> {
    const url = `${baseOf(this.site)}/ack.php?${query}`;
    const command = [process.execPath, path.join(__dirname, "ask.js"), url, this.site.host];
    return this.lab.execOk(command, { seconds: 60, input: this.site.authority ?? "" });
  }
}

const baseOf = ({ address, authority, folder = "" }: AckSite): string =>
  `${authority === undefined ? "http" : "https"}://${address.includes(":") ? `[${address}]` : address}${folder}`;
