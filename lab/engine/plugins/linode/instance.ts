/** `Instance`: a Linode, with an image or without. Its disks and profiles are resource types of their own. */
import { Change, PartialFailure } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body, LinodeClient } from "./client";
import {
  at,
  Ctx,
  given,
  isUp,
  LinodeType,
  listOf,
  nonEmpty,
  orGone,
  power,
  removed,
  SECONDS,
  settledStatus,
  some,
  waitForStatus,
} from "./common";
import { unusedPassword } from "./disk";
import { EventPoller } from "./events";
import { expandInterfaces, flattenDevices, flattenInterfaces } from "./interfaces";
import { checkInstance, instanceFields } from "./instanceFields";

/** All thresholds together: one that the program leaves out is sent as 0, which switches it off. */
function expandAlerts(alerts: Json | undefined): Body {
  const value = (key: string) => at(alerts, key) ?? 0;
  return {
    cpu: value("cpu"),
    io: value("io"),
    network_in: value("networkIn"),
    network_out: value("networkOut"),
    transfer_quota: value("transferQuota"),
  };
}

const isPrivate = (address: Json): boolean => /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.)/.test(String(address));
const addresses = (list: Json | undefined): string[] => listOf(list).map((entry) => String(at(entry, "address")));

/** The state of a Linode. Asks what the vendor's plugin asks, in its order. */
async function readInstance(ctx: Ctx, id: string, state: Props): Promise<{ id: string; state: Props } | undefined> {
  const { client } = ctx.provider;
  const instance = await orGone(() => client.get(`linode/instances/${id}`));
  if (!instance) return undefined;
  const { ipv4 = {} } = await client.get(`linode/instances/${id}/ips`);
  const disks = await client.list(`linode/instances/${id}/disks`);
  const configs = await client.list(`linode/instances/${id}/configs`);
  const publics = addresses(at(ipv4, "public"));
  const privates = addresses(at(ipv4, "private"));
  const keep = (name: string, among: string[]) =>
    among.includes(String(state[name])) ? (state[name] as string) : among[0];
  const swap = disks.filter((disk) => disk.filesystem === "swap").reduce((sum, disk) => sum + Number(disk.size), 0);
  const only = configs.length === 1 ? configs[0] : undefined;
  return {
    id,
    state: {
      ...flattenInstance(instance, state),
      sharedIpv4s: asSet(addresses(at(ipv4, "shared"))),
      ipAddress: keep("ipAddress", publics),
      privateIp: privates.length > 0,
      privateIpAddress: keep("privateIpAddress", privates),
      disks: disks.map(({ id: disk, size, label, filesystem }) => given({ id: disk, size, label, filesystem })),
      swapSize: swap,
      configs: configs.map(flattenConfig),
      bootConfigLabel: only ? only.label : state.bootConfigLabel,
      interfaces: only && nonEmpty(state.interfaces) ? flattenInterfaces(only.interfaces) : state.interfaces,
    },
  };
}

/** A set as the vendor's plugin keeps it: sorted. The first address of `ipv4s` is therefore not the primary one. */
const asSet = (value: Json | undefined): Json[] => listOf(value).map(String).sort();

function flattenConfig(config: Body): Json {
  return given({
    id: config.id,
    label: config.label,
    kernel: config.kernel,
    rootDevice: some(config.root_device),
    runLevel: config.run_level,
    virtMode: config.virt_mode,
    comments: config.comments,
    memoryLimit: config.memory_limit,
    devices: flattenDevices(config.devices).devices,
    interfaces: flattenInterfaces(config.interfaces),
  });
}

