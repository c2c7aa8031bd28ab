/**
 * What the Linode API may ask of the machines and the networks beneath it. The API knows nothing of User-Mode Linux,
 * taps or nftables; the machines know nothing of HTTP, events or labels. Tests of the API use an in-memory twin.
 */

/** A device of a Linode, as its config profile names it: `sda` to `sdp` (volumes attached without a slot take the next free one). */
export type DeviceSlot =
  `sd${"a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p"}`;

/** A disk or volume as a guest sees it. */
export interface BlockDevice {
  readonly slot: DeviceSlot;
  /** Names the backing storage in {@link Disks}: a disk's or a volume's identifier, for example `disk-1006`, `volume-1008`. */
  readonly storage: string;
  /** What the guest's `/dev/disk/by-id/scsi-0<serial>` shows, for example `Linode_Volume_web1-data`. Volumes have one, disks don't. */
  readonly serial?: string;
}

/** One address with its prefix length, for example `198.51.100.7/24` or `2001:db8:1::f03c:95ff:fe00:1/64`. */
export type Cidr = string;

/** A network interface of a Linode at its next boot. */
export type NetworkInterface =
  | {
      readonly kind: "public";
      /** `eth0`, `eth1` or `eth2`: the position in the config profile. */
      readonly name: string;
      readonly mac: string;
      /** All IPv4 addresses of the Linode: the first public one is the primary one; private ones (192.168.128.0/17) ride along. */
      readonly ipv4: readonly Cidr[];
      readonly ipv4Gateway: string;
      /** The SLAAC address. */
      readonly ipv6: Cidr;
      readonly ipv6Gateway: string;
      /** Routed ranges, /64 or /56. */
      readonly ipv6Ranges: readonly Cidr[];
    }
  | {
      readonly kind: "vlan";
      readonly name: string;
      readonly mac: string;
      /** The VLAN's label; Linodes of one region with the same label share one layer-2 segment. */
      readonly vlan: string;
      /** The address that Network Helper configures, if any. */
      readonly ipam?: Cidr;
    };

/** All that a Linode is made of while it runs. */
export interface MachineSpec {
  /** The Linode's id: the identity of the machine. */
  readonly id: number;
  readonly label: string;
  readonly region: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly devices: readonly BlockDevice[];
  /** `/dev/sda` and the like. */
  readonly rootDevice: string;
  /** `distribution`: the kernel that the disk's own boot loader would start (`linode/grub2`), with its modules. `linode`: the
   *  vendor's own kernel, which has neither DRBD nor OCFS2. */
  readonly kernel: "distribution" | "linode";
  readonly interfaces: readonly NetworkInterface[];
  /** Network Helper: the platform writes the guest's network configuration at each boot. */
  readonly networkHelper: boolean;
  /** Single user mode etc.: `default`, `single`, `binbash`. */
  readonly runLevel: "default" | "single" | "binbash";
}

export type StopReason = "guest-poweroff" | "killed";

/** The hosts. Every call is safe to repeat. Machines outlive the process that started them. */
export interface Machines {
  /** Starts a machine and returns when its kernel is running (not when it answers SSH). */
  start(spec: MachineSpec): Promise<void>;
  /** Asks the guest to shut down, waits, and cuts its power when `graceSeconds` are over. */
  stop(id: number, graceSeconds: number): Promise<void>;
  /** Cuts the power: nothing the guest had not written survives. */
  kill(id: number): Promise<void>;
  /** Stops the guest's clock and CPUs (`thaw` resumes them). Its network stays silent meanwhile. */
  freeze(id: number): Promise<void>;
  thaw(id: number): Promise<void>;
  isRunning(id: number): boolean;
  /** Attaches a device to a running machine. */
  attach(id: number, device: BlockDevice): Promise<void>;
  /** Detaches a device from a running machine; the guest sees it disappear. */
  detach(id: number, slot: DeviceSlot): Promise<void>;
  /** Called when a machine stops without {@link stop} or {@link kill} having been asked for (guest power-off, crash). */
  onExit(listener: (id: number, reason: StopReason) => void): void;
  /** Finds the machines that an earlier process left running. Returns their ids. */
  adopt(): Promise<readonly number[]>;
  /** The console log of a machine: a file. */
  consoleLog(id: number): string;
}

