import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Lab, projectRoot } from "../support/lab";
import { pairConfig } from "../support/pairConfig";
import { run } from "../support/run";
import { StackProject } from "../support/stackProject";

const lab = new Lab();
const good = pairConfig(["bad1", "bad2"], { volume: "www", mountpoint: "/srv/www" });
const pair = good["pair"] as Record<string, unknown>;
const filesystem = { mountpoint: "/srv/www" };

describe("a configuration that cannot be, at the real engine", () => {
  const project = new StackProject(lab, "bad", good);

  beforeAll(async () => {
    await lab.up();
    await project.init();
  });

  afterAll(async () => {
    await project.remove();
  });

  /** Runs `up`, which must create nothing, and gives what it said. */
  async function refused(config: Record<string, unknown>, environment: Record<string, string> = {}): Promise<string> {
    project.configure({ ...good, ...config });
    const set = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
    const command = ["env", ...set, "pulumi", "up", "--yes", "--skip-preview", "--stack", "bad", "--non-interactive"];
    const { code, stdout, stderr } = await lab.exec(command, { cwd: project.folder, seconds: 120 });
    expect(code).not.toBe(0);
    for (const kind of ["linode/instances", "volumes", "networking/firewalls", "placement/groups"]) {
      expect(await lab.list(kind)).toEqual([]);
    }
    const said = stdout + stderr;
    expect(said).not.toMatch(/\n\s+at \S+ \(/);
    return said;
  }

  it("gives one report with every problem: path, value, what is allowed, what to do", async () => {
    const said = await refused({
      pair: { ...pair, regoin: "us-east", nodes: ["bad1", "bad1"], bootMiB: "8 GB" },
      volumes: {
        www: { backing: { kind: "volume", sizeGiB: 9 }, filesystem: { mountpoint: "srv/www" }, port: 70000 },
      },
      fencing: { kind: "none" },
    });
    for (const where of [
      "pair.regoin",
      "pair.nodes",
      "pair.bootMiB",
      "volumes.www.backing.sizeGiB",
      "volumes.www.filesystem.mountpoint",
      "volumes.www.port",
      "fencing.acceptUnfenced",
    ]) {
      expect(said).toContain(where);
    }
    expect(said).toMatch(/8 GB/);
    expect(said).toMatch(/allowed: a whole number, 10 to 16384/);
    // One report, not one and the engine's echo of it.
    expect(said.match(/pair\.regoin/g)).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      "a region that the API does not have",
      { pair: { ...pair, region: "us-esat" } },
      /pair\.region[^]*us-esat[^]*us-east/,
    ],
    ["a type that the API does not have", { pair: { ...pair, type: "g6-standrad-1" } }, /pair\.type[^]*g6-standard-1/],
    ["an image that is none", { pair: { ...pair, image: "linode/debian11" } }, /pair\.image[^]*linode\/debian1[23]/],
    [
      "a mount point used twice",
      { volumes: { www: { filesystem }, mail: { filesystem, port: 7789, minor: 1 } } },
      /volumes\.mail\.filesystem\.mountpoint|volumes\.www\.filesystem\.mountpoint/,
    ],
    [
      "a VLAN that overlaps the private network",
      { pair: { ...pair, interconnect: { kind: "vlan", cidr: "192.168.128.0/24" } } },
      /pair\.interconnect\.cidr[^]*192\.168\.128\.0\/24/,
    ],
    [
      "a file system that only one node may mount",
      { volumes: { www: { filesystem: { ...filesystem, type: "ext4" } } } },
      /volumes\.www\.filesystem\.type[^]*ext4[^]*ocfs2/,
    ],
  ])("refuses %s", async (_name, config, named) => {
    expect(await refused(config)).toMatch(named);
  });

  it("says that the token is missing, and where to set it", async () => {
    expect(await refused({}, { LINODE_TOKEN: "" })).toMatch(/LINODE_TOKEN/);
  });

  it("says that the token is not taken", async () => {
    expect(await refused({}, { LINODE_TOKEN: "0".repeat(64) })).toMatch(/token/i);
  });

  it("says that the API cannot be reached, and which", async () => {
    expect(await refused({}, { LINODE_URL: "http://127.0.0.1:9" })).toMatch(/127\.0\.0\.1:9/);
  });
});

describe("a machine that cannot be, for linode-lab", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-machine-"));
  const other = new Lab("other");

  afterAll(async () => {
    await other.purge();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("says that the lab does not run, and how to start it", async () => {
    const { code, stderr } = await other.exec(["true"]);
    // As container tools do: the command itself was not run.
    expect(code).toBe(125);
    expect(stderr).toMatch(/linode-lab .*up/);
  });

  it("says that a port is taken, and by what way out", async () => {
    const holder = net.createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, "127.0.0.1", () => resolve((holder.address() as net.AddressInfo).port));
    });
    try {
      const { code, stderr } = await other.command(["up", "--port", String(port)], { seconds: 120 });
      expect(code).not.toBe(0);
      expect(stderr).toContain(String(port));
      expect(stderr).toMatch(/--port/);
    } finally {
      holder.close();
    }
  });

  it("says that root is missing", async () => {
    const command = [path.join(projectRoot, "bin", "linode-lab"), "--lab", "other", "up"];
    // Without sudo on the way, as on a machine that has none.
    fs.mkdirSync(path.join(folder, "bin"));
    for (const name of ["node", "env", "bash", "sh", "dirname", "readlink"]) {
      fs.symlinkSync(
        execFileSync("sh", ["-c", `command -v ${name}`])
          .toString()
          .trim(),
        path.join(folder, "bin", name),
      );
    }
    fs.chmodSync(folder, 0o755);
    const { code, stderr } = await run(
      ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...command],
      {
        env: { PATH: path.join(folder, "bin"), HOME: folder, LINODE_LAB_STATE: "/nonexistent" },
        seconds: 60,
      },
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/root|sudo/);
    expect(stderr).not.toMatch(/\n\s+at \S+ \(/);
  });

  it("says that the disk is full, and where", async () => {
    const small = path.join(folder, "small");
    fs.mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
    try {
      const { code, stderr } = await run([path.join(projectRoot, "bin", "linode-lab"), "--lab", "other", "up"], {
        env: { LINODE_LAB_STATE: small },
        seconds: 120,
      });
      expect(code).not.toBe(0);
      expect(stderr).toContain(small);
      expect(stderr).toMatch(/space/);
      expect(stderr).not.toMatch(/\n\s+at \S+ \(/);
    } finally {
      await run([path.join(projectRoot, "bin", "linode-lab"), "--lab", "other", "down", "--purge"], {
        env: { LINODE_LAB_STATE: small },
        seconds: 60,
      });
      execFileSync("umount", [small]);
    }
  });
});
