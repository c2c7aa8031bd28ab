import * as fs from "node:fs";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { createApi, Store, type ApiServer } from "../../../lab/api";
import { ensureEngine, ensurePlugins } from "../../../lab/engine/install";
import { launcherText } from "../../../lab/engine/launcher";
import { homeBin, pluginFolder, versionBin } from "../../../lab/engine/layout";
import { PLUGIN_VERSIONS } from "../../../lab/engine/versions";
import { cachePaths } from "../../../lab/paths";
import { projectRoot } from "../lab";
import { MemoryDisks, MemoryMachines, MemoryNetworks } from "../memoryMachines";
import { run, type RunResult } from "../run";

const TOKEN = "guestless-account-token";
/** Stands for the fencing token: a search for it in what is written must find nothing. */
export const FENCING_TOKEN = "guestless-fencing-token-never-shown";

/** The lab's engine. Only its one program is used from where the labs have it, and what is there already is left alone: labs at work share it. */
async function installedEngine(): Promise<string> {
  const { root, pulumiHome } = cachePaths();
  const program = path.join(versionBin(pulumiHome), "pulumi");
  if (!fs.existsSync(program)) await ensureEngine({ cacheDir: root, pulumiHome, progress: () => undefined });
  return program;
}

function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to);
  }
}

/**
 * An account without guests: the lab's API over machines in memory, the real engine, the lab's provider plugins, and hosts whose steps
 * always succeed. A stack comes up in seconds, and its previews are those of the real program by the real engine.
 */
export class Guestless {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-guestless-"));
  private readonly api: ApiServer = createApi({
    store: Store.inMemory(),
    machines: new MemoryMachines(),
    disks: new MemoryDisks(),
    networks: new MemoryNetworks(),
    options: {
      tokens: [{ token: TOKEN, scopes: "*", username: "lab" }],
      delays: { scheduled: 1, work: 1, lassie: 50 },
    },
  });
  private url = "";

  async start(): Promise<void> {
    const home = this.pulumiHome;
    const engine = await installedEngine();
    for (const bin of [homeBin(home), versionBin(home)]) {
      fs.mkdirSync(bin, { recursive: true });
      // Not a symbolic link: the engine would look for its parts where that leads.
      linkOrCopy(engine, path.join(bin, "pulumi"));
      fs.writeFileSync(path.join(bin, "pulumi-language-nodejs"), launcherText("languageHost/main.js"), { mode: 0o755 });
    }
    await ensurePlugins({ pulumiHome: home, mode: "lab", progress: () => undefined });
    const command = pluginFolder(home, "command", PLUGIN_VERSIONS.command);
    const script = `#!/bin/sh\nexec '${process.execPath}' '${path.join(__dirname, "commandPlugin.js")}' "$@"\n`;
    fs.writeFileSync(path.join(command, "pulumi-resource-command"), script, { mode: 0o755 });
    fs.mkdirSync(path.join(this.folder, "backend"));
    await this.api.listen({ port: 0, host: "127.0.0.1" });
    this.url = `http://127.0.0.1:${(this.api.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.api.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private get pulumiHome(): string {
    return path.join(this.folder, "pulumi-home");
  }

  /** What a shell on this account has. */
  get environment(): Readonly<Record<string, string>> {
    return {
      LINODE_URL: this.url,
      LINODE_TOKEN: TOKEN,
      LINODE_FENCING_TOKEN: FENCING_TOKEN,
      LINODE_EVENT_POLL_MS: "20",
      PULUMI_HOME: this.pulumiHome,
      PULUMI_BACKEND_URL: `file://${path.join(this.folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "guestless",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PATH: `${homeBin(this.pulumiHome)}:${process.env["PATH"] ?? ""}`,
    };
  }
}

/** What a project needs beside its configuration. */
const LINKED = ["package.json", "tsconfig.json", "node_modules", "components", "config", "hosts", "policy"];

/** This program, or one of the test's own, with its stack on a {@link Guestless} account. */
export class GuestlessStack {
  readonly folder: string;

  /** @param config what a user writes below `config:`, with the project's prefix. */
  constructor(
    private readonly account: Guestless,
    readonly stack: string,
    config: Readonly<Record<string, unknown>>,
  ) {
    this.folder = fs.mkdtempSync(path.join(account.folder, `${stack}-`));
    for (const name of [...LINKED, "index.ts", "Pulumi.yaml"]) {
      if (fs.existsSync(path.join(projectRoot, name))) this.link(path.join(projectRoot, name), name);
    }
    fs.mkdirSync(path.join(this.folder, "stacks"));
    for (const name of fs.readdirSync(path.join(projectRoot, "stacks")).filter((file) => file.endsWith(".ts"))) {
      this.link(path.join(projectRoot, "stacks", name), path.join("stacks", name));
    }
    this.configure(config);
  }

  private link(target: string, name: string): void {
    fs.symlinkSync(target, path.join(this.folder, name));
  }

  /** Replaces the stack's configuration; `undefined` values are left out. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.folder, "stacks", `Pulumi.${this.stack}.yaml`);
    const salt = fs.existsSync(file) ? /^encryptionsalt:.*$/m.exec(fs.readFileSync(file, "utf8"))?.[0] : undefined;
    fs.writeFileSync(file, `${salt === undefined ? "" : `${salt}\n`}${stringify({ config })}`);
  }

  /** Replaces the program, or (without a text) takes the product's own again. */
  program(text?: string): void {
    const file = path.join(this.folder, "index.ts");
    fs.rmSync(file);
    if (text === undefined) this.link(path.join(projectRoot, "index.ts"), "index.ts");
    else fs.writeFileSync(file, text);
  }

  pulumi(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
    const command = ["pulumi", ...args, "--stack", this.stack, "--non-interactive"];
    return run(command, { cwd: this.folder, env: { ...this.account.environment, ...env }, seconds: 300 });
  }

  async pulumiOk(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.pulumi(args, env);
    if (code !== 0) {
      throw new Error(`pulumi ${args.join(" ")} ended with ${code}\n${stdout.slice(-6000)}\n${stderr.slice(-3000)}`);
    }
    return stdout;
  }

  async init(): Promise<void> {
    const { code, stderr } = await run(["pulumi", "stack", "init", this.stack, "--non-interactive"], {
      cwd: this.folder,
      env: this.account.environment,
    });
    if (code !== 0) throw new Error(`pulumi stack init: ${stderr}`);
  }

  /** From nothing to the deployed stack. */
  async up(): Promise<void> {
    await this.init();
    await this.pulumiOk(["up", "--yes", "--skip-preview"]);
  }
}
