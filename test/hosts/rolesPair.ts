import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { renderStep } from "../../hosts/bundle";
import { parseResult, renderSecrets, type HostRole } from "../../hosts/contract";
import { buildImage } from "../../lab/image/build";
import type { MachineSpec, NetworkInterface } from "../../lab/machines/contract";
import { createDisks, type LabDisks } from "../../lab/machines/disks";
import { createMachines, type UmlMachines } from "../../lab/machines/umlMachines";
import { METADATA_ADDRESS, removeNamespace } from "../../lab/network/namespace";
import { createNetworks } from "../../lab/network/networks";

/** What a command on a host answered. */
export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The names of the two hosts. */
export type NodeName = "web1" | "web2";
/** Both. */
export const nodeNames: readonly NodeName[] = ["web1", "web2"];

/** Block devices of each host beside its boot disk, by slot. Smaller than Linode's, so that a full sync is soon over. */
export const volumes = {
  // A resync of zeros runs at some 10 MB/s here (a guest's discards are small), and one test waits for a whole one.
  sdb: { name: "www", sizeMiB: 512 },
  sdc: { name: "data", sizeMiB: 256 },
  sdd: { name: "foreign", sizeMiB: 128 },
} as const;

const number = { web1: 1, web2: 2 } as const;
const idOf = (node: NodeName): number => 600 + number[node];

/** The public and the interconnect address of a host. */
export const addresses = (node: NodeName): { readonly public4: string; readonly inner: string } => ({
  public4: `198.51.100.3${number[node]}`,
  inner: `10.20.0.3${number[node]}`,
});

const interfaces = (node: NodeName): readonly NetworkInterface[] => [
  {
    kind: "public",
    name: "eth0",
    mac: `f2:3c:95:00:06:0${number[node]}`,
    ipv4: [`${addresses(node).public4}/24`],
    ipv4Gateway: "198.51.100.1",
    ipv6: `2001:db8:1::6${number[node]}/64`,
    ipv6Gateway: "fe80::1",
    ipv6Ranges: [],
  },
  {
    kind: "vlan",
    name: "eth1",
    mac: `f2:3c:95:00:07:0${number[node]}`,
    vlan: "pair",
    ipam: `${addresses(node).inner}/24`,
  },
];

const spec = (node: NodeName): MachineSpec => ({
  id: idOf(node),
  label: node,
  region: "us-east",
  memoryMiB: 768,
  vcpus: 1,
  devices: [
    { slot: "sda", storage: `${node}-boot` },
    ...Object.entries(volumes).map(([slot, { name }]) => ({
      slot: slot as "sdb",
      storage: `${node}-${name}`,
      serial: `Linode_Volume_${node}-${name}`,
    })),
  ],
  rootDevice: "/dev/sda",
  kernel: "distribution",
  interfaces: interfaces(node),
  networkHelper: true,
  runLevel: "default",
});

// Node runs the sources as they are, through the compiler that the tests use.
const METADATA_PROGRAM = `
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");
require.extensions[".ts"] = (module, file) => module._compile(transformSync(readFileSync(file, "utf8"), {
  filename: file, jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } }).code, file);
const [stateFile, namespace, userData] = process.argv.slice(1);
const { createMetadataServer } = require("./lab/metadata/server.ts");
const { createNetworks } = require("./lab/network/networks.ts");
createMetadataServer({
  machineAt: (address) => createNetworks({ namespace, stateFile }).machineAt(address),
  metadataFor: (id) => ({ instance: { id, label: "host" }, userData, network: {}, sshKeys: {} }),
}).listen({ host: "${METADATA_ADDRESS}", port: 80 });
`;

/** Two real hosts of the lab's, without its API: for roles alone. */
export class RolesPair {
  private constructor(
    private readonly base: string,
    private readonly namespace: string,
    private readonly disks: LabDisks,
    private readonly machines: UmlMachines,
    private readonly metadata: { readonly pid: number },
    private readonly image: string,
    private readonly login: string,
  ) {}

