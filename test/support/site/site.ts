import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { deflateSync } from "node:zlib";
import { NAME_SERVER } from "../../../lab/upstream/addresses";
import { type Lab, projectRoot } from "../lab";
import { until } from "../run";

/** The site's name, as the lab's configurations have it. */
export const HOST = "www.example.org";

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

/** A WordPress site in the lab as visitors, editors and name servers see it, through one or more doors: hosts, or an address that moves. */
export abstract class Site {
  private root = "";

  /** @param config as the stack has it: what editors log in with is in it. */
  constructor(
    readonly lab: Lab,
    readonly config: Readonly<Record<string, unknown>>,
  ) {}

  /** Where a door is. */
  abstract address(door: string): string;

  /** Whose certificates are to be believed. */
  get authority(): string {
    return this.root;
  }

  protected async learnAuthority(): Promise<void> {
    const root = 'fetch("https://127.0.0.1:15000/roots/0").then((r) => r.text()).then((t) => process.stdout.write(t))';
    // The management port's own certificate is signed by nobody whom the test could know.
    this.root = await this.lab.execOk(["env", "NODE_TLS_REJECT_UNAUTHORIZED=0", process.execPath, "-e", root]);
  }

  /** A page of the site through one door, as somebody gets it whose name server named that one. Its certificate has to be right. */
  async page(door: string, where: string, host = HOST): Promise<Page> {
    return this.look({ page: where, address: this.address(door), host, authority: this.root });
  }

  /** The same over HTTP. */
  async plainPage(door: string, where: string, host = HOST): Promise<Page> {
    return this.look({ plain: where, address: this.address(door), host });
  }

  /** What the region's name server says, sorted. */
  async resolve(name: string, type: "A" | "AAAA"): Promise<readonly string[]> {
    const text = await this.inside("ask.js", { resolve: name, type, server: NAME_SERVER.ipv4 });
    return (JSON.parse(text) as { answers: string[] }).answers.sort();
  }

  /** Somebody logs in through one door, and writes a post with a picture. */
  async publish(door: string, title: string, picture: Buffer): Promise<Post> {
    const { adminUser: user } = this.config["site"] as { adminUser: string };
    const password = this.config["siteAdminPassword"] as string;
    const task = { do: "publish", title, picture: picture.toString("base64"), user, password };
    return JSON.parse(await this.browse(door, task)) as Post;
  }

  /** The same person goes on through another door, or the same. */
  async read(door: string, { url, cookies }: Post): Promise<SeenPost> {
    return JSON.parse(await this.browse(door, { do: "read", url, cookies })) as SeenPost;
  }

  /** People read the start page through these doors while something happens. */
  async readersAt(doors: readonly string[], happens: () => Promise<void>): Promise<readonly Reading[]> {
    const addresses = Object.fromEntries(doors.map((door) => [door, this.address(door)]));
    const settings = JSON.stringify({ addresses, host: HOST, authority: this.root, page: "/" });
    const command = [path.join(projectRoot, "bin", "linode-lab"), "--lab", this.lab.name, "exec", "--"];
    const [file = "", ...args] = command;
    const script = path.join(__dirname, "readers.js");
    const child = spawn(file, [...args, process.execPath, script, settings], { stdio: ["pipe", "pipe", "inherit"] });
    const readings: Reading[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => readings.push(JSON.parse(line) as Reading));
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      await until(`readers to be answered by ${doors.join(" and ")}`, 60, async () =>
        doors.every((door) => readings.some(({ node, ok }) => node === door && ok)),
      );
      await happens();
    } finally {
      child.stdin.end();
      await ended;
    }
    return readings;
  }

  private async look(task: object): Promise<Page> {
    const page = JSON.parse(await this.inside("ask.js", task)) as Omit<Page, "body"> & { body: string };
    return { ...page, body: Buffer.from(page.body, "base64") };
  }

  private browse(door: string, task: object): Promise<string> {
    const who = { address: this.address(door), host: HOST, authority: this.root };
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
