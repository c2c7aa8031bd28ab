import type { BlockDevice, DeviceSlot, MachineSpec } from "./contract";
import type { DiskBacking } from "./disks";
import { LabError } from "./errors";

/** The places that belong to one guest. */
export interface GuestPlaces {
  readonly umid: string;
  readonly runDir: string;
  readonly seed: string;
  /** {@link ubd} of each device. */
  readonly devices: readonly string[];
  /** The tap behind an interface of the guest. */
  readonly tap: (interfaceName: string) => string;
}

/** The name of a slot's device in User-Mode Linux. */
export const ubdName = (slot: DeviceSlot): string => `ubd${slot.slice(2)}`;

/**
 * A device as User-Mode Linux wants it configured: `ubdbd=<file>`, or `ubda=<layer>,<image>`. Without an image, `d` keeps the kernel
 * from reading what a guest wrote there as the header of a copy-on-write layer, which may name any file of this machine.
 */
export function ubd(device: BlockDevice, { file, image }: DiskBacking): string {
  for (const part of [file, image ?? ""]) {
    if (/[\s,:]/.test(part)) {
      throw new LabError(
        `User-Mode Linux cannot use ${JSON.stringify(part)}: it has a space, a comma or a colon in it.`,
        {
          hint: "Set LINODE_LAB_STATE to a folder without these.",
        },
      );
    }
  }
  return image === undefined ? `${ubdName(device.slot)}d=${file}` : `${ubdName(device.slot)}=${file},${image}`;
}

/** The device that a machine boots from. Refuses a machine that could not start, with the reason. */
export function checkSpec(spec: MachineSpec): BlockDevice {
  if (spec.devices.length === 0) throw new LabError(`Linode ${spec.id} has no disk to boot from.`);
  const root = spec.devices.find((device) => `/dev/${device.slot}` === spec.rootDevice);
  if (root === undefined) {
    throw new LabError(`Linode ${spec.id} has nothing at its root device ${spec.rootDevice}.`, {
      hint: "Assign a disk to that slot in the config profile.",
    });
  }
  return root;
}

/** The command line of a guest. Pure; nothing in it is secret. */
export function umlArguments(spec: MachineSpec, places: GuestPlaces): readonly string[] {
  const wires = spec.interfaces.map(
    ({ name, mac }) =>
      `vec${name.replace("eth", "")}:transport=tap,ifname=${places.tap(name)},depth=128,gro=1,mac=${mac}`,
  );
  return [
    `mem=${spec.memoryMiB}M`,
    ...places.devices,
    `root=/dev/${ubdName(spec.rootDevice.replace("/dev/", "") as DeviceSlot)}`,
    "rw",
    `umid=${places.umid}`,
    `uml_dir=${places.runDir}/`,
    // Confines what the guest can see of this machine to its own orders.
    `hostfs=${places.seed}`,
    "init=/usr/lib/linode-lab/init",
    ...wires,
    "con=null",
    "con0=null,fd:2",
    "console=tty0",
    "net.ifnames=0",
    "panic=0",
  ];
}