  static async start(image: string): Promise<RolesPair> {
    const base = mkdtempSync(join(tmpdir(), "linode-roles-"));
    const namespace = `linode-roles-${process.pid}`;
    const cacheDir =
      process.env.LINODE_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "linode-lab");
    const disks = createDisks({
      stateDir: join(base, "disks"),
      images: { [image]: await buildImage({ cacheDir, image }) },
    });
    const machines = createMachines({ stateDir: join(base, "machines"), namespace, disks });
    const stateFile = join(base, "network.json");
    const networks = createNetworks({ namespace, stateFile });
    await networks.ready();
    for (const node of nodeNames) await networks.apply(idOf(node), { interfaces: interfaces(node), shared: [] });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(base, "key")]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(base, "host")]);
    const login = readFileSync(join(base, "key.pub"), "utf8").trim();
    const hostKey = readFileSync(join(base, "host.pub"), "utf8").trim();
    writeFileSync(
      join(base, "known_hosts"),
      nodeNames.map((node) => `${addresses(node).public4} ${hostKey}\n`).join(""),
    );
    const config = { ssh_keys: { ed25519_private: readFileSync(join(base, "host"), "utf8"), ed25519_public: hostKey } };
    const userData = Buffer.from(`#cloud-config\n${JSON.stringify(config)}\n`).toString("base64");
    const child = spawn(
      "nsenter",
      [`--net=/run/netns/${namespace}`, process.execPath, "-e", METADATA_PROGRAM, stateFile, namespace, userData],
      { stdio: ["ignore", "ignore", "inherit"], cwd: join(__dirname, "..", "..") },
    );
    const pair = new RolesPair(base, namespace, disks, machines, { pid: child.pid as number }, image, login);
    for (const node of nodeNames) {
      await pair.freshBootDisk(node);
      for (const { name } of Object.values(volumes)) await pair.blankVolume(node, name);
    }
    await Promise.all(nodeNames.map((node) => pair.boot(node)));
    return pair;
  }

  /** The public key that logs in. */
  get loginKey(): string {
    return this.login;
  }

  async stop(): Promise<void> {
    for (const node of nodeNames) await this.machines.kill(idOf(node));
    this.machines.close();
    process.kill(this.metadata.pid);
    await removeNamespace(this.namespace);
    rmSync(this.base, { recursive: true, force: true });
    rmSync(join("/run/linode-lab", this.namespace), { recursive: true, force: true });
  }

  async boot(node: NodeName): Promise<void> {
    await this.machines.start(spec(node));
    await this.until(
      `${node} answers`,
      async () => (await this.ssh(node, "test -e /run/cloud-init/result.json")).status === 0,
      240,
    );
  }

  /** A power cut: what was not synced is lost. */
  async cut(node: NodeName): Promise<void> {
    await this.machines.kill(idOf(node));
  }

  /** Another machine in the node's place: a new boot disk; the volumes as they are, or as {@link blankVolume} left them. */
  async freshBootDisk(node: NodeName): Promise<void> {
    await this.disks.remove(`${node}-boot`).catch(() => undefined);
    await this.disks.createFromImage(`${node}-boot`, 4096, {
      image: this.image,
      authorizedKeys: [this.login],
      hostname: node,
    });
  }

  async blankVolume(node: NodeName, name: string): Promise<void> {
    const size = Object.values(volumes).find((volume) => volume.name === name)?.sizeMiB ?? 0;
    await this.disks.remove(`${node}-${name}`).catch(() => undefined);
    await this.disks.createBlank(`${node}-${name}`, size);
  }

  ssh(node: NodeName, command: string, input = ""): Promise<Answer> {
    const options = [
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${join(this.base, "known_hosts")}`,
      "ConnectTimeout=5",
      "ServerAliveInterval=10",
    ];
    const child = spawn("nsenter", [
      `--net=/run/netns/${this.namespace}`,
      "ssh",
      ...options.flatMap((option) => ["-o", option]),
      "-i",
      join(this.base, "key"),
      `root@${addresses(node).public4}`,
      command,
    ]);
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    child.stdin.on("error", () => undefined).end(input);
    return new Promise((resolve) => child.on("close", (status) => resolve({ status, ...said })));
  }

  /** What a command says on a host; throws where it fails. */
  async must(node: NodeName, command: string): Promise<string> {
    const { status, stdout, stderr } = await this.ssh(node, command);
    if (status !== 0) throw new Error(`${node}: \`${command}\` ended with ${status}: ${stderr || stdout}`);
    return stdout.trim();
  }

  /** Runs a step as a deployment does. */
  run<P, R>(
    node: NodeName,
    step: string,
    role: HostRole<P, R>,
    params: P,
    secrets: Record<string, string> = {},
  ): Promise<Answer> {
    return this.ssh(node, renderStep(role, params, { step, node, machine: "1" }), renderSecrets(role, secrets));
  }

  /** Runs a step that must succeed, and gives its result. */
  async step<P, R>(
    node: NodeName,
    step: string,
    role: HostRole<P, R>,
    params: P,
    secrets: Record<string, string> = {},
  ): Promise<R> {
    const { status, stdout, stderr } = await this.run(node, step, role, params, secrets);
    if (status !== 0) throw new Error(`${node}: step ${step} ended with ${status}: ${stderr.slice(-3000)}`);
    return parseResult(role, stdout);
  }

  async until(what: string, check: () => Promise<boolean>, seconds: number): Promise<number> {
    const begun = Date.now();
    while (!(await check())) {
      if (Date.now() - begun > seconds * 1000) throw new Error(`After ${seconds} s still not: ${what}`);
      await delay(500);
    }
    return (Date.now() - begun) / 1000;
  }

  /** Both nodes' own health checks are content. */
  healthy(seconds: number): Promise<number> {
    const one = async (node: NodeName) => (await this.ssh(node, "ha-health")).status === 0;
    return this.until(
      "both nodes are healthy",
      async () => (await Promise.all(nodeNames.map(one))).every(Boolean),
      seconds,
    );
  }
}
