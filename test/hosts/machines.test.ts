import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildImage } from "../../lab/image/build";
import type { FirewallPolicy, MachineSpec, NetworkInterface } from "../../lab/machines/contract";
import { createDisks, type LabDisks } from "../../lab/machines/disks";
import { createMachines, type UmlMachines } from "../../lab/machines/umlMachines";

import { METADATA_ADDRESS, removeNamespace } from "../../lab/network/namespace";
import { createNetworks, type RoutedNetworks } from "../../lab/network/networks";

const NAMESPACE = `linode-test-${process.pid}`;
/** Roles and the dual-primary stack run on the other kernel. */
const IMAGE = process.env.MACHINES_IMAGE ?? "private/13";
const BOOT_MS = 180_000;
const base = mkdtempSync(join(tmpdir(), "linode-machines-"));
const cacheDir =
  process.env.LINODE_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "linode-lab");

interface Host {
  readonly id: number;
  readonly label: string;
  readonly public4: string;
  readonly private4: string;
  readonly vlan4: string;
}

const host = (id: number, label: string, n: number): Host => ({
  id,
  label,
  public4: `198.51.100.${n}`,
  private4: `192.168.130.${n}`,
  vlan4: `10.20.0.${n}`,
});
const one = host(501, "one", 21);
const two = host(502, "two", 22);

const interfaces = ({ id, public4, private4, vlan4 }: Host): readonly NetworkInterface[] => [
  {
    kind: "public",
    name: "eth0",
    mac: `f2:3c:95:00:00:${id - 480}`,
    ipv4: [`${public4}/24`, `${private4}/17`],
    ipv4Gateway: "198.51.100.1",
    ipv6: `2001:db8:1::${id}/64`,
    ipv6Gateway: "fe80::1",
    ipv6Ranges: [],
  },
  { kind: "vlan", name: "eth1", mac: `f2:3c:95:00:01:${id - 480}`, vlan: "pair", ipam: `${vlan4}/24` },
];

const spec = (of: Host): MachineSpec => ({
  id: of.id,
  label: of.label,
  region: "us-east",
  memoryMiB: 768,
  vcpus: 1,
  devices: [
    { slot: "sda", storage: `disk-${of.id}` },
    { slot: "sdb", storage: `swap-${of.id}` },
    { slot: "sdc", storage: `volume-${of.id}`, serial: `Linode_Volume_${of.label}-data` },
  ],
  rootDevice: "/dev/sda",
  kernel: "distribution",
  interfaces: interfaces(of),
  networkHelper: true,
  runLevel: "default",
});

// Hosts boot in some of these tests.
jest.setTimeout(300_000);

let disks: LabDisks;
let machines: UmlMachines;
let networks: RoutedNetworks;
let metadata: { pid: number } | undefined;

const path = (name: string): string => join(base, name);
const inside = (command: string, ...args: string[]): string[] => [`--net=/run/netns/${NAMESPACE}`, command, ...args];

/** Runs a command on a host over SSH, checking the host key that was made before the host was. */
function ssh(of: Host, command: string, timeout = 20_000): { status: number | null; stdout: string; stderr: string } {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${path("known_hosts")}`,
    "ConnectTimeout=5",
  ];
  const args = [...options.flatMap((option) => ["-o", option]), "-i", path("key"), `root@${of.public4}`, command];
  return spawnSync("nsenter", inside("ssh", ...args), { encoding: "utf8", timeout });
}

function must(of: Host, command: string): string {
  const { status, stdout, stderr } = ssh(of, command, 60_000);
  if (status !== 0) throw new Error(`${of.label}: \`${command}\` ended with ${status}: ${stderr || stdout}`);
  return stdout.trim();
}

async function until(what: string, check: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s still not: ${what}`);
    await delay(250);
  }
}

const up = (of: Host): Promise<void> =>
  until(
    `${of.label} answers over SSH, cloud-init done`,
    () => ssh(of, "test -e /run/cloud-init/result.json").status === 0,
    BOOT_MS,
  );

const reaches = (of: Host, address: string): boolean => ssh(of, `ping -c 2 -i 0.3 -W 1 -q ${address}`).status === 0;

function key(name: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path(name)]);
  return readFileSync(path(`${name}.pub`), "utf8").trim();
}

/** The metadata service, in the namespace, as a process of its own: this test's own stays outside. */
function serveMetadata(userData: Readonly<Record<number, string>>): { pid: number } {
  writeFileSync(path("user-data.json"), JSON.stringify(userData), { mode: 0o600 });
  const child = spawn("nsenter", inside(process.execPath, "-e", METADATA_PROGRAM, base, NAMESPACE), {
    stdio: ["ignore", "ignore", "inherit"],
    cwd: join(__dirname, "..", ".."),
  });
  // Should anything below fail, it must not keep this test's process.
  child.unref();
  return { pid: child.pid as number };
}

// Node runs the sources as they are, through the compiler that the tests use.
const METADATA_PROGRAM = `
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");
require.extensions[".ts"] = (module, file) => module._compile(transformSync(readFileSync(file, "utf8"), {
  filename: file, jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } }).code, file);
