import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Lab } from "../lab";
import { until } from "../run";

/** What became of one request. */
interface Attempt {
  readonly n: number;
  /** Milliseconds of this machine's clock. */
  readonly begun: number;
  readonly ended: number;
  /** The node that acknowledged it; missing: nobody did. */
  readonly node?: string;
  readonly text?: string;
}

/** Where the pages are, and what they need. */
export interface AckSite {
  /** The floating address. */
  readonly address: string;
  readonly host: string;
  /** Folder of the site on the replicated file system. */
  readonly folder: string;
  /** Writes to the database as the stack's own account. */
  readonly database: { readonly database: string; readonly user: string; readonly password: string };
}

/** What a visitor saw while something happened. */
export interface Seen {
  readonly acknowledged: number;
  readonly refused: number;
  /** Seconds between the two acknowledgements that lie furthest apart. */
  readonly outage: number;
  /** Seconds from a moment to the first acknowledgement after the outage. */
  readonly servedAfter: number;
  /** The nodes that acknowledged, in order, repetitions left out. */
  readonly nodes: readonly string[];
  /** What was acknowledged and is not there: rows of the database, lines of the file. */
  readonly lost: { readonly rows: readonly number[]; readonly lines: readonly number[] };
}

/** A visitor who writes all the time, a row and a line at once, and remembers what was acknowledged. */
export class AckClient {
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-acks-"));
  private next = 1;

  constructor(
    private readonly lab: Lab,
    private readonly site: AckSite,
  ) {}

  /** Puts the pages onto the volume, from the node that has it. */
  async install(active: string): Promise<void> {
    const { folder, address, database } = this.site;
    const settings = `<?php return ${JSON.stringify({ ...database, host: address, log: `${folder}/acks.log` })
      .replace(/":"/g, '"=>"')
      .replace("{", "[")
      .replace("}", "]")};\n`;
    const sql = `CREATE TABLE IF NOT EXISTS acks (n INT PRIMARY KEY) ENGINE=InnoDB`;
    const script =
      `set -e; cd ${folder}; umask 027; cat >settings.php; chgrp www-data settings.php; ` +
      `printf %s ${Buffer.from(fs.readFileSync(path.join(__dirname, "ack.php"))).toString("base64")} | base64 -d >ack.php; chmod 644 ack.php; ` +
      `: >>acks.log; chown www-data acks.log; mariadb ${database.database} -e '${sql}'`;
    const { code, stderr } = await this.lab.command(["ssh", active, "--", script], { input: settings, seconds: 60 });
    if (code !== 0) throw new Error(`the pages could not be put onto ${active}: ${stderr}`);
  }

  /**
   * Writes while something happens, and until more acknowledgements followed it.
   *
   * @param happens returns the moment to measure from, or nothing: then it is the moment when it was called
   */
  async during(happens: () => Promise<unknown>, seconds: number): Promise<Seen> {
    const out = path.join(this.folder, `${this.next}.jsonl`);
    const client = path.join(__dirname, "client.js");
    const { address, host } = this.site;
    const running = this.lab.exec([process.execPath, client, address, host, out, String(this.next)], { seconds: 1200 });
    try {
      await until("the first acknowledgements", 30, async () => acks(read(out)).length >= 5, 100);
      const called = new Date();
      const moment = await happens();
      const from = moment instanceof Date ? moment : called;
      const done = Date.now();
      await until("ten more acknowledgements after it", seconds, async () => {
        return acks(read(out)).filter(({ begun }) => begun > done).length >= 10;
      });
      return await this.judge(out, from);
    } finally {
      fs.writeFileSync(`${out}.stop`, "");
      await running;
      this.next = (read(out).pop()?.n ?? this.next) + 1;
    }
  }

  private async judge(out: string, from: Date): Promise<Seen> {
    const all = read(out);
    const good = acks(all);
    const there = await this.list();
    const missing = (list: readonly number[]): number[] => {
      const set = new Set(list);
      return good.map(({ n }) => n).filter((n) => !set.has(n));
    };
    const gaps = good.slice(1).map(({ ended }, index) => ({ ended, gap: ended - (good[index]?.ended ?? ended) }));
    const widest = gaps.reduce((best, each) => (each.gap > best.gap ? each : best), { ended: 0, gap: 0 });
    return {
      acknowledged: good.length,
      refused: all.length - good.length,
      outage: widest.gap / 1000,
      servedAfter: (widest.ended - from.getTime()) / 1000,
      nodes: good.map(({ node }) => node ?? "").filter((node, index, list) => node !== list[index - 1]),
      lost: { rows: missing(there.rows), lines: missing(there.lines) },
    };
  }

  /** What is there, as a visitor gets to see it. */
  private async list(): Promise<{ rows: number[]; lines: number[] }> {
    const { address, host } = this.site;
    const text = await this.lab.execOk([process.execPath, path.join(__dirname, "client.js"), address, host, "list"]);
    return JSON.parse(text) as { rows: number[]; lines: number[] };
  }
}

function read(file: string): Attempt[] {
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Attempt);
}

function acks(attempts: readonly Attempt[]): Attempt[] {
  return attempts.filter(({ node }) => node !== undefined);
}
