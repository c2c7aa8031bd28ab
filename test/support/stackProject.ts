import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { projectRoot, type Lab } from "./lab";
import type { RunOptions, RunResult } from "./run";

/** What a project folder needs beside its own `stacks/` configuration. */
const LINKED = [
  "index.ts",
  "package.json",
  "tsconfig.json",
  "node_modules",
  "components",
  "config",
  "hosts",
  "Pulumi.yaml",
];

/** This program with a configuration of its own, in a folder of its own, so that tests write nothing into the checkout. */
export class StackProject {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-stack-"));

  /** What the lab has to have beside its usual image. */
  private readonly images: readonly string[];

  /** @param config what a user writes below `config:`, keys without the project's prefix. */
  constructor(
    readonly lab: Lab,
    readonly stack: string,
    config: Readonly<Record<string, unknown>>,
  ) {
    const { image } = (config["pair"] ?? config["hosts"] ?? {}) as { image?: string };
    this.images = image?.startsWith("private/") === true ? [image] : [];
    for (const name of LINKED) {
      fs.symlinkSync(path.join(projectRoot, name), path.join(this.folder, name));
    }
    fs.mkdirSync(path.join(this.folder, "stacks"));
    for (const name of fs.readdirSync(path.join(projectRoot, "stacks")).filter((file) => file.endsWith(".ts"))) {
      fs.symlinkSync(path.join(projectRoot, "stacks", name), path.join(this.folder, "stacks", name));
    }
    this.configure(config);
  }

  /** Replaces the stack's configuration. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.folder, "stacks", `Pulumi.${this.stack}.yaml`);
    const salt = fs.existsSync(file) ? /^encryptionsalt:.*$/m.exec(fs.readFileSync(file, "utf8"))?.[0] : undefined;
    const entries = Object.entries(config).map(([key, value]) => [`linode-ha:${key}`, value]);
    fs.writeFileSync(
      file,
      `${salt === undefined ? "" : `${salt}\n`}${stringify({ config: Object.fromEntries(entries) })}`,
    );
  }

  /** Replaces the program, or (without a text) takes the product's own again. */
  program(text?: string): void {
    const file = path.join(this.folder, "index.ts");
    fs.rmSync(file);
    if (text === undefined) fs.symlinkSync(path.join(projectRoot, "index.ts"), file);
    else fs.writeFileSync(file, text);
  }

  async init(): Promise<void> {
    const command = ["pulumi", "stack", "select", this.stack, "--create", "--non-interactive"];
    await this.lab.execOk(command, { cwd: this.folder });
  }

  /** From nothing to the deployed stack: the lab, the stack, and all in it. */
  async build(): Promise<void> {
    await this.lab.up(...this.images.flatMap((image) => ["--image", image]));
    await this.init();
    await this.up();
  }

  /** Runs `pulumi <args>` on this stack. */
  pulumi(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.lab.exec(["pulumi", ...args, "--stack", this.stack, "--non-interactive"], {
      cwd: this.folder,
      ...options,
    });
  }

  async pulumiOk(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.pulumi(args, options);
    if (result.code !== 0) {
      throw new Error(
        `pulumi ${args.join(" ")} ended with ${result.code}\n${result.stdout.slice(-8000)}\n${result.stderr.slice(-4000)}`,
      );
    }
    return result.stdout;
  }

  up(...args: readonly string[]): Promise<string> {
    return this.pulumiOk(["up", "--yes", "--skip-preview", ...args], { seconds: 1200 });
  }

  /** What `up` would change, as numbers by operation (`same` left out). */
  async pendingChanges(): Promise<Record<string, number>> {
    const text = await this.pulumiOk(["preview", "--json"], { seconds: 300 });
    const { changeSummary } = JSON.parse(text) as { changeSummary: Record<string, number> };
    return Object.fromEntries(Object.entries(changeSummary).filter(([operation]) => operation !== "same"));
  }

  async exportState(): Promise<string> {
    return await this.pulumiOk(["stack", "export"]);
  }

  /** Runs `linode-ha <args>` on this stack. */
  linodeHa(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const command = [path.join(projectRoot, "bin", "linode-ha"), ...args, "--stack", this.stack];
    return this.lab.exec(command, { cwd: this.folder, ...options });
  }

  /** Destroys what there is and removes the stack and the folder. */
  async remove(): Promise<void> {
    await this.pulumiOk(["destroy", "--yes", "--skip-preview"], { seconds: 600 });
    await this.pulumiOk(["stack", "rm", "--yes"]);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