const [base, namespace] = process.argv.slice(1);
const { createMetadataServer } = require("./lab/metadata/server.ts");
const { createNetworks } = require("./lab/network/networks.ts");
const data = JSON.parse(readFileSync(base + "/user-data.json", "utf8"));
createMetadataServer({
  machineAt: (address) => createNetworks({ namespace, stateFile: base + "/network.json" }).machineAt(address),
  metadataFor: (id) => ({ instance: { id, label: "host" }, userData: data[id], network: {}, sshKeys: {} }),
}).listen({ host: "${METADATA_ADDRESS}", port: 80 });
`;

beforeAll(async () => {
  const image = await buildImage({ cacheDir, image: IMAGE });
  disks = createDisks({ stateDir: path("disks"), images: { [IMAGE]: image } });
  machines = createMachines({ stateDir: path("machines"), namespace: NAMESPACE, disks });
  networks = createNetworks({ namespace: NAMESPACE, stateFile: path("network.json") });
  await networks.ready();
  const login = key("key");
  const userData: Record<number, string> = {};
  for (const each of [one, two]) {
    const known = key(`host-${each.label}`);
    writeFileSync(path("known_hosts"), `${each.public4} ${known}\n`, { flag: "a" });
    const config = {
      hostname: each.label,
      ssh_keys: { ed25519_private: readFileSync(path(`host-${each.label}`), "utf8"), ed25519_public: known },
      ssh_authorized_keys: [login],
      write_files: [{ path: "/etc/from-user-data", content: `${each.label}\n` }],
      runcmd: [["touch", "/root/runcmd"]],
    };
    userData[each.id] = Buffer.from(`#cloud-config\n${JSON.stringify(config)}\n`).toString("base64");
    await networks.apply(each.id, { interfaces: interfaces(each), shared: [] });
  }
  metadata = serveMetadata(userData);
  for (const each of [one, two]) {
    await disks.createFromImage(`disk-${each.id}`, 4096, { image: IMAGE, authorizedKeys: [], hostname: "localhost" });
    await disks.createFilesystem(`swap-${each.id}`, 512, "swap");
    await disks.createBlank(`volume-${each.id}`, 10_240);
  }
  await Promise.all([one, two].map((of) => machines.start(spec(of))));
  await Promise.all([one, two].map(up));
}, 900_000);

afterAll(async () => {
  if (metadata !== undefined) process.kill(metadata.pid);
  for (const each of [one, two]) await machines.kill(each.id);
  machines.close();
  await removeNamespace(NAMESPACE);
  rmSync(base, { recursive: true, force: true });
  rmSync(join("/run/linode-lab", NAMESPACE), { recursive: true, force: true });
});

describe("a booted host", () => {
  test("has what its user data asked for, behind a host key that was known beforehand", () => {
    expect(must(one, "hostname; cat /etc/from-user-data; ls /root/runcmd; ls /etc/ssh/ssh_host_*")).toBe(
      "one\none\n/root/runcmd\n/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub",
    );
  });

  test("has its volume under the platform's name, and nothing failed", () => {
    expect(must(one, "readlink -f /dev/disk/by-id/scsi-0Linode_Volume_one-data /dev/sdc")).toBe("/dev/ubdc\n/dev/ubdc");
    expect(must(one, "blockdev --getsize64 /dev/disk/by-id/scsi-0Linode_Volume_one-data")).toBe(`${10 * 2 ** 30}`);
    expect(must(one, "swapon --show=NAME --noheadings")).toBe("/dev/ubdb");
    expect(must(one, "systemctl --failed --no-legend")).toBe("");
  });

  test("loads DRBD and OCFS2 from its own kernel's modules, and installs packages without a network", () => {
    expect(must(one, "modprobe -a drbd ocfs2 ocfs2_stack_o2cb && head -1 /proc/drbd")).toContain("8.4.11");
    must(
      one,
      "apt-get update -q=2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q=2 attr </dev/null && setfattr --version",
    );
  });
});

