import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectRoot } from "../support/lab";
import { run, runOk } from "../support/run";

const MINUTES = 60;
const EXAMPLE = `
import * as pulumi from "@pulumi/pulumi";
import { DrbdVolume, HaPair, Ocfs2Cluster, type HaPairArgs, type NodeEndpoint } from "linode-ha";

const args: HaPairArgs = {
  region: "eu-central",
  type: "g6-standard-2",
  nodes: ["web1", "web2"],
  domain: "example.org",
  disks: { volumes: { www: { sizeGiB: 10 } } },
  interconnect: { kind: "vlan", cidr: "10.20.0.0/24" },
  access: { adminCidrs: ["203.0.113.0/24"] },
};
const pair = new HaPair("web", args);
const www = new DrbdVolume("www", {
  nodes: pair.nodes,
  backing: { kind: "volume", name: "www" },
  mode: { kind: "dual-primary", acceptUnfenced: true },
});
const site = new Ocfs2Cluster("www", { volume: www, mountpoint: "/srv/www" });

export const endpoints: pulumi.Output<Record<string, NodeEndpoint>> = pair.endpoints;
export const mountpoint: string = site.mountpoint;
`;

describe("the package, as a new user gets it: packed, and installed into an empty project", () => {
  let folder: string;
  let installed: string;

  beforeAll(
    async () => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), "linode-ha-package-"));
      await runOk(["npm", "pack", "--silent", "--pack-destination", folder], {
        cwd: projectRoot,
        seconds: 5 * MINUTES,
      });
      const tarball = fs.readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "no tarball";
      fs.writeFileSync(
        path.join(folder, "package.json"),
        JSON.stringify({ name: "empty", version: "1.0.0", private: true }),
      );
      const install = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", `./${tarball}`];
      await runOk(install, { cwd: folder, seconds: 10 * MINUTES });
      installed = path.join(folder, "node_modules", "linode-ha");
    },
    15 * MINUTES * 1000,
  );

  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function compile(source: string): Promise<{ code: number; output: string }> {
    fs.writeFileSync(path.join(folder, "index.ts"), source);
    fs.writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "ES2022",
          module: "CommonJS",
          moduleResolution: "Node",
          esModuleInterop: true,
          // The types of Node.js are all that comes from elsewhere.
          types: ["node"],
          typeRoots: [path.join(projectRoot, "node_modules", "@types")],
        },
        files: ["index.ts"],
      }),
    );
    const tsc = path.join(projectRoot, "node_modules", ".bin", "tsc");
    const { code, stdout, stderr } = await run([tsc, "-p", folder], { cwd: folder, seconds: 2 * MINUTES });
    return { code, output: stdout + stderr };
  }

  test("a stack of one's own compiles, strictly", async () => {
    expect(await compile(EXAMPLE)).toEqual({ code: 0, output: "" });
  }, 150_000);

  test("a mistake in it does not", async () => {
    const { code, output } = await compile(EXAMPLE.replace('["web1", "web2"]', '["web1"]'));
    expect(code).not.toBe(0);
    expect(output).toContain("index.ts");
  }, 150_000);

  test("every exported component and every setting of its arguments carries its docstring", () => {
    for (const name of [
      ...["haPair", "drbdVolume", "ocfs2Cluster", "floatingIp", "linodeFencing"],
      ...["managers/pacemaker", "managers/heartbeat", "managers/manual"],
      ...["apacheServer", "ipForwarding", "lighttpdServer", "mailRelay", "mariadbServer", "packageDrift"].map(
        (service) => `services/${service}`,
      ),
      "services/postgresqlServer",
    ]) {
      const types = fs.readFileSync(path.join(installed, "dist", "components", `${name}.d.ts`), "utf8");
      expect(types).toMatch(/\*\/\nexport declare class \w+ extends pulumi\.ComponentResource/);
      expect(types).toMatch(/\*\/\nexport interface \w+Args/);
    }
  });

  test("it loads, and exports what the barrel does", async () => {
    const script = 'console.log(Object.keys(require("linode-ha")).sort().join(" "))';
    expect((await runOk(["node", "-e", script], { cwd: folder })).trim()).toBe(
      [
        "ApacheServer Backups Certificate DisasterSite DrbdVolume FloatingIp HaPair HeartbeatPair IpForwarding",
        "LighttpdServer LinodeFencing LocalFilesystem MailRelay ManualFailover MariadbMultiMaster MariadbReplica",
        "MariadbServer Monitoring NfsExport NfsMount NginxProxy Ocfs2Cluster PacemakerCluster PackageDrift",
        "PostgresqlServer RoundRobinDns ServerGroup UserError WordpressSite address drbd links mailTo mount",
        "service",
      ].join(" "),
    );
  });

  test.each([
    ["linode-lab", ["up", "down", "status", "ssh", "exec", "env", "logs", "forward", "fault"]],
    ["linode-ha", ["resume", "status", "switchover", "verify", "recover", "standby", "maintenance"]],
  ])("npx %s --help works there", async (command, words) => {
    const help = await runOk(["npx", "--no-install", command, "--help"], { cwd: folder });
    for (const word of words) {
      expect(help).toMatch(new RegExp(`^ +${word}\\b`, "m"));
    }
  });

  test("every file that is read at run time is in it, and no source, test or secret", () => {
    const tracked = execFileSync("git", ["ls-files", "hosts", "lab"], { cwd: projectRoot, encoding: "utf8" })
      .trim()
      .split("\n")
      .filter((file) => !file.endsWith(".ts"));
    expect(tracked.filter((file) => !fs.existsSync(path.join(installed, file)))).toEqual([]);
    const all = fs.readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(all.filter((file) => /(^|\/)(test|bench|stacks\/.*yaml)|(?<!\.d)\.ts$|\.tsbuildinfo$/.test(file))).toEqual(
      [],
    );
  });
});
