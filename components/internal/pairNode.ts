import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { HaNode, InterconnectAddress } from "../haNode";
import { childName } from "./naming";
import type { DevicePlan, NodePlan, PairPlan } from "./pairPlan";
import type { RollingChange } from "./rollingChange";
import { sshKeyPairFromSeed, type SshKeyPair } from "./sshKeys";
import { renderUserData } from "./userData";

/** What the two nodes of a pair share while they are built. */
export interface PairBuild {
  readonly name: string;
  readonly plan: PairPlan;
  readonly tags: readonly string[];
  /** One host alone has nobody to be kept away from. */
  readonly placementGroup: linode.PlacementGroup | undefined;
  readonly rolling: RollingChange;
  /** The stack's own login on both nodes. */
  readonly login: pulumi.Output<SshKeyPair>;
  readonly parent: pulumi.Resource;
}

/** A Linode with its storage, not booted yet. */
export interface PairMachine {
  readonly plan: NodePlan;
  readonly instance: linode.Instance;
  readonly volumes: ReadonlyMap<string, linode.Volume>;
  readonly hostKey: pulumi.Output<SshKeyPair>;
}

/** An SSH key pair that is known before the host that uses it exists, and stays when the host is replaced. */
export function sshKeys(name: string, comment: string, parent: pulumi.Resource): pulumi.Output<SshKeyPair> {
  // Not RandomBytes: the vendor's provider makes its value the resource's id, which stands in the state in plain.
  const seed = new random.RandomPassword(name, { length: 64, special: false }, { parent });
  return pulumi.secret(seed.result.apply((text) => sshKeyPairFromSeed(text, comment)));
}

/** The volumes and the Linode, empty and switched off. */
export function createMachine(build: PairBuild, node: NodePlan): PairMachine {
  const { name, plan, parent, tags } = build;
  const hostKey = sshKeys(childName(name, node.name, "hostkey"), node.fqdn, parent);
  const volumes = new Map(
    plan.devices.flatMap((device) =>
      device.kind === "volume" ? [[device.name, createVolume(build, node, device)] as const] : [],
    ),
  );
  const instanceName = childName(name, node.name);
  const instance = new linode.Instance(
    instanceName,
    {
      label: node.name,
      region: plan.region,
      type: plan.type,
      privateIp: true,
      tags: [...tags],
      alerts: plan.alerts,
      watchdogEnabled: true,
      ...(build.placementGroup === undefined ? {} : { placementGroup: { id: build.placementGroup.id.apply(Number) } }),
      metadatas: [
        {
          userData: hostKey.apply((key) =>
            Buffer.from(renderUserData({ hostname: node.name, fqdn: node.fqdn, hostKey: key })).toString("base64"),
          ),
        },
      ],
    },
    {
      parent,
      // Labels are unique in an account.
      deleteBeforeReplace: true,
      // A Linode must be gone, and its volumes detached with it, before a volume can be deleted.
      dependsOn: [...volumes.values()],
      hooks: build.rolling.machineHooks(instanceName, node.name),
      // Only a first boot reads user data. The vendor's provider would replace both Linodes for a changed letter in it.
      ignoreChanges: ["metadatas"],
    },
  );
  return { plan: node, instance, volumes, hostKey };
}

function createVolume(build: PairBuild, node: NodePlan, device: { name: string; sizeGiB: number }): linode.Volume {
  return new linode.Volume(
    childName(build.name, node.name, "volume", device.name),
    {
      // Attached by the configuration profile's device map, so that the profile never differs from what was asked for.
      label: volumeLabel(node.name, device.name),
      region: build.plan.region,
      size: device.sizeGiB,
      tags: [...build.tags],
    },
    { parent: build.parent, deleteBeforeReplace: true },
  );
}

function volumeLabel(node: string, device: string): string {
  return `${node}-${device}`.slice(0, 32);
}

