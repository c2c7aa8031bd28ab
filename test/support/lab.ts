import * as path from "node:path";
import { run, runOk, type RunOptions, type RunResult } from "./run";

export const projectRoot = path.join(__dirname, "..", "..");

/** The lab that tests run in: never the user's own. */
export const testLabName = process.env["LINODE_HA_TEST_LAB"] ?? "test";

/** A running local Linode, driven as a user drives it: by its command. */
export class Lab {
  constructor(readonly name: string = testLabName) {}

  /** Runs `linode-lab <args>`. */
  command(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run([path.join(projectRoot, "bin", "linode-lab"), "--lab", this.name, ...args], options);
  }

  private commandOk(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return runOk([path.join(projectRoot, "bin", "linode-lab"), "--lab", this.name, ...args], options);
  }

  async up(...args: readonly string[]): Promise<void> {
    await this.commandOk(["up", ...args], { seconds: 1200 });
  }

  async purge(): Promise<void> {
    await this.commandOk(["down", "--purge", "--force"], { seconds: 180 });
  }

  /** Runs a command inside the lab's network, with its environment. */
  exec(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.command(["exec", "--", ...command], options);
  }

  execOk(command: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.commandOk(["exec", "--", ...command], options);
  }

  /** Runs a shell text on a node as an operator would. */
  ssh(node: string, script: string, seconds = 60): Promise<RunResult> {
    return this.command(["ssh", node, "--", script], { seconds });
  }

  /** As {@link ssh}, for a node that may be down: what does not answer in time has exit code 255. */
  async probe(node: string, script: string, seconds = 20): Promise<RunResult> {
    try {
      return await this.command(["ssh", "--wait", "0", node, "--", script], { seconds });
    } catch (error) {
      return { code: 255, stdout: "", stderr: String(error) };
    }
  }

  async sshOk(node: string, script: string, seconds = 60): Promise<string> {
    return await this.commandOk(["ssh", node, "--", script], { seconds });
  }

  async fault(...args: readonly string[]): Promise<void> {
    await this.commandOk(["fault", ...args], { seconds: 120 });
  }

  /** One request to the API, as any client makes it. */
  async api(
    method: string,
    apiPath: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const environment = JSON.parse(await this.commandOk(["env", "--json"])) as Record<string, string>;
    const response = await fetch(`${environment["LINODE_URL"] ?? ""}/v4/${apiPath}`, {
      method,
      headers: { Authorization: `Bearer ${environment["LINODE_TOKEN"] ?? ""}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** What the lab's Linodes have mailed, the oldest first. */
  async mails(): Promise<
    readonly { readonly from: string; readonly to: readonly string[]; readonly message: string }[]
  > {
    return JSON.parse(await this.commandOk(["mail", "--json"])) as Awaited<ReturnType<Lab["mails"]>>;
  }

  async list(apiPath: string): Promise<Record<string, unknown>[]> {
    const { body } = await this.api("GET", `${apiPath}?page_size=500`);
    return body["data"] as Record<string, unknown>[];
  }
}