function flattenInstance(instance: Body, state: Props): Props {
  const { alerts, specs, backups } = instance;
  const group = instance.placement_group;
  return {
    label: instance.label,
    status: instance.status,
    type: instance.type,
    region: instance.region,
    watchdogEnabled: instance.watchdog_enabled,
    group: instance.group ?? "",
    tags: asSet(instance.tags),
    capabilities: asSet(instance.capabilities),
    booted: isUp(instance.status),
    hostUuid: instance.host_uuid,
    hasUserData: instance.has_user_data,
    lkeClusterId: instance.lke_cluster_id ?? 0,
    diskEncryption: instance.disk_encryption,
    ipv4s: asSet(instance.ipv4),
    ipv6: instance.ipv6,
    backupsEnabled: at(backups, "enabled") ?? false,
    backups: [
      given({
        available: at(backups, "available"),
        enabled: at(backups, "enabled"),
        schedules: [
          given({
            day: some(at(at(backups, "schedule"), "day")) ?? "",
            window: some(at(at(backups, "schedule"), "window")) ?? "",
          }),
        ],
      }),
    ],
    specs: [
      given({
        vcpus: at(specs, "vcpus"),
        disk: at(specs, "disk"),
        memory: at(specs, "memory"),
        transfer: at(specs, "transfer"),
        acceleratedDevices: at(specs, "accelerated_devices") ?? 0,
        gpus: at(specs, "gpus") ?? 0,
      }),
    ],
    alerts: given({
      cpu: at(alerts, "cpu"),
      io: at(alerts, "io"),
      networkIn: at(alerts, "network_in"),
      networkOut: at(alerts, "network_out"),
      transferQuota: at(alerts, "transfer_quota"),
    }),
    placementGroup: group
      ? given({
          id: at(group, "id"),
          label: at(group, "label"),
          placementGroupType: at(group, "placement_group_type"),
          placementGroupPolicy: at(group, "placement_group_policy"),
          compliantOnly: at(state.placementGroup, "compliantOnly") ?? false,
        })
      : undefined,
  };
}

function createBody(news: Props): Body {
  const group = news.placementGroup;
  const metadata = listOf(news.metadatas)[0];
  return given({
    region: news.region,
    type: news.type,
    label: nonEmpty(news.label),
    group: nonEmpty(news.group),
    root_pass: news.rootPass ?? unusedPassword(),
    authorized_keys: nonEmpty(news.authorizedKeys),
    authorized_users: nonEmpty(news.authorizedUsers),
    stackscript_id: nonEmpty(news.stackscriptId),
    stackscript_data: nonEmpty(news.stackscriptData),
    backup_id: nonEmpty(news.backupId),
    image: nonEmpty(news.image),
    interfaces: news.interfaces === undefined ? undefined : nonEmpty(expandInterfaces(news.interfaces)),
    backups_enabled: nonEmpty(news.backupsEnabled),
    private_ip: nonEmpty(news.privateIp),
    tags: nonEmpty(news.tags),
    swap_size: nonEmpty(news.swapSize),
    metadata: metadata === undefined ? undefined : given({ user_data: nonEmpty(at(metadata, "userData")) }),
    firewall_id: nonEmpty(news.firewallId),
    disk_encryption: nonEmpty(news.diskEncryption),
    ipv4: nonEmpty(news.ipv4s),
    placement_group: group ? given({ id: at(group, "id"), compliant_only: at(group, "compliantOnly") }) : undefined,
    booted: news.booted ?? true,
  });
}

async function createInstance(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client, skipInstanceReadyPoll } = ctx.provider;
  const made = await client.post("linode/instances", createBody(news));
  const id = String(made.id);
  try {
    const update: Body = {};
    if (news.watchdogEnabled === false) update.watchdog_enabled = false;
    if (news.alerts) update.alerts = expandAlerts(news.alerts);
    if (Object.keys(update).length > 0) await client.put(`linode/instances/${id}`, update);
    if (nonEmpty(news.sharedIpv4s)) await share(client, Number(id), news.sharedIpv4s);
    // Without an image there is nothing to boot, whatever was asked for.
    const target = news.image !== undefined && news.booted !== false ? "running" : "offline";
    if (!skipInstanceReadyPoll) await waitForStatus(client, Number(id), target, ctx.timeout(SECONDS.create));
    return await mustRead(ctx, id, { ...news, ...firstAddresses(made) });
  } catch (error) {
    throw new PartialFailure(id, { ...flattenInstance(made, news), ...firstAddresses(made) }, error);
  }
}

function firstAddresses(made: Body): Props {
  const list = listOf(made.ipv4);
  const first = list.find((address) => !isPrivate(address));
  const inner = list.find(isPrivate);
  return { ...(first ? { ipAddress: first } : {}), ...(inner ? { privateIpAddress: inner } : {}) };
}

async function mustRead(ctx: Ctx, id: string, state: Props): Promise<{ id: string; state: Props }> {
  const found = await readInstance(ctx, id, state);
  if (!found) throw new Error(`Linode ${id} is gone`);
  return found;
}

const share = (client: LinodeClient, linode: number, ips: Json | undefined): Promise<Body> =>
  client.post("networking/ips/share", { linode_id: linode, ips: listOf(ips) });

