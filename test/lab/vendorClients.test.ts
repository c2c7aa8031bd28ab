import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import { TestLab, TOKEN } from "../unit/api/support";

const run = promisify(execFile);
const LINODE_CLI = "linode-cli==5.69.0";
const GO_PROGRAM = path.join(__dirname, "..", "support", "linodego");

/** The vendor's clients for people (`linode-cli`) and for Go, fetched through their ordinary package managers. */
describe("the vendor's clients", () => {
  let lab: TestLab;
  let url: string;
  let home: string;
  beforeAll(async () => {
    lab = new TestLab();
    url = await lab.listen();
    home = fs.mkdtempSync(path.join(os.tmpdir(), "vendor-clients-"));
  });
  afterAll(async () => {
    await lab.close();
    fs.rmSync(home, { recursive: true, force: true });
  });

  it("linodego lists, creates, boots, attaches, shares and deletes", async () => {
    const program = path.join(home, "linodego");
    await run("go", ["build", "-o", program, "."], { cwd: GO_PROGRAM });
    const { stdout } = await run(program, [], { env: { LINODE_URL: url, LINODE_TOKEN: TOKEN, HOME: home } });
    expect(stdout).toContain("ok: linode_boot finished");
    expect(stdout).toContain("ok: volume attached");
    expect(stdout).toContain("ok: the address is shared");
    expect(stdout.trim().split("\n").pop()).toBe("ok: a deleted Linode is not found");
  });

  it("linode-cli lists, creates, boots, attaches and deletes", async () => {
    const venv = path.join(home, "venv");
    await run("python3", ["-m", "venv", venv]);
    await run(path.join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", LINODE_CLI]);
    const cli = async (...args: string[]): Promise<readonly Record<string, unknown>[]> => {
      const { stdout } = await run(path.join(venv, "bin", "linode-cli"), ["--no-defaults", "--json", ...args], {
        env: {
          HOME: home,
          PATH: process.env["PATH"],
          LINODE_CLI_TOKEN: TOKEN,
          LINODE_CLI_API_HOST: new URL(url).host,
          LINODE_CLI_API_SCHEME: "http",
          LINODE_CLI_SUPPRESS_VERSION_WARNING: "1",
        },
      });
      return stdout.trim() === "" ? [] : (JSON.parse(stdout) as Record<string, unknown>[]);
    };
    const make = ["--label", "cli-web1", "--region", "us-east", "--type", "g6-standard-1", "--booted", "false"];
    const [linode] = await cli(
      "linodes",
      "create",
      ...make,
      "--image",
      "linode/debian13",
      "--root_pass",
      "correct horse",
    );
    const id = String(linode?.["id"]);
    await lab.idle();
    await cli("linodes", "boot", id);
    await lab.idle();
    expect((await cli("linodes", "list", "--label", "cli-web1"))[0]).toMatchObject({ status: "running" });
    const [volume] = await cli("volumes", "create", "--label", "cli-data", "--size", "10", "--region", "us-east");
    await lab.idle();
    await cli("volumes", "attach", String(volume?.["id"]), "--linode_id", id);
    await lab.idle();
    expect(lab.machines.running.get(Number(id))?.devices).toHaveLength(3);
    await cli("linodes", "shutdown", id);
    await lab.idle();
    await cli("linodes", "delete", id);
    await lab.idle();
    expect(await cli("linodes", "list", "--label", "cli-web1")).toEqual([]);
    expect((await cli("events", "list")).length).toBeGreaterThan(5);
  });
});
