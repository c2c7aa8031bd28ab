import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { deflateSync } from "node:zlib";
import { NAME_SERVER } from "../../../lab/upstream/addresses";
import { Lab, projectRoot } from "../lab";
import { labConfig, onOwnImage } from "../labConfig";
import { until } from "../run";
import { StackProject } from "../stackProject";

/** Where both nodes have the site's files. */
export const MOUNT = "/srv/www";
/** The site's name, as the lab's configuration has it. */
export const HOST = "www.example.org";
/** The folder of the site on the shared file system. */
export const FOLDER = `${MOUNT}/${HOST}`;

/** Seconds until a pair must be whole again after whatever happened to it: a fencing, two boots, a resync, a recovery of both databases. */
const WHOLE_SECONDS = 420;

/** What a node answered to somebody who asked for a page. */
export interface Page {
  readonly status: number;
  readonly location?: string;
  readonly body: Buffer;
  readonly certificate?: { readonly names: string; readonly serial: string; readonly ends: string };
}

/** What somebody wrote in the browser. */
export interface Post {
  readonly url: string;
  /** The session of who wrote it. */
  readonly cookies: readonly unknown[];
}

/** What somebody saw in the browser. */
export interface SeenPost {
  readonly title: string;
  /** Where the picture comes from, and how wide it is as it was drawn. */
  readonly picture: string;
  readonly width: number;
  /** Who is logged in; empty: nobody. */
  readonly user: string;
}

/** One answer to somebody who asked for a page, or none. */
export interface Reading {
  readonly node: string;
  readonly start: number;
  readonly end: number;
  readonly ok: boolean;
  readonly words: string;
}

/** The stack `dual-primary` with everything it can have, in the lab, seen by visitors, editors and name servers. */
export class SitePair {
  readonly project: StackProject;
  readonly config: Record<string, unknown>;
  /** Public addresses by node. */
  readonly addresses: Record<string, { readonly ipv4: string; readonly ipv6: string }> = {};
  private authority = "";

  constructor(
    readonly nodes: readonly [string, string],
    readonly lab = new Lab(),
  ) {
    this.config = onOwnImage(labConfig("dual-primary-site", nodes), "private/14");
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
    const root = 'fetch("https://127.0.0.1:15000/roots/0").then((r) => r.text()).then((t) => process.stdout.write(t))';
    // The management port's own certificate is signed by nobody whom the test could know.
    this.authority = await this.lab.execOk(["env", "NODE_TLS_REJECT_UNAUTHORIZED=0", process.execPath, "-e", root]);
  }

  /** A page of the site from one node, as somebody gets it whose name server named that node. Its certificate has to be right. */
  async page(node: string, where: string, host = HOST): Promise<Page> {
    return this.look({ page: where, address: this.address(node), host, authority: this.authority });
  }

  /** The same over HTTP. */
  async plainPage(node: string, where: string, host = HOST): Promise<Page> {
    return this.look({ plain: where, address: this.address(node), host });
  }

  /** What the region's name server says, sorted. */
  async resolve(name: string, type: "A" | "AAAA"): Promise<readonly string[]> {
    const text = await this.inside("ask.js", { resolve: name, type, server: NAME_SERVER.ipv4 });
    return (JSON.parse(text) as { answers: string[] }).answers.sort();
  }

  /** Somebody logs in through one node, and writes a post with a picture. */
  async publish(node: string, title: string, picture: Buffer): Promise<Post> {
    const { adminUser } = this.config["site"] as { adminUser: string };
    const task = { do: "publish", title, picture: picture.toString("base64"), user: adminUser };
    const password = this.config["siteAdminPassword"] as string;
    return JSON.parse(await this.browse(node, { ...task, password })) as Post;
  }

  /** The same person goes on through another node, or the same. */
  async read(node: string, { url, cookies }: Post): Promise<SeenPost> {
    return JSON.parse(await this.browse(node, { do: "read", url, cookies })) as SeenPost;
  }

  /** People read the start page of both nodes while something happens. */
  async withReaders(happens: () => Promise<void>): Promise<readonly Reading[]> {
    const addresses = Object.fromEntries(this.nodes.map((node) => [node, this.address(node)]));
    const settings = JSON.stringify({ addresses, host: HOST, authority: this.authority, page: "/" });
    const command = [path.join(projectRoot, "bin", "linode-lab"), "--lab", this.lab.name, "exec", "--"];
    const [file = "", ...args] = command;
    const script = path.join(__dirname, "readers.js");
    const child = spawn(file, [...args, process.execPath, script, settings], { stdio: ["pipe", "pipe", "inherit"] });
    const readings: Reading[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => readings.push(JSON.parse(line) as Reading));
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      await until("readers to be answered by both", 60, async () =>
        this.nodes.every((node) => readings.some((reading) => reading.node === node && reading.ok)),
      );
      await happens();
    } finally {
      child.stdin.end();
      await ended;
    }
    return readings;
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

  private async look(task: object): Promise<Page> {
    const page = JSON.parse(await this.inside("ask.js", task)) as Omit<Page, "body"> & { body: string };
    return { ...page, body: Buffer.from(page.body, "base64") };
  }

  private browse(node: string, task: object): Promise<string> {
    const who = { address: this.address(node), host: HOST, authority: this.authority };
    return this.inside("wordpress.js", { ...who, ...task }, 400);
  }

  /** Runs a script of this folder in the lab's network. What it is told is in nobody's arguments. */
  private inside(script: string, task: object, seconds = 60): Promise<string> {
    return this.lab.execOk([process.execPath, path.join(__dirname, script)], { input: JSON.stringify(task), seconds });
  }
}

/** The longest time, in ms, in which nobody got the page from any node, from a moment on. */
export function outageOf(readings: readonly Reading[], since: number): number {
  const answered = readings
    .filter(({ ok }) => ok)
    .map(({ end }) => end)
    .sort((a, b) => a - b);
  const last = Math.max(...readings.map(({ end }) => end));
  const times = [
    answered.filter((end) => end < since).at(-1) ?? since,
    ...answered.filter((end) => end >= since),
    last,
  ];
  return Math.max(...times.slice(1).map((end, index) => end - (times[index] ?? end)));
}

export const sha256 = (content: Buffer | string): string => createHash("sha256").update(content).digest("hex");

/** A picture that nobody has seen before: PNG, 640 by 48 of noise. */
export function newPicture(): Buffer {
  const [width, height] = [640, 48];
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.from([0]), randomBytes(width)]));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8); // bits of a grey value
  const chunk = (type: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const frame = Buffer.alloc(8 + body.length);
    frame.writeUInt32BE(content.length, 0);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), 4 + body.length);
    return frame;
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** As PNG's frames end with it. */
function crc32(content: Buffer): number {
  let value = 0xffffffff;
  for (const byte of content) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
