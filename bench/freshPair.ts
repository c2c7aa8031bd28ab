import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sshKeyPairFromSeed, type SshKeyPair } from "../components/internal/sshKeys";
import { renderUserData } from "../components/internal/userData";
import type { ApiClient } from "./apiClient";
import { BOOT_MIB, IMAGE, nodeNames, REGION, SWAP_MIB, TYPE, VOLUME, type NodeName } from "./names";

/** A Linode of a {@link FreshPair}. */
export interface FreshHost {
  readonly name: NodeName;
  readonly linodeId: number;
  readonly public4: string;
  readonly public6: string;
  /** On the VLAN between the two. */
  readonly inner: string;
  /** The data volume's stable name. */
  readonly device: string;
}

const DOMAIN = "example.org";
const newKey = (comment: string): SshKeyPair => sshKeyPairFromSeed(randomBytes(48).toString("hex"), comment);

/**
 * Two Linodes made through the API as `HaPair` makes them, side by side where it does: placement group, volumes, disks, configuration
 * profile, VLAN, firewall, host keys known beforehand. Booted, and nothing else done to them.
 */
export class FreshPair {
  private constructor(
    /** Private: `ssh_config` for {@link hosts}, the key it uses, and room for whoever builds the pair. */
    readonly folder: string,
    readonly hosts: readonly [FreshHost, FreshHost],
    /** When each was asked to boot, in milliseconds since 1970. */
    readonly bootedAt: readonly number[],
  ) {}

  static async create(api: ApiClient): Promise<FreshPair> {
    const login = newKey("bench");
    const hostKeys = nodeNames.map((name) => newKey(name));
    const group = await api.ask("POST", "placement/groups", {
      label: "bench",
      region: REGION,
      placement_group_type: "anti_affinity:local",
      placement_group_policy: "strict",
    });
    const made = await Promise.all(
      nodeNames.map((name, index) => createHost(api, name, index, group.id, hostKeys[index]!)),
    );
    const hosts = made as [Made, Made];
    await api.ask("POST", "networking/firewalls", {
      label: "bench",
      rules: {
        inbound_policy: "DROP",
        outbound_policy: "ACCEPT",
        inbound: [
          {
            label: "ssh",
            action: "ACCEPT",
            protocol: "TCP",
            ports: "22",
            addresses: { ipv4: ["203.0.113.0/24"] },
          },
        ],
        outbound: [],
      },
      devices: { linodes: hosts.map(({ linodeId }) => linodeId) },
    });
    const bootedAt = await Promise.all(hosts.map((host) => fillAndBoot(api, host, login)));
    const folder = mkdtempSync(join(tmpdir(), "linode-ha-bench-"));
    writeFileSync(join(folder, "login"), login.privateKey, { mode: 0o600 });
    writeFileSync(
      join(folder, "known_hosts"),
      hosts.map(({ public4 }, index) => `${public4} ${hostKeys[index]!.publicKey}\n`).join(""),
    );
    writeFileSync(join(folder, "ssh_config"), sshConfig(folder, hosts));
    return new FreshPair(folder, hosts, bootedAt);
  }

  async remove(api: ApiClient): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    await api.clear();
  }
}

type Made = FreshHost & { readonly volumeId: number };

async function createHost(
  api: ApiClient,
  name: NodeName,
  index: number,
  groupId: number,
  hostKey: SshKeyPair,
): Promise<Made> {
  const label = `${name}-${VOLUME}`;
  const volume = await api.ask("POST", "volumes", { label, region: REGION, size: 10, tags: ["bench"] });
  await api.untilStatus(`volumes/${volume.id}`, "active");
  const userData = renderUserData({ hostname: name, fqdn: `${name}.${DOMAIN}`, hostKey });
  const linode = await api.ask("POST", "linode/instances", {
    label: name,
    region: REGION,
    type: TYPE,
    private_ip: true,
    booted: false,
    tags: ["bench"],
    placement_group: { id: groupId },
    metadata: { user_data: Buffer.from(userData).toString("base64") },
  });
  await api.untilStatus(`linode/instances/${linode.id}`, "offline");
  return {
    name,
    linodeId: linode.id,
    public4: linode.ipv4.find((address) => !address.startsWith("192.168."))!,
    public6: linode.ipv6.split("/")[0]!,
    inner: `10.20.0.${index + 1}`,
    device: volume.filesystem_path,
    volumeId: volume.id,
  };
}

/** Disks, configuration profile, boot. Returns when the boot was asked for. */
async function fillAndBoot(api: ApiClient, host: Made, login: SshKeyPair): Promise<number> {
  const path = `linode/instances/${host.linodeId}`;
  const disk = async (body: object): Promise<number> => {
    const { id } = await api.ask("POST", `${path}/disks`, body);
    await api.untilStatus(`${path}/disks/${id}`, "ready");
    return id;
  };
  const [boot, swap] = await Promise.all([
    disk({
      label: "boot",
      size: BOOT_MIB,
      image: IMAGE,
      root_pass: randomBytes(30).toString("base64"),
      authorized_keys: [login.publicKey],
    }),
    disk({ label: "swap", size: SWAP_MIB, filesystem: "swap" }),
  ]);
  const config = await api.ask("POST", `${path}/configs`, {
    label: "ha",
    kernel: "linode/grub2",
    root_device: "/dev/sda",
    devices: { sda: { disk_id: boot }, sdb: { disk_id: swap }, sdc: { volume_id: host.volumeId } },
    interfaces: [{ purpose: "public" }, { purpose: "vlan", label: "bench", ipam_address: `${host.inner}/24` }],
    helpers: { devtmpfs_automount: true, distro: true, modules_dep: true, network: true, updatedb_disabled: true },
  });
  const asked = Date.now();
  await api.ask("POST", `${path}/boot`, { config_id: config.id });
  return asked;
}

function sshConfig(folder: string, hosts: readonly FreshHost[]): string {
  return [
    ...hosts.flatMap(({ name, public4 }) => [`Host ${name}`, `  HostName ${public4}`]),
    "Host *",
    "  User root",
    `  IdentityFile ${join(folder, "login")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${join(folder, "known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  StrictHostKeyChecking yes",
    "  BatchMode yes",
    "  ConnectTimeout 2",
    "  LogLevel ERROR",
    "",
  ].join("\n");
}