describe("the network", () => {
  test("carries VLAN, private, public and IPv6 traffic between hosts", () => {
    for (const address of [two.vlan4, two.private4, two.public4, `2001:db8:1::${two.id}`]) {
      expect([address, reaches(one, address)]).toEqual([address, true]);
    }
  });

  test("drops what comes from an address that the host may not use", () => {
    must(one, "ip address add 198.51.100.99/32 dev lo");
    expect(ssh(one, `ping -c 2 -i 0.3 -W 1 -q -I 198.51.100.99 ${two.public4}`).status).not.toBe(0);
    const before = must(two, "nstat -asz IcmpInEchos | awk '/IcmpInEchos/{print $2}'");
    ssh(one, `ping -c 2 -i 0.3 -W 1 -q -I 198.51.100.99 ${two.public4}`);
    expect(must(two, "nstat -asz IcmpInEchos | awk '/IcmpInEchos/{print $2}'")).toBe(before);
    must(one, "ip address del 198.51.100.99/32 dev lo");
  });

  test("filters by Cloud Firewall: established traffic and VLANs pass, the rest is judged by its rules", async () => {
    const ruled = (ports: string): FirewallPolicy => ({
      inbound: [{ protocol: "TCP", ports, ipv4: ["203.0.113.0/24"], ipv6: [], action: "ACCEPT" }],
      inboundPolicy: "DROP",
      outbound: [],
      outboundPolicy: "ACCEPT",
    });
    await networks.apply(two.id, { interfaces: interfaces(two), shared: [], firewall: ruled("22") });
    expect(reaches(one, two.public4)).toBe(false);
    expect(reaches(one, two.private4)).toBe(false);
    expect(reaches(one, two.vlan4)).toBe(true);
    // Its own connections have their answers, and the operator is let in by the rule.
    expect(reaches(two, one.public4)).toBe(true);
    await networks.apply(two.id, { interfaces: interfaces(two), shared: [], firewall: ruled("443") });
    expect(ssh(two, "true").status).not.toBe(0);
    await networks.apply(two.id, { interfaces: interfaces(two), shared: [] });
    expect(ssh(two, "true").status).toBe(0);
  });

  test("is cut where a partition is, at once, and whole again when it is healed", async () => {
    await networks.partition(one.id, two.id, "vlan");
    expect(reaches(one, two.vlan4)).toBe(false);
    expect(reaches(one, two.public4)).toBe(true);
    await networks.partition(one.id, two.id, "private");
    expect(reaches(one, two.private4)).toBe(false);
    expect(reaches(one, two.public4)).toBe(true);
    await networks.partition(one.id, two.id, "all");
    expect(reaches(one, two.public4)).toBe(false);
    await networks.heal();
    expect(reaches(one, two.vlan4)).toBe(true);
    expect(reaches(one, two.private4)).toBe(true);
  });
});

describe("disks and power", () => {
  test("a volume comes and goes while the host runs", async () => {
    await disks.createBlank("volume-900", 10_240);
    const name = "/dev/disk/by-id/scsi-0Linode_Volume_extra";
    await machines.attach(one.id, { slot: "sdd", storage: "volume-900", serial: "Linode_Volume_extra" });
    await until("the volume has its name", () => ssh(one, `test -b ${name}`).status === 0, 20_000);
    must(one, `mkfs.ext4 -q ${name} && mount ${name} /mnt`);
    await expect(machines.detach(one.id, "sdd")).rejects.toThrow(/cannot be detached[^]*Unmount/);
    must(one, "umount /mnt");
    await machines.detach(one.id, "sdd");
    await until("the volume is gone", () => ssh(one, `test -e ${name}`).status === 1, 20_000);
  });

  test("a frozen host is silent, and goes on where it was when thawed", async () => {
    await machines.freeze(two.id);
    expect(reaches(one, two.vlan4)).toBe(false);
    await machines.thaw(two.id);
    await until("the thawed host answers", () => reaches(one, two.vlan4), 20_000);
  });

  test("a power cut keeps what was synced and loses what was not", async () => {
    must(two, "echo kept >/root/synced && sync");
    must(two, "echo lost >/root/unsynced");
    await machines.kill(two.id);
    expect(machines.isRunning(two.id)).toBe(false);
    await machines.start(spec(two));
    await up(two);
    expect(must(two, "cat /root/synced; cat /root/unsynced 2>/dev/null | wc -c")).toBe("kept\n0");
  });

  test("a later process finds the hosts that run, and a guest's own power-off is told", async () => {
    machines.close();
    const exits: string[] = [];
    machines = createMachines({ stateDir: path("machines"), namespace: NAMESPACE, disks });
    machines.onExit((id, reason) => exits.push(`${id} ${reason}`));
    expect(await machines.adopt()).toEqual([one.id, two.id]);
    ssh(two, "systemctl poweroff");
    await until("the power-off is told", () => exits.length > 0, 60_000);
    expect(exits).toEqual([`${two.id} guest-poweroff`]);
    expect(machines.isRunning(two.id)).toBe(false);
  });

  test("a shutdown that was asked for is clean, and no news", async () => {
    const exits: number[] = [];
    machines.onExit((id) => exits.push(id));
    await machines.stop(one.id, 60);
    expect(machines.isRunning(one.id)).toBe(false);
    expect(readFileSync(machines.consoleLog(one.id), "utf8")).toMatch(/reboot: (Power down|System halted)/);
    await delay(600);
    expect(exits).toEqual([]);
    expect(await machines.adopt()).toEqual([]);
  });
});
