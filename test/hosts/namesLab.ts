import { execFileSync, spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { HostFile } from "../../hosts/contract";
import { ensureAuthority } from "../../lab/engine/authority";
import { ensureHostPackages } from "../../lab/image/hostPackages";
import { API_ADDRESS, ensureNamespace, removeNamespace } from "../../lab/network/namespace";
import { authorityProgram, cachePaths } from "../../lab/paths";
import { NAME_SERVER } from "../../lab/upstream/addresses";
import { Authority } from "../../lab/upstream/authority";
import { NameServer } from "../../lab/upstream/nameServer";
import { type Reply, TestLab, TOKEN } from "../unit/api/support";

/** A region as far as names go: API, name server and certificate authority in a network namespace. No guest boots. */
export class NamesLab {
  readonly base = mkdtempSync(join(tmpdir(), "linode-names-"));
  readonly log: string[] = [];
  readonly lab = TestLab.with({ tokens: [{ token: TOKEN, scopes: "*", username: "tester" }] });
  /** The zone's number. */
  domain = 0;
  private readonly namespace: string;
  private readonly names: NameServer;
  private readonly authority: Authority;
  private readonly program = authorityProgram(cachePaths());
  private door: Server | undefined;
  private readonly children: ChildProcess[] = [];

  constructor(
    what: string,
    readonly zone: string,
  ) {
    this.namespace = `linode-${what}${process.pid}`;
    const log = (line: string): number => this.log.push(line);
    this.names = new NameServer({ namespace: this.namespace, stateDir: join(this.base, "names"), log });
    const stateDir = join(this.base, "authority");
    this.authority = new Authority({ namespace: this.namespace, stateDir, program: this.program, log });
  }

  async open(options: { readonly authority?: boolean } = {}): Promise<void> {
    await ensureHostPackages();
    await ensureNamespace(this.namespace);
    this.lab.app.addHook("onResponse", async (request) => {
      if (request.method !== "GET") await this.names.update(this.lab.app.lab.zones());
    });
    await this.lab.listen();
    const { zone } = this;
    this.domain = (
      await this.lab.ok("POST", "/domains", { domain: zone, type: "master", soa_email: `root@${zone}` })
    ).id;
    if (options.authority === true) {
      const progress = (line: string): number => this.log.push(line);
      await ensureAuthority({ cacheDir: cachePaths().root, program: this.program, progress });
      await this.authority.start();
    }
    await this.openDoor();
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill("SIGKILL");
    this.door?.close();
    await Promise.all([this.names.end(), this.authority.end()]);
    await this.lab.app.close();
    await removeNamespace(this.namespace);
    rmSync(this.base, { recursive: true, force: true });
  }

  /** A command in the lab's network, with the lab's resolver, as Network Helper has it on a node. */
  inside(...command: string[]): string[] {
    const resolver = join(this.base, "resolv.conf");
    writeFileSync(resolver, `nameserver ${NAME_SERVER.ipv4}\n`);
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    return [
      "nsenter",
      `--net=/run/netns/${this.namespace}`,
      "unshare",
      "--mount",
      "sh",
      "-c",
      script,
      resolver,
      ...command,
    ];
  }

  /** Starts something in the lab's network. It ends with the lab at the latest. */
  start(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcessByStdio<null, Readable, Readable> {
    const [file = "", ...args] = this.inside(...command);
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    child.stderr.on("data", (text: Buffer) => this.log.push(text.toString()));
    this.children.push(child);
    return child;
  }

  record(body: object): Promise<Reply> {
    return this.lab.ok("POST", `/domains/${this.domain}/records`, body);
  }

  async records(): Promise<readonly Reply[]> {
    return (await this.lab.ok("GET", `/domains/${this.domain}/records?page_size=500`)).data;
  }

  /** What the name server says, or the error's code. */
  ask(name: string, type: string): string[] {
    const script = `const r = new (require("dns").promises.Resolver)({ timeout: 2000, tries: 2 }); r.setServers(["${NAME_SERVER.ipv4}"]);
      r.resolve(process.argv[1], process.argv[2]).then((a) => console.log(JSON.stringify(a)), (e) => console.log(JSON.stringify([e.code])));`;
    const [file = "", ...args] = this.inside(process.execPath, "-e", script, name, type);
    const answers = JSON.parse(execFileSync(file, args, { encoding: "utf8" })) as (string | string[])[];
    // A long text comes in pieces, whose order matters; that of several records does not.
    return answers.map((each) => (typeof each === "string" ? each : each.join(""))).sort();
  }

  async until(what: string, check: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await check())) {
      if (Date.now() > deadline)
        throw new Error(`after ${seconds} s still not: ${what}\n${this.log.slice(-20).join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The API in the lab's network: what comes in there goes on through a socket on the disk, for which namespaces are no border. */
  private async openDoor(): Promise<void> {
    const socket = join(this.base, "api.sock");
    this.door = createServer((request, response) => this.lab.app.routing(request, response));
    await new Promise<void>((resolve) => this.door?.listen(socket, resolve));
    const program = `require("net").createServer((c) => { const s = require("net").connect(process.argv[1]);
      c.on("error", () => s.destroy()); s.on("error", () => c.destroy()); c.pipe(s).pipe(c); })
      .listen(80, process.argv[2], () => console.log("open"));`;
    const bridge = this.start([process.execPath, "-e", program, socket, API_ADDRESS]);
    await new Promise((resolve) => bridge.stdout.once("data", resolve));
  }
}

/** Puts a role's files below a folder instead of a host's root, with their paths in them changed to match. */
export function layFiles(
  root: string,
  files: Readonly<Record<string, HostFile>>,
  secrets: Readonly<Record<string, string>>,
): void {
  const own = (text: string): string =>
    text.replaceAll(/(?<![\w.])\/(etc\/linode-ha|var\/lib\/linode-ha|usr\/local|run)\//g, `${root}/$1/`);
  for (const [path, file] of Object.entries(files)) {
    const text = file.secret === undefined ? file.content : `${secrets[file.secret] ?? ""}\n`;
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, path.startsWith("/usr/") ? text : own(text));
    chmodSync(root + path, parseInt(file.mode, 8));
  }
}
