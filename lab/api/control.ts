import { imagesFrom } from "./catalog/images";
import { typeOf } from "./catalog/types";
import { instanceOf, type Context } from "./context";
import { invalid } from "./errors";
import type { Faults } from "./faults";
import type { InstanceRecord } from "./model";
import { addressesOf, linkLocalOf, slaacOf } from "./services/addresses";
import { callLassie } from "./services/power";
import { zonesOf, type Zone } from "./services/zone";
import { linodeAddressesView } from "./views/network";

/** What the metadata service of a Linode serves. */
export interface Metadata {
  /** `GET /v1/instance` as JSON. */
  readonly instance: Record<string, unknown>;
  /** `GET /v1/network` as JSON. */
  readonly network: Record<string, unknown>;
  /** `GET /v1/ssh-keys` as JSON. */
  readonly sshKeys: { readonly users: Readonly<Record<string, readonly string[]>> };
  /** `GET /v1/user-data`: base64, as it was given; null: none. */
  readonly userData: string | null;
}

/** One Linode, for people: what the `linode-lab` command shows and needs. */
export interface LabNode {
  readonly id: number;
  readonly label: string;
  readonly status: string;
  readonly region: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly publicIpv4: string | undefined;
  readonly publicIpv4s: readonly string[];
  readonly privateIpv4: string | undefined;
  readonly ipv6: string;
  readonly vlans: readonly { readonly label: string; readonly address: string | null }[];
}

/** What the daemon and the `linode-lab` command may do beside the API's own requests. */
export interface LabControl {
  readonly faults: Faults;
  /** All Linodes, the oldest first. */
  nodes(): LabNode[];
  /** The Linode with this label or id. */
  node(name: string): LabNode | undefined;
  metadataFor(linodeId: number): Metadata | undefined;
  /** The active domains, for the lab's name server. */
  zones(): Zone[];
  /** Cuts the power. Lassie boots the Linode again unless it is to stay down (or its watchdog is off, or has had enough). */
  powerCut(linodeId: number, options?: { readonly stayDown?: boolean }): Promise<void>;
  freeze(linodeId: number): Promise<void>;
  thaw(linodeId: number): Promise<void>;
  /** Resolves when no operation is in progress. */
  idle(): Promise<void>;
}

export function controlOf(ctx: Context): LabControl {
  const nodes = (): LabNode[] =>
    ctx.store
      .table("instances")
      .all()
      .map((linode) => nodeOf(ctx, linode));
  const demandRunning = (id: number): InstanceRecord => {
    const linode = instanceOf(ctx, id);
    if (!ctx.machines.isRunning(id)) throw invalid(`${linode.label} is not running (it is ${linode.status}).`);
    return linode;
  };
  return {
    faults: ctx.faults,
    nodes,
    node: (name) => nodes().find((each) => each.label === name || String(each.id) === name),
    metadataFor: (id) => {
      const linode = ctx.store.table("instances").get(id);
      return linode && metadataOf(ctx, linode);
    },
    zones: () => zonesOf(ctx),
    powerCut: async (id, options = {}) => {
      demandRunning(id);
      await ctx.machines.kill(id);
      // An operation in progress finds out by itself that the machine is gone.
      const linode = instanceOf(ctx, id);
      if (!ctx.jobs.isBusy(id)) callLassie(ctx, linode, !options.stayDown);
    },
    freeze: async (id) => ctx.machines.freeze(demandRunning(id).id),
    thaw: async (id) => ctx.machines.thaw(demandRunning(id).id),
    idle: () => ctx.jobs.idle(),
  };
}

function nodeOf(ctx: Context, linode: InstanceRecord): LabNode {
  const own = addressesOf(ctx, linode.id);
  const configId = linode.bootedConfig ?? linode.lastConfig;
  const configs = ctx.store.table("configs");
  const config = configId === null ? configs.find((each) => each.linodeId === linode.id) : configs.get(configId);
  const publicIpv4s = own.filter((each) => each.public).map((each) => each.id);
  return {
    id: linode.id,
    label: linode.label,
    status: linode.status,
    region: linode.region,
    type: linode.type,
    tags: linode.tags,
    publicIpv4: publicIpv4s[0],
    publicIpv4s,
    privateIpv4: own.find((each) => !each.public)?.id,
    ipv6: slaacOf(ctx, linode.id),
    vlans: (config?.interfaces ?? [])
      .filter((each) => each.purpose === "vlan")
      .map((each) => ({ label: each.label ?? "", address: each.ipam_address })),
  };
}

function metadataOf(ctx: Context, linode: InstanceRecord): Metadata {
  const type = typeOf(linode.type);
  const image = linode.image === null ? undefined : imagesFrom([linode.image])[0];
  const configId = linode.bootedConfig ?? linode.lastConfig;
  const config = configId === null ? undefined : ctx.store.table("configs").get(configId);
  const addresses = linodeAddressesView(ctx, linode);
  const withPrefix = (list: readonly { address: string; prefix: number }[]) =>
    list.map((each) => `${each.address}/${each.prefix}`);
  return {
    instance: {
      id: linode.id,
      host_uuid: linode.hostUuid,
      label: linode.label,
      region: linode.region,
      type: linode.type,
      tags: [...linode.tags],
      specs: {
        vcpus: type?.vcpus ?? 1,
        memory: type?.memory ?? 1024,
        gpus: 0,
        transfer: type?.transfer ?? 0,
        disk: type?.disk ?? 0,
      },
      backups: { enabled: linode.backups.enabled, status: null },
      account_euuid: "00000000-0000-4000-8000-000000000001",
      image: image ? { id: image.id, label: image.label } : null,
    },
    network: {
      interfaces: (config?.interfaces ?? []).map((each) => ({
        id: each.id,
        purpose: each.purpose,
        label: each.label,
        ipam_address: each.ipam_address,
      })),
      ipv4: {
        public: withPrefix(addresses.ipv4.public).map((each) => each.replace(/\/\d+$/, "/32")),
        private: withPrefix(addresses.ipv4.private),
        shared: withPrefix(addresses.ipv4.shared).map((each) => each.replace(/\/\d+$/, "/32")),
      },
      ipv6: {
        slaac: `${slaacOf(ctx, linode.id)}/128`,
        link_local: `${linkLocalOf(linode.id)}/128`,
        ranges: addresses.ipv6.global.map((each) => `${each.range}/${each.prefix}`),
        shared_ranges: [],
      },
    },
    sshKeys: { users: sshKeysByUser(ctx) },
    userData: linode.userData,
  };
}

function sshKeysByUser(ctx: Context): Record<string, string[]> {
  const users: Record<string, string[]> = {};
  for (const key of ctx.store.table("sshKeys").all()) (users[key.username] ??= []).push(key.ssh_key);
  return users;
}
