import { execFileSync } from "child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";

import { ensurePlugins } from "../../../lab/engine/install";
import { packageRoot, pluginFolder } from "../../../lab/engine/layout";
import { withLock } from "../../../lab/engine/lock";
import { PLUGIN_VERSIONS } from "../../../lab/engine/versions";

const progress = () => undefined;

describe("ensurePlugins", () => {
  let home: string;
  const main = join(packageRoot(), "dist", "lab", "engine", "plugins", "main.js");
  let made = false;

  beforeAll(() => {
    // Only its being there counts here; whoever has compiled already keeps what is compiled.
    made = !existsSync(main);
    if (!made) return;
    mkdirSync(join(main, ".."), { recursive: true });
    writeFileSync(main, "");
  });
  afterAll(() => (made ? rmSync(main) : undefined));
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), "engine-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const program = (name: keyof typeof PLUGIN_VERSIONS) =>
    join(pluginFolder(home, name, PLUGIN_VERSIONS[name]), `pulumi-resource-${name}`);

  it("installs launchers of the lab's own, valid shell, and leaves them alone the second time", async () => {
    const plugins = await ensurePlugins({ pulumiHome: home, mode: "lab", progress });
    expect(plugins.map((plugin) => `${plugin.name} ${plugin.by}`)).toEqual(["random lab", "command lab", "linode lab"]);
    execFileSync("sh", ["-n", program("linode")]);
    expect(readFileSync(program("linode"), "utf8")).toContain(" 'linode' ");
    const before = statSync(program("random")).ino;
    await ensurePlugins({ pulumiHome: home, mode: "lab", progress });
    expect(statSync(program("random")).ino).toBe(before);
  });

  it("prefers a plugin that is not its own and never touches it", async () => {
    mkdirSync(join(program("random"), ".."), { recursive: true });
    writeFileSync(program("random"), "the vendor's", { mode: 0o755 });
    const [random] = await ensurePlugins({ pulumiHome: home, mode: "lab", progress });
    expect(random).toMatchObject({ name: "random", by: "vendor" });
    expect(readFileSync(program("random"), "utf8")).toBe("the vendor's");
  });

  it("names what is missing when only installed ones may be used", async () => {
    mkdirSync(join(program("random"), ".."), { recursive: true });
    writeFileSync(program("random"), "", { mode: 0o755 });
    const attempt = ensurePlugins({ pulumiHome: home, mode: "installed", progress });
    await expect(attempt).rejects.toThrow(/command 1\.2\.1 .*\n.*linode 5\.1\.1/);
    await expect(attempt).rejects.not.toThrow(/random 4/);
  });

  it("takes over the lock of a process that is gone", async () => {
    const lock = join(home, "lock");
    const dead = Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
    writeFileSync(lock, String(dead));
    await expect(withLock(lock, { timeoutMs: 5000, progress }, async () => "done")).resolves.toBe("done");
    expect(existsSync(lock)).toBe(false);
  });
});