/** Fills the Linode's disks, puts it behind the firewall and boots it. */
export function bootMachine(build: PairBuild, machine: PairMachine, firewall: linode.Firewall): HaNode {
  const { name, plan, parent } = build;
  const node = machine.plan;
  const linodeId = machine.instance.id.apply(Number);
  const whileItLives = { parent, deletedWith: machine.instance };
  const guarded = new linode.FirewallDevice(
    childName(name, node.name, "firewall"),
    { firewallId: firewall.id.apply(Number), entityId: linodeId, entityType: "linode" },
    { ...whileItLives, deleteBeforeReplace: true },
  );
  const rootPassword = new random.RandomPassword(childName(name, node.name, "root"), { length: 40 }, { parent });
  const disk = (role: string, args: Omit<linode.InstanceDiskArgs, "linodeId" | "label">): linode.InstanceDisk => {
    const diskName = childName(name, node.name, "disk", role);
    const hooks =
      role === "boot" ? build.rolling.bootDiskHooks(diskName, node.name) : build.rolling.hooks(diskName, node.name);
    return new linode.InstanceDisk(diskName, { linodeId, label: role, ...args }, { ...whileItLives, hooks });
  };

  const boot = disk("boot", {
    size: plan.bootMiB,
    image: node.image,
    rootPass: rootPassword.result,
    authorizedKeys: [pulumi.unsecret(build.login.publicKey)],
  });
  const devices: pulumi.Input<linode.types.input.InstanceConfigDevice>[] = [
    { deviceName: "sda", diskId: boot.id.apply(Number) },
  ];
  if (plan.swapMiB > 0) {
    const swap = disk("swap", { size: plan.swapMiB, filesystem: "swap" });
    devices.push({ deviceName: "sdb", diskId: swap.id.apply(Number) });
  }
  for (const device of plan.devices) {
    if (device.kind === "disk") {
      const raw = disk(device.name, { size: device.sizeMiB, filesystem: "raw" });
      devices.push({ deviceName: device.slot, diskId: raw.id.apply(Number) });
    } else {
      devices.push({ deviceName: device.slot, volumeId: machine.volumes.get(device.name)?.id.apply(Number) });
    }
  }
  const configName = childName(name, node.name, "config");
  const config = new linode.InstanceConfig(
    configName,
    {
      linodeId,
      label: plan.configLabel,
      // The distribution's own kernel, by its boot loader: the vendor's has neither DRBD nor OCFS2.
      kernel: "linode/grub2",
      rootDevice: "/dev/sda",
      device: devices,
      interfaces: [
        { purpose: "public" },
        ...(plan.interconnect.kind === "vlan"
          ? [{ purpose: "vlan", label: plan.interconnect.label, ipamAddress: node.vlanAddress }]
          : []),
      ],
      helpers: [{ devtmpfsAutomount: true, distro: true, modulesDep: true, network: true, updatedbDisabled: true }],
      booted: true,
    },
    {
      ...whileItLives,
      deleteBeforeReplace: true,
      // Nothing answers before the firewall stands.
      dependsOn: [guarded],
      hooks: build.rolling.hooks(configName, node.name),
    },
  );
  const connection = connectionTo(machine, build.login);
  build.rolling.addNode(node.name, connection);
  return {
    name: node.name,
    connection,
    addresses: {
      public4: primaryAddress(machine.instance),
      public6: bareAddress(machine.instance.ipv6),
      private4: machine.instance.privateIpAddress,
      interconnect: interconnectAddress(plan, machine),
    },
    identity: pulumi.interpolate`linode ${machine.instance.id}, boot disk ${boot.id}`,
    linodeId,
    devices: Object.fromEntries(plan.devices.map((device) => [device.name, pulumi.output(devicePath(node, device))])),
    owner: machine.instance,
    ready: [config],
  };
}

function connectionTo(machine: PairMachine, login: pulumi.Output<SshKeyPair>): HaNode["connection"] {
  return pulumi.secret(
    pulumi.all([primaryAddress(machine.instance), login, machine.hostKey]).apply(([host, keys, hostKey]) => ({
      host,
      port: 22,
      user: "root",
      privateKey: keys.privateKey,
      hostKey: hostKey.publicKey,
    })),
  );
}

/** The address that the Linode was born with. Its list of addresses is sorted, so a later one may come first there. */
function primaryAddress(instance: linode.Instance): pulumi.Output<string> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only attribute that says which one is the primary
  return instance.ipAddress;
}

function bareAddress(withPrefix: pulumi.Output<string>): pulumi.Output<string> {
  return withPrefix.apply((address) => address.split("/")[0] ?? address);
}

function interconnectAddress(plan: PairPlan, machine: PairMachine): InterconnectAddress {
  switch (plan.interconnect.kind) {
    case "vlan":
      return { family: "ipv4", address: pulumi.output(machine.plan.vlanAddress?.split("/")[0] ?? "") };
    case "private":
      return { family: "ipv4", address: machine.instance.privateIpAddress };
    case "public6":
      return { family: "ipv6", address: bareAddress(machine.instance.ipv6) };
  }
}

/** A volume by its stable name; a raw disk by the device that the configuration profile gives it. */
function devicePath(node: NodePlan, device: DevicePlan): string {
  return device.kind === "volume"
    ? `/dev/disk/by-id/scsi-0Linode_Volume_${volumeLabel(node.name, device.name)}`
    : `/dev/${device.slot}`;
}