/** What a deployed image disk carries from the moment it is made. */
export interface ImageDeployment {
  /** `linode/debian13`, `linode/debian12` or one of the account's own, `private/13` to `private/15`. */
  readonly image: string;
  /** Root's password as crypt(3) hash (the clear text is never kept); absent: locked. */
  readonly rootPasswordHash?: string;
  readonly authorizedKeys: readonly string[];
  readonly hostname: string;
}

/** The storage behind disks and volumes. */
export interface Disks {
  /** An empty disk that reads as zeros (sparse). */
  createBlank(storage: string, sizeMiB: number): Promise<void>;
  createFilesystem(storage: string, sizeMiB: number, kind: "ext3" | "ext4" | "swap"): Promise<void>;
  createFromImage(storage: string, sizeMiB: number, deployment: ImageDeployment): Promise<void>;
  clone(from: string, to: string): Promise<void>;
  /** Grows a disk, or shrinks an image disk's file system. A shrink that would cut data off is an error. */
  resize(storage: string, sizeMiB: number): Promise<void>;
  /** Nothing happens when there is no such storage: an interrupted operation starts again with a removal. */
  remove(storage: string): Promise<void>;
  /** Sets root's password hash on an image disk that no machine uses. Absent: the API answers 501. */
  setRootPassword?(storage: string, hash: string): Promise<void>;
  /** The images that can be deployed on this machine. */
  images(): readonly string[];
}

/** One rule of a Cloud Firewall, as the API has it, with addresses resolved. */
export interface FirewallRule {
  readonly protocol: "TCP" | "UDP" | "ICMP" | "IPENCAP";
  /** `22`, `22,80`, `1000-2000` or mixed; empty for all. */
  readonly ports: string;
  readonly ipv4: readonly Cidr[];
  readonly ipv6: readonly Cidr[];
  readonly action: "ACCEPT" | "DROP";
}

export interface FirewallPolicy {
  readonly inbound: readonly FirewallRule[];
  readonly inboundPolicy: "ACCEPT" | "DROP";
  readonly outbound: readonly FirewallRule[];
  readonly outboundPolicy: "ACCEPT" | "DROP";
}

/** The network between the hosts, in namespaces of the lab's own. */
export interface Networks {
  /** What a machine's public interface may use and what may reach it. Called before `start`, and again whenever it changes. */
  apply(machine: number, wiring: MachineWiring): Promise<void>;
  /** Takes a deleted machine's wiring away. */
  remove(machine: number): Promise<void>;
  /** Which machine sends from this address (metadata service). */
  machineAt(address: string): number | undefined;
  partition(a: number, b: number, network: "all" | "public" | "private" | "vlan"): Promise<void>;
  heal(): Promise<void>;
}

export interface MachineWiring {
  /**
   * VLANs of the same label in different regions are different networks, and each region has route servers of its own. Default: all
   * are in one, which has the route servers of `us-east`.
   */
  readonly region?: string;
  readonly interfaces: readonly NetworkInterface[];
  /** Addresses of other Linodes that this one may use too (IP sharing): plain IPv4 addresses, and IPv6 ranges with their length. */
  readonly shared: readonly string[];
  /**
   * What of its own is shared with somebody (a range: with itself, too). The platform no longer routes it to its owner, but to
   * whoever announces it (or claims it by ARP, in a region of the older network). Default: nothing.
   */
  readonly floating?: readonly string[];
  /** Undefined: no firewall. VLAN interfaces are not filtered, as on Linode. */
  readonly firewall?: FirewallPolicy;
}
