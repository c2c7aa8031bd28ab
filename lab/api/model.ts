import type {
  DomainStatus,
  DomainType,
  Event,
  EventAction,
  Filesystem,
  LinodeStatus,
  PlacementGroupPolicy,
  PlacementGroupType,
  RecordType,
  VolumeStatus,
} from "@linode/api-v4";

/** Dates are kept as the API shows them: `2025-01-01T00:00:00`, UTC. */
export type Timestamp = string;

export interface Alerts {
  readonly cpu: number;
  readonly io: number;
  readonly network_in: number;
  readonly network_out: number;
  readonly transfer_quota: number;
}

export interface InstanceRecord {
  readonly id: number;
  readonly label: string;
  readonly group: string;
  readonly status: LinodeStatus | "resizing";
  readonly created: Timestamp;
  readonly updated: Timestamp;
  readonly type: string;
  readonly image: string | null;
  readonly region: string;
  readonly alerts: Alerts;
  readonly backups: { readonly enabled: boolean; readonly day: string | null; readonly window: string | null };
  readonly watchdog: boolean;
  readonly tags: readonly string[];
  readonly hostUuid: string;
  /** As it was given: base64. */
  readonly userData: string | null;
  readonly placementGroup: number | null;
  readonly maintenancePolicy: string;
  readonly diskEncryption: "enabled" | "disabled";
  /** The config it runs with. Null while it is off. */
  readonly bootedConfig: number | null;
  /** The config it last ran with: what a boot without a choice takes. */
  readonly lastConfig: number | null;
  /** When Lassie last booted it (milliseconds). */
  readonly lassie: readonly number[];
}