async function updateInstance(ctx: Ctx, change: Change): Promise<Props> {
  const { client, skipImplicitReboots } = ctx.provider;
  const { id, olds, news, changed } = change;
  const linode = Number(id);
  const path = `linode/instances/${id}`;
  if (changed("region"))
    throw new Error("moving a Linode to another region is not offered by the lab: replace it instead");
  await client.get(path);
  if (changed("placementGroup")) await reassign(client, linode, olds, news);
  const body = given({
    label: changed("label") ? news.label : undefined,
    group: changed("group") ? (news.group ?? "") : undefined,
    tags: changed("tags") ? (news.tags ?? []) : undefined,
    watchdog_enabled: changed("watchdogEnabled") ? news.watchdogEnabled : undefined,
    alerts: changed("alerts") ? expandAlerts(news.alerts) : undefined,
  });
  if (Object.keys(body).length > 0) await client.put(path, body);
  if (changed("backupsEnabled")) await client.post(`${path}/backups/${news.backupsEnabled ? "enable" : "cancel"}`);
  let reboot = false;
  if (changed("privateIp")) {
    if (news.privateIp !== true) {
      throw new Error(`the private address of Linode ${id} cannot be removed: that needs a support ticket`);
    }
    await client.post(`${path}/ips`, { type: "ipv4", public: false });
    reboot = true;
  }
  if (changed("type")) reboot = (await resize(ctx, linode, olds, news)) || reboot;
  const configs = await client.list(`${path}/configs`);
  const boot = configs.find((config) => config.label === news.bootConfigLabel) ?? configs[0];
  if (changed("interfaces") && boot) {
    await client.put(`${path}/configs/${String(boot.id)}`, { interfaces: expandInterfaces(news.interfaces) });
    reboot = true;
  }
  if (changed("sharedIpv4s")) await share(client, linode, news.sharedIpv4s);
  if (reboot && boot && !skipImplicitReboots && news.booted !== false) {
    await power(client, linode, "reboot", ctx.timeout(SECONDS.update), { config_id: boot.id as Json });
    await waitForStatus(client, linode, "running", ctx.timeout(SECONDS.update));
  }
  await applyBooted(ctx, linode, news, boot);
  return (await mustRead(ctx, id, { ...olds, ...news })).state;
}

async function applyBooted(ctx: Ctx, linode: number, news: Props, boot: Body | undefined): Promise<void> {
  if (typeof news.booted !== "boolean") return;
  const { client } = ctx.provider;
  const seconds = ctx.timeout(SECONDS.update);
  const status = await settledStatus(client, linode, 120);
  if (status !== "running" && news.booted) {
    await power(client, linode, "boot", seconds, boot ? { config_id: boot.id as Json } : {});
  } else if (status !== "offline" && !news.booted) {
    await power(client, linode, "shutdown", seconds);
  }
}

async function reassign(client: LinodeClient, linode: number, olds: Props, news: Props): Promise<void> {
  const [before, after] = [at(olds.placementGroup, "id"), at(news.placementGroup, "id")];
  if (before === after || news.placementGroupExternallyManaged === true) return;
  const groups = "placement/groups";
  if (before) await removed(() => client.post(`${groups}/${String(before)}/unassign`, { linodes: [linode] }));
  if (!after) return;
  const compliant = at(news.placementGroup, "compliantOnly");
  await client.post(`${groups}/${String(after)}/assign`, given({ linodes: [linode], compliant_only: compliant }));
}

/** Gives the Linode another type; true when it must reboot after it. */
async function resize(ctx: Ctx, linode: number, olds: Props, news: Props): Promise<boolean> {
  const { client } = ctx.provider;
  const types = await Promise.all([olds.type, news.type].map((type) => client.get(`linode/types/${String(type)}`)));
  const poller = await EventPoller.before(client, linode, "linode_resize");
  await client.post(
    `linode/instances/${linode}/resize`,
    given({
      type: news.type,
      allow_auto_disk_resize: news.resizeDisk === true,
      migration_type: news.migrationType,
    }),
  );
  await poller.finished(ctx.timeout(SECONDS.update));
  await settledStatus(client, linode, ctx.timeout(SECONDS.update));
  return Number(types[1]?.disk) > Number(types[0]?.disk);
}

/** The resource type. */
export const instance: LinodeType = {
  token: "linode:index/instance:Instance",
  trust: "service",
  defaultsIn: "inputs",
  fields: instanceFields,
  check: checkInstance,
  create: createInstance,
  read: readInstance,
  update: updateInstance,
  remove: async (ctx, id) => {
    const { client, skipInstanceDeletePoll } = ctx.provider;
    await removed(async () => {
      const poller = await EventPoller.before(client, Number(id), "linode_delete");
      await client.remove(`linode/instances/${id}`);
      if (!skipInstanceDeletePoll) await poller.finished(ctx.timeout(SECONDS.remove));
    });
  },
};
