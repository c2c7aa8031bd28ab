import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "../machines/errors";
import { lives, startTimeOf, type ProcessIdentity } from "../machines/process";
import { run } from "../machines/run";
import { inNamespace } from "../network/namespace";
import { BIRD_CONFIG, BIRD_LOG } from "./birdConfig";

// Named from the folder that BIRD runs in: however deep that is, the kernel's limit for a socket's path is not met.
const SOCKET = "bird.ctl";
const IDENTITY = "bird.json";
/** The number that marks BIRD's routes in the kernel. */
const BIRD_ROUTES = "12";
const READY_MS = 10_000;
const END_MS = 5_000;
const BINARIES = ["/usr/sbin/bird", "/usr/bin/bird", "/sbin/bird"];

/** One BIRD process with its folder: configuration, log, control socket. It outlives the process that started it. */
export class Bird {
  constructor(
    private readonly namespace: string,
    private readonly folder: string,
  ) {}

  /** The process that runs, whoever started it. */
  running(): ProcessIdentity | undefined {
    try {
      const identity = JSON.parse(readFileSync(join(this.folder, IDENTITY), "utf8")) as ProcessIdentity;
      return lives(identity) ? identity : undefined;
    } catch {
      return undefined;
    }
  }

  /** Writes the configuration, whole or not at all. {@link start} or {@link configure} make it count. */
  async write(config: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = join(this.folder, BIRD_CONFIG);
    await writeFile(`${file}.new`, config, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /** Starts it and waits until it answers. */
  async start(): Promise<void> {
    if (!BINARIES.some((path) => existsSync(path))) {
      throw new LabError("The lab's route servers need BIRD, which is missing on this machine.", {
        hint: "Run `linode-lab up` as root: it installs the Debian package bird2.",
      });
    }
    // One that was started in the last moment of a killed daemon is not in the books; it would keep port and socket.
    if (await this.answers()) {
      await this.control(["down"]);
      const deadline = Date.now() + END_MS;
      while ((await this.answers()) && Date.now() < deadline) await delay(50);
    }
    // One that was killed left its routes in the kernel, and another would never touch them.
    for (const family of ["-4", "-6"]) {
      await inNamespace(this.namespace, "ip", [family, "route", "flush", "proto", BIRD_ROUTES]);
    }
    const output = openSync(join(this.folder, BIRD_LOG), "a", 0o600);
    try {
      const child = spawn(
        "nsenter",
        [`--net=/run/netns/${this.namespace}`, "bird", "-f", "-c", BIRD_CONFIG, "-s", SOCKET],
        {
          cwd: this.folder,
          detached: true,
          stdio: ["ignore", output, output],
          // Nothing of our environment is its business.
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        },
      );
      child.on("error", () => undefined);
      child.unref();
      const { pid } = child;
      const startTime = pid === undefined ? undefined : startTimeOf(pid);
      if (pid === undefined || startTime === undefined) throw this.failure("could not be started");
      this.remember({ pid, startTime });
      const deadline = Date.now() + READY_MS;
      while (!(await this.answers())) {
        if (!lives({ pid, startTime })) throw this.failure("ended at once");
        if (Date.now() > deadline) throw this.failure(`did not answer within ${READY_MS / 1000} s`);
        await delay(20);
      }
    } finally {
      closeSync(output);
    }
  }

  /** Makes the written configuration count. Sessions stay up, but for those that it no longer has. */
  async configure(): Promise<void> {
    const { stdout } = await this.control(["configure"]);
    if (!/Reconfigur(ed|ation in progress)/.test(stdout)) {
      throw new LabError("The lab's route servers did not take their new configuration.", {
        detail: stdout.trim(),
        hint: `It is ${join(this.folder, BIRD_CONFIG)}.`,
      });
    }
  }

  /** Ends it; what was announced to it is gone from the router. */
  async end(): Promise<void> {
    const identity = this.running();
    if (identity === undefined) return;
    process.kill(identity.pid, "SIGTERM");
    const deadline = Date.now() + END_MS;
    while (lives(identity)) {
      if (Date.now() > deadline) process.kill(identity.pid, "SIGKILL");
      await delay(20);
    }
  }

  private async answers(): Promise<boolean> {
    return this.control(["show", "status"]).then(
      () => true,
      () => false,
    );
  }

  private control(command: readonly string[]): ReturnType<typeof run> {
    return run("birdcl", ["-s", SOCKET, ...command], { cwd: this.folder, timeoutMs: READY_MS });
  }

  private remember(identity: ProcessIdentity): void {
    const file = join(this.folder, IDENTITY);
    writeFileSync(`${file}.new`, JSON.stringify(identity), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  private failure(what: string): LabError {
    const log = join(this.folder, BIRD_LOG);
    const said = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-3).join("\n") : "";
    return new LabError(`The lab's route servers (BIRD) ${what}.`, { detail: said, hint: `The log is ${log}.` });
  }
}
