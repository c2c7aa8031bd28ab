import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "../machines/errors";
import { lives, startTimeOf, type ProcessIdentity } from "../machines/process";
import { run } from "../machines/run";

/** One program of the lab's surroundings that outlives the process that started it. */
export interface LastingOptions {
  /** The network namespace that it runs in. */
  readonly namespace: string;
  /** Where it runs, and where its log and its identity are kept. */
  readonly folder: string;
  /** Names the files. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Nothing of our own environment is its business. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it takes TCP connections as soon as it works. */
  readonly listens: { readonly address: string; readonly port: number };
  /** Whether it can be started at all by now. Default: yes. */
  readonly possible?: () => boolean;
  /** A line a restart or failure. */
  readonly log: (line: string) => void;
}

const WATCH_MS = 1000;
const PATIENCE_MS = 30_000;
const READY_MS = 10_000;
const END_MS = 5_000;

/** Starts, finds again and ends one {@link LastingOptions} program. */
export class Lasting {
  private timer: NodeJS.Timeout | undefined;
  private busy: Promise<void> = Promise.resolve();
  private failures = 0;
  private notBefore = 0;

  constructor(private readonly options: LastingOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  }

  /** The process that runs, whoever started it. */
  running(): ProcessIdentity | undefined {
    try {
      const identity = JSON.parse(readFileSync(this.identityFile, "utf8")) as ProcessIdentity;
      return lives(identity) ? identity : undefined;
    } catch {
      return undefined;
    }
  }

  /** Starts it, unless it runs, and waits until it answers. */
  async start(): Promise<void> {
    if (this.running() !== undefined) return;
    const { namespace, folder, command, env } = this.options;
    const output = openSync(this.log, "a", 0o600);
    try {
      const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, ...command], {
        cwd: folder,
        detached: true,
        stdio: ["ignore", output, output],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      });
      child.on("error", () => undefined);
      child.unref();
      const { pid } = child;
      const startTime = pid === undefined ? undefined : startTimeOf(pid);
      if (pid === undefined || startTime === undefined) throw this.failure("could not be started");
      writeFileSync(`${this.identityFile}.new`, JSON.stringify({ pid, startTime }), { mode: 0o600 });
      renameSync(`${this.identityFile}.new`, this.identityFile);
      const deadline = Date.now() + READY_MS;
      while (!(await this.answers())) {
        if (!lives({ pid, startTime })) throw this.failure("ended at once");
        if (Date.now() > deadline) throw this.failure(`did not answer within ${READY_MS / 1000} s`);
        await delay(50);
      }
    } finally {
      closeSync(output);
    }
  }

  /** Starts it now if that is possible, and from now on again whenever it ended. */
  async keep(): Promise<void> {
    await this.revive();
    this.timer ??= setInterval(() => {
      if (Date.now() < this.notBefore) return;
      // Not tried again before this try has come to its end.
      this.notBefore = Infinity;
      this.busy = this.revive();
    }, WATCH_MS);
    this.timer.unref();
  }

  /** Lets go of it; it runs on, and the next process finds it. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.busy;
  }

  signal(signal: NodeJS.Signals): void {
    const identity = this.running();
    if (identity !== undefined) process.kill(identity.pid, signal);
  }

  async end(): Promise<void> {
    await this.close();
    const identity = this.running();
    if (identity === undefined) return;
    process.kill(identity.pid, "SIGTERM");
    const deadline = Date.now() + END_MS;
    while (lives(identity)) {
      if (Date.now() > deadline) process.kill(identity.pid, "SIGKILL");
      await delay(20);
    }
  }

  private async revive(): Promise<void> {
    try {
      if (this.running() === undefined && (this.options.possible?.() ?? true)) await this.start();
      this.failures = 0;
      this.notBefore = 0;
    } catch (error) {
      this.failures += 1;
      const pause = Math.min(PATIENCE_MS, WATCH_MS * 2 ** this.failures);
      this.notBefore = Date.now() + pause;
      this.options.log(`${error instanceof Error ? error.message : String(error)} Next try in ${pause / 1000} s.`);
    }
  }

  /** From within the namespace, wherever we are ourselves. */
  private async answers(): Promise<boolean> {
    const { address, port } = this.options.listens;
    const probe =
      "require('net').connect(+process.argv[2],process.argv[1]).on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))";
    const args = [`--net=/run/netns/${this.options.namespace}`, process.execPath, "-e", probe, address, String(port)];
    return (await run("nsenter", args, { timeoutMs: READY_MS, okCodes: [0, 1] })).code === 0;
  }

  private get identityFile(): string {
    return join(this.options.folder, `${this.options.name}.json`);
  }

  private get log(): string {
    return join(this.options.folder, `${this.options.name}.log`);
  }

  private failure(what: string): LabError {
    const said = readFileSync(this.log, "utf8").trim().split("\n").slice(-3).join("\n");
    return new LabError(`The lab's ${this.options.name} ${what}.`, { detail: said, hint: `The log is ${this.log}.` });
  }
}
