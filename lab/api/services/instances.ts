import { createHash } from "node:crypto";

import type { CreateLinodeRequest, Entity } from "@linode/api-v4";

import { regionOf } from "../catalog/regions";
import { typeOf } from "../catalog/types";
import { now, type Context } from "../context";
import { invalid, notInLab } from "../errors";
import { entityOf } from "../events";
import type { ConfigRecord, InstanceRecord } from "../model";
import { nonEmpty } from "../text";
import { accountSettings, demandMaintenancePolicy } from "./account";
import { allocateIpv4 } from "./addresses";
import { demandKernel, draftConfig, interfacesFrom, saveConfig, type ConfigRequest } from "./configs";
import { addDisk, deploymentOf, type DiskSource, type ImageRequest } from "./disks";
import { queueOf } from "./power";
import { demandPlace, placementGroupOf } from "./placement";

const SWAP_MIB = 512;

/** What the API takes, and the vendor's types do not know yet. */
export interface LinodeRequest extends CreateLinodeRequest {
  /** Of the root disk, in MB. Default: all that swap leaves. */
  readonly boot_size?: number | null;
  /** Of the profile that deploying an image makes. Default `linode/grub2`. */
  readonly kernel?: string | null;
}

/** A disk that a job is to make, and from what. */
export interface PlannedDisk {
  readonly diskId: number;
  readonly source: DiskSource;
}

/** Refuses a label that the API would, or that another Linode has. */
export function demandLinodeLabel(ctx: Context, label: string, except?: number): void {
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{1,62})[a-zA-Z0-9]$/.test(label) || /--|__|\.\./.test(label)) {
    throw invalid(
      "Label must be 3 to 64 ASCII letters, numbers, underscores, periods, and dashes, and begin and end with a letter or number",
      "label",
    );
  }
  const other = ctx.store.table("instances").find((each) => each.label === label && each.status !== "deleting");
  if (other && other.id !== except) throw invalid("Label must be unique among your linodes", "label");
}

/** Checks a request and books the new Linode; making its disks and booting it follow as a job. */
export async function createInstance(ctx: Context, body: LinodeRequest, username: string): Promise<InstanceRecord> {
  demandSupported(body);
  demandMaintenancePolicy(body.maintenance_policy);
  if (regionOf(body.region) === undefined) throw invalid("region is not valid", "region");
  const type = typeOf(body.type);
  if (type === undefined) throw invalid("type is not valid", "type");
  const userData = userDataFrom(body.metadata);
  const deployment = body.image ? await deploymentOf(ctx, body, nonEmpty(body.label) ?? "linode") : undefined;
  const firewallId = body.firewall_id ?? ctx.store.setting<number | null>("defaultFirewall") ?? null;
  if (firewallId !== null && !ctx.store.table("firewalls").get(firewallId)) {
    throw invalid("firewall_id is not valid", "firewall_id");
  }
  const swap = body.swap_size ?? SWAP_MIB;
  if (deployment && swap >= type.disk) throw invalid("swap_size leaves no room for the image", "swap_size");
  const root = body.boot_size ?? type.disk - swap;
  if (deployment && (root < 1 || root > type.disk - swap))
    throw invalid("boot_size does not fit the plan", "boot_size");
  if (body.kernel != null) demandKernel(body.kernel);
  const interfaces = interfacesFrom(ctx, (body.interfaces ?? []) as NonNullable<ConfigRequest["interfaces"]>, []);
  const id = ctx.store.nextId();
  const label = nonEmpty(body.label) ?? `linode${id}`;
  demandLinodeLabel(ctx, label);
  if (body.placement_group) {
    const group = ctx.store.table("placementGroups").get(body.placement_group.id);
    if (!group) throw invalid("placement_group.id is not valid", "placement_group.id");
    demandPlace(ctx, group, { region: body.region, placementGroup: null, label }, "placement_group.id");
  }
  const account = accountSettings(ctx);
  // Nothing was written so far. From here on nothing can be refused.
  const linode = ctx.store.table("instances").put({
    id,
    label,
    group: "",
    status: "provisioning",
    created: now(ctx),
    updated: now(ctx),
    type: type.id,
    image: nonEmpty(body.image) ?? null,
    region: body.region,
    alerts: { cpu: 90 * type.vcpus, io: 10_000, network_in: 10, network_out: 10, transfer_quota: 80 },
    backups: { enabled: body.backups_enabled ?? account.backups_enabled, day: null, window: null },
    watchdog: true,
    tags: [...new Set(body.tags ?? [])],
    hostUuid: createHash("sha1").update(`${id}`).digest("hex"),
    userData,
    placementGroup: body.placement_group?.id ?? null,
    maintenancePolicy: body.maintenance_policy ?? account.maintenance_policy,
    diskEncryption: body.disk_encryption ?? "enabled",
    bootedConfig: null,
    lastConfig: null,
    lassie: [],
  });
  allocateIpv4(ctx, linode, true);
  if (body.private_ip) allocateIpv4(ctx, linode, false);
  if (firewallId !== null) addFirewallDevice(ctx, firewallId, id);
  if (body.placement_group) {
    const group = placementGroupOf(ctx, body.placement_group.id);
    ctx.events.notify("placement_group_assign", username, entityOf.placementGroup(group), entityOf.linode(linode));
  }
  const planned = deployment
    ? planImage(ctx, linode, { kind: "image", deployment: { ...deployment, hostname: label } }, root, swap, body.kernel)
    : undefined;
  if (planned && interfaces.length > 0) ctx.store.table("configs").update(planned.config.id, { interfaces });
  const event = ctx.events.schedule("linode_create", username, entityOf.linode(linode), imageEntity(linode.image));
  const bootConfig = planned && (body.booted ?? true) ? planned.config.id : null;
  ctx.jobs.enqueue({
    kind: "linode_create",
    eventId: event.id,
    queue: queueOf(id),
    busy: id,
    args: { linodeId: id, planned: planned?.disks ?? [], bootConfig, username },
  });
  return linode;
}