export interface DiskRecord {
  readonly id: number;
  readonly linodeId: number;
  readonly label: string;
  readonly status: "ready" | "not ready" | "deleting";
  readonly size: number;
  readonly filesystem: Filesystem;
  readonly encryption: "enabled" | "disabled";
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export type Device =
  { readonly disk_id: number; readonly volume_id: null } | { readonly disk_id: null; readonly volume_id: number };

export interface InterfaceRecord {
  readonly id: number;
  readonly purpose: "public" | "vlan";
  readonly label: string | null;
  readonly ipam_address: string | null;
  readonly primary: boolean;
}

export interface ConfigRecord {
  readonly id: number;
  readonly linodeId: number;
  readonly label: string;
  readonly comments: string;
  readonly kernel: string;
  readonly memory_limit: number;
  readonly root_device: string;
  readonly run_level: "default" | "single" | "binbash";
  readonly virt_mode: "paravirt" | "fullvirt";
  readonly initrd: string | null;
  readonly helpers: Readonly<Record<string, boolean>>;
  readonly devices: Readonly<Record<string, Device>>;
  readonly interfaces: readonly InterfaceRecord[];
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export interface VolumeRecord {
  readonly id: number;
  readonly label: string;
  readonly status: VolumeStatus;
  readonly size: number;
  readonly region: string;
  readonly linodeId: number | null;
  /** Where the running guest has it, when that is not where the booted configuration profile says. */
  readonly guestSlot?: string | null;
  readonly tags: readonly string[];
  readonly encryption: "enabled" | "disabled";
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

/** An IPv4 address. The key is the address itself. */
export interface AddressRecord {
  readonly id: string;
  readonly public: boolean;
  readonly linodeId: number;
  readonly region: string;
  readonly rdns: string | null;
  /** Order of allocation: the lowest public one of a Linode is its primary address. */
  readonly order: number;
}

/** A routed IPv6 range. The key is its first address, for example `2001:db8:100::`. */
export interface RangeRecord {
  readonly id: string;
  readonly prefix: number;
  readonly region: string;
  readonly linodeId: number | null;
  readonly created: Timestamp;
}

/** What is shared with a Linode: the whole list. The key is the receiver. */
export interface ShareRecord {
  readonly id: number;
  readonly ips: readonly string[];
}

export interface PlacementGroupRecord {
  readonly id: number;
  readonly label: string;
  readonly region: string;
  readonly type: PlacementGroupType;
  readonly policy: PlacementGroupPolicy;
}

export interface RuleRecord {
  readonly action: "ACCEPT" | "DROP";
  readonly protocol: "TCP" | "UDP" | "ICMP" | "IPENCAP" | "ALL";
  /** The protocol as it was given, where that was its number. */
  readonly number?: string;
  readonly ports?: string;
  readonly label?: string;
  readonly description?: string;
  readonly addresses?: { readonly ipv4?: readonly string[] | null; readonly ipv6?: readonly string[] | null } | null;
}

export interface FirewallRecord {
  readonly id: number;
  readonly label: string;
  readonly status: "enabled" | "disabled";
  readonly tags: readonly string[];
  readonly inbound: readonly RuleRecord[];
  readonly outbound: readonly RuleRecord[];
  /** The directions whose rules were given as null, and are shown so. */
  readonly unsaid?: readonly ("inbound" | "outbound")[];
  readonly inboundPolicy: "ACCEPT" | "DROP";
  readonly outboundPolicy: "ACCEPT" | "DROP";
  readonly version: number;
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export interface FirewallDeviceRecord {
  readonly id: number;
  readonly firewallId: number;
  readonly linodeId: number;
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export interface DomainRecordRecord {
  readonly id: number;
  readonly domainId: number;
  readonly type: RecordType;
  readonly name: string;
  readonly target: string;
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly service: string | null;
  readonly protocol: string | null;
  readonly ttl_sec: number;
  readonly tag: string | null;
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export interface DomainEntry {
  readonly id: number;
  readonly type: DomainType;
  readonly domain: string;
  readonly tags: readonly string[];
  readonly group: string;
  readonly status: DomainStatus;
  readonly description: string;
  readonly soa_email: string;
  readonly retry_sec: number;
  readonly refresh_sec: number;
  readonly expire_sec: number;
  readonly ttl_sec: number;
  readonly master_ips: readonly string[];
  readonly axfr_ips: readonly string[];
  readonly created: Timestamp;
  readonly updated: Timestamp;
}

export interface SshKeyRecord {
  readonly id: number;
  readonly label: string;
  readonly ssh_key: string;
  readonly username: string;
  readonly created: Timestamp;
}

export interface TokenRecord {
  readonly id: number;
  readonly label: string;
  readonly scopes: string;
  readonly username: string;
  /** Only its hash and its first 16 characters are kept. */
  readonly hash: string;
  readonly shown: string;
  readonly created: Timestamp;
  readonly expiry: Timestamp | null;
}

/** `details` is the API's, and new to the vendor's types. */
export type EventRecord = Event & { readonly id: number; readonly details: Readonly<Record<string, never>> };

/** What is going on or waiting. It is written down before the request is answered, so that a restart takes it up again. */
export interface JobRecord {
  readonly id: number;
  readonly kind: EventAction;
  readonly eventId: number;
  /** Jobs with the same queue run one after another, in the order they were asked for. */
  readonly queue: string;
  /** The Linode that is busy until this is done. Null: nobody is refused meanwhile. */
  readonly busy: number | null;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A few single values, by name. */
export interface SettingRecord {
  readonly id: string;
  readonly value: unknown;
}

export interface Tables {
  instances: InstanceRecord;
  disks: DiskRecord;
  configs: ConfigRecord;
  volumes: VolumeRecord;
  addresses: AddressRecord;
  ranges: RangeRecord;
  shares: ShareRecord;
  placementGroups: PlacementGroupRecord;
  firewalls: FirewallRecord;
  firewallDevices: FirewallDeviceRecord;
  domains: DomainEntry;
  domainRecords: DomainRecordRecord;
  sshKeys: SshKeyRecord;
  tokens: TokenRecord;
  events: EventRecord;
  jobs: JobRecord;
  settings: SettingRecord;
}