/** Books the disks and the config that deploying an image makes. */
export function planImage(
  ctx: Context,
  linode: InstanceRecord,
  source: DiskSource & { kind: "image" },
  sizeMiB: number,
  swapMiB: number,
  kernel?: string | null,
): { readonly disks: readonly PlannedDisk[]; readonly config: ConfigRecord } {
  const name = imageLabel(source.deployment.image);
  const root = addDisk(ctx, linode, { label: `${name} Disk`, size: sizeMiB, filesystem: "ext4" });
  const disks: PlannedDisk[] = [{ diskId: root.id, source }];
  const devices: Record<string, { disk_id: number; volume_id: null }> = { sda: { disk_id: root.id, volume_id: null } };
  if (swapMiB > 0) {
    const swap = addDisk(ctx, linode, { label: `${swapMiB} MB Swap Image`, size: swapMiB, filesystem: "swap" });
    disks.push({ diskId: swap.id, source: { kind: "filesystem", filesystem: "swap" } });
    devices["sdb"] = { disk_id: swap.id, volume_id: null };
  }
  const config = draftConfig(ctx, linode, {
    label: `My ${name} Disk Profile`,
    kernel: kernel ?? "linode/grub2",
    devices,
  });
  return { disks, config: saveConfig(ctx, linode, config) };
}

/** A request to deploy an image again, on what the plan has of storage. */
export async function planRebuild(
  ctx: Context,
  linode: InstanceRecord,
  body: ImageRequest,
): Promise<DiskSource & { kind: "image" }> {
  return { kind: "image", deployment: await deploymentOf(ctx, body, linode.label) };
}

export const REBUILD_SWAP_MIB = SWAP_MIB;

/** User data as it must arrive: base64 of at most 16 KiB. */
export function userDataFrom(metadata: { user_data?: string | null } | null | undefined): string | null {
  const data = metadata?.user_data;
  if (data == null || data === "") return null;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data) || data.length % 4 !== 0) {
    throw invalid("user_data must be base64 encoded", "metadata.user_data");
  }
  if (Buffer.from(data, "base64").length > 16_384) {
    throw invalid("user_data must not exceed 16384 bytes", "metadata.user_data");
  }
  return data;
}

export function addFirewallDevice(ctx: Context, firewallId: number, linodeId: number): number {
  const time = now(ctx);
  const id = ctx.store.nextId();
  ctx.store.table("firewallDevices").put({ id, firewallId, linodeId, created: time, updated: time });
  return id;
}

export function imageEntity(image: string | null): Entity | null {
  // The real API's reference to an image has a text for an id, which the vendor's own types do not know.
  return image === null
    ? null
    : { id: image as unknown as number, type: "image", label: imageLabel(image), url: `/v4/images/${image}` };
}

function imageLabel(image: string): string {
  const [, name = image] = image.split("/");
  return name.replace(
    /^([a-z])([a-z]*)(\d.*)?$/,
    (_all, first: string, rest: string, version: string | undefined) =>
      `${first.toUpperCase()}${rest}${version ? ` ${version}` : ""}`,
  );
}

function demandSupported(body: CreateLinodeRequest): void {
  if (body.backup_id) throw notInLab("creating a Linode from a backup");
  if (body.stackscript_id) throw notInLab("StackScripts");
  if (body.interface_generation === "linode") throw notInLab('interface_generation "linode" (use "legacy_config")');
  if (body.ipv4 && body.ipv4.length > 0) throw notInLab("reserved IPv4 addresses");
}
