import {
  CreateLinodeSchema,
  RebuildLinodeSchema,
  UpdateLinodePasswordSchema,
  UpdateLinodeSchema,
} from "@linode/validation";

import { typeOf } from "../catalog/types";
import { instanceOf, now } from "../context";
import { invalid, notFound, notInLab } from "../errors";
import { entityOf } from "../events";
import type { Alerts, InstanceRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { demandMaintenancePolicy } from "../services/account";
import { cloneInstance, type CloneRequest } from "../services/clone";
import { disksOf, requestDiskJob, type ImageRequest } from "../services/disks";
import { requestDelete } from "../services/instanceJobs";
import {
  createInstance,
  demandLinodeLabel,
  imageEntity,
  type LinodeRequest,
  planImage,
  planRebuild,
  REBUILD_SWAP_MIB,
  userDataFrom,
} from "../services/instances";
import { hashPassword } from "../services/password";
import { configToBoot, demandIdle, queueOf, requestBoot, requestShutdown } from "../services/power";
import { firewallOf } from "../services/wiring";
import { nonEmpty } from "../text";
import { INSTANCE_KEYS, instanceView, VOLUME_KEYS, volumeView } from "../views/instance";
import { FIREWALL_KEYS, firewallView } from "../views/network";

const { get, post, put, del } = area("linodes");
const INSTANCE = "/linode/instances/:linodeId";

function target(call: Call): InstanceRecord {
  return instanceOf(call.ctx, idOf(call.params["linodeId"]));
}

/** Linodes and what is done to them as a whole. */
export const instanceRoutes: readonly Route[] = [
  get("/linode/instances", (call) =>
    listOf(
      call,
      call.ctx.store
        .table("instances")
        .all()
        .map((linode) => instanceView(call.ctx, linode)),
      INSTANCE_KEYS,
    ),
  ),
  post(
    "/linode/instances",
    async (call) => instanceView(call.ctx, await createInstance(call.ctx, bodyOf<LinodeRequest>(call), call.username)),
    { schema: CreateLinodeSchema, adapt: withoutOwnRules },
  ),
  get(INSTANCE, (call) => instanceView(call.ctx, target(call))),
  put(INSTANCE, update, {
    schema: UpdateLinodeSchema,
    adapt: (body) => withAllAlerts({ ...body, maintenance_policy: null }),
  }),
  del(INSTANCE, (call) => {
    const linode = target(call);
    if (linode.status === "deleting") throw notFound();
    requestDelete(call.ctx, linode, call.username);
    return {};
  }),
  post(`${INSTANCE}/boot`, (call) => {
    const linode = idle(call);
    const config = configToBoot(call.ctx, linode, bodyOf<{ config_id?: number | null }>(call).config_id);
    if (linode.status === "running") throw invalid(`Linode ${linode.id} already booted.`);
    requestBoot(call.ctx, linode, "linode_boot", config, call.username);
    return {};
  }),
  post(`${INSTANCE}/reboot`, (call) => {
    const linode = idle(call);
    const config = configToBoot(call.ctx, linode, bodyOf<{ config_id?: number | null }>(call).config_id);
    requestBoot(call.ctx, linode, "linode_reboot", config, call.username);
    return {};
  }),
  post(`${INSTANCE}/shutdown`, (call) => {
    requestShutdown(call.ctx, idle(call), call.username);
    return {};
  }),
  post(`${INSTANCE}/rebuild`, rebuild, { schema: RebuildLinodeSchema, adapt: withoutOwnRules }),
  post(`${INSTANCE}/resize`, resize),
  post(`${INSTANCE}/clone`, async (call) => {
    const copy = await cloneInstance(call.ctx, idle(call), bodyOf<CloneRequest>(call), call.username);
    return instanceView(call.ctx, copy);
  }),
  post(`${INSTANCE}/password`, resetPassword, { schema: UpdateLinodePasswordSchema, adapt: rootPassAsPassword }),
  ...["migrate", "mutate", "rescue", "upgrade-interfaces"].map((verb) =>
    post(`${INSTANCE}/${verb}`, (call) => {
      target(call);
      throw notInLab(`${verb} of a Linode`);
    }),
  ),
  get(`${INSTANCE}/volumes`, (call) => {
    const linode = target(call);
    const volumes = call.ctx.store.table("volumes").where((volume) => volume.linodeId === linode.id);
    return listOf(
      call,
      volumes.map((volume) => volumeView(call.ctx, volume)),
      VOLUME_KEYS,
    );
  }),
  get(`${INSTANCE}/firewalls`, (call) => {
    const firewall = firewallOf(call.ctx, target(call).id);
    return listOf(call, firewall ? [firewallView(call.ctx, firewall)] : [], FIREWALL_KEYS);
  }),
  post(`${INSTANCE}/firewalls/apply`, (call) => {
    target(call);
    return {};
  }),
  get(`${INSTANCE}/nodebalancers`, (call) => {
    target(call);
    return listOf(call, [], ["id"]);
  }),
  get(`${INSTANCE}/transfer`, (call) => ({
    used: 0,
    quota: typeOf(target(call).type)?.transfer ?? 0,
    billable: 0,
  })),
  get(`${INSTANCE}/transfer/:year/:month`, (call) => {
    target(call);
    return { bytes_in: 0, bytes_out: 0, bytes_total: 0 };
  }),
  get(`${INSTANCE}/backups`, (call) => {
    target(call);
    return { automatic: [], snapshot: { current: null, in_progress: null } };
  }),
  ...(["enable", "cancel"] as const).map((verb) =>
    post(`${INSTANCE}/backups/${verb}`, (call) => {
      const linode = target(call);
      const backups = { ...linode.backups, enabled: verb === "enable" };
      call.ctx.store.table("instances").update(linode.id, { backups, updated: now(call.ctx) });
      const action = verb === "enable" ? "backups_enable" : "backups_cancel";
      call.ctx.events.notify(action, call.username, entityOf.linode(linode));
      return {};
    }),
  ),
];

function idle(call: Call): InstanceRecord {
  const linode = target(call);
  demandIdle(call.ctx, linode.id);
  return linode;
}

interface Update {
  readonly label?: string | null;
  readonly group?: string | null;
  readonly tags?: readonly string[] | null;
  readonly watchdog_enabled?: boolean | null;
  readonly alerts?: Partial<Alerts> | null;
  readonly backups?: { readonly schedule?: { readonly day?: string | null; readonly window?: string | null } } | null;
  readonly maintenance_policy?: string | null;
}

function update(call: Call): unknown {
  const linode = target(call);
  const body = bodyOf<Update>(call);
  demandMaintenancePolicy(body.maintenance_policy);
  if (body.label && body.label !== linode.label) demandLinodeLabel(call.ctx, body.label, linode.id);
  const schedule = body.backups?.schedule;
  const changed = call.ctx.store.table("instances").update(linode.id, {
    label: nonEmpty(body.label) ?? linode.label,
    group: body.group ?? linode.group,
    tags: body.tags ? [...new Set(body.tags)] : linode.tags,
    watchdog: body.watchdog_enabled ?? linode.watchdog,
    alerts: { ...linode.alerts, ...thresholds(body.alerts) },
    backups: {
      ...linode.backups,
      ...(schedule ? { day: schedule.day ?? null, window: schedule.window ?? null } : {}),
    },
    maintenancePolicy: body.maintenance_policy ?? linode.maintenancePolicy,
    updated: now(call.ctx),
  });
  call.ctx.events.notify("linode_update", call.username, entityOf.linode(changed));
  return instanceView(call.ctx, changed);
}

function thresholds(alerts: Partial<Alerts> | null | undefined): Partial<Alerts> {
  const names: readonly (keyof Alerts)[] = ["cpu", "io", "network_in", "network_out", "transfer_quota"];
  return Object.fromEntries(names.flatMap((name) => (alerts?.[name] == null ? [] : [[name, alerts[name]]])));
}

interface RebuildRequest extends ImageRequest {
  readonly booted?: boolean;
  readonly disk_encryption?: InstanceRecord["diskEncryption"] | null;
  readonly metadata?: { readonly user_data?: string | null };
  readonly type?: string | null;
}

async function rebuild(call: Call): Promise<unknown> {
  const { ctx } = call;
  idle(call);
  const body = bodyOf<RebuildRequest>(call);
  if (nonEmpty(body.type) !== undefined && body.type !== target(call).type)
    throw notInLab("rebuilding to another type");
  const userData = body.metadata === undefined ? undefined : userDataFrom(body.metadata);
  const source = await planRebuild(ctx, target(call), body);
  // Hashing the password took a moment: somebody else may have been faster.
  const before = idle(call);
  const diskEncryption = body.disk_encryption ?? before.diskEncryption;
  const linode = ctx.store.table("instances").update(before.id, { diskEncryption });
  for (const config of ctx.store.table("configs").where((each) => each.linodeId === linode.id)) {
    ctx.store.table("configs").delete(config.id);
  }
  const size = (typeOf(linode.type)?.disk ?? 0) - REBUILD_SWAP_MIB;
  const { disks, config } = planImage(ctx, linode, source, size, REBUILD_SWAP_MIB);
  const image = source.deployment.image;
  const event = ctx.events.schedule("linode_rebuild", call.username, entityOf.linode(linode), imageEntity(image));
  const changed = ctx.store.table("instances").update(linode.id, {
    status: "rebuilding",
    image,
    lastConfig: null,
    updated: now(ctx),
    ...(userData === undefined ? {} : { userData }),
  });
  ctx.jobs.enqueue({
    kind: "linode_rebuild",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: {
      linodeId: linode.id,
      planned: disks,
      bootConfig: (body.booted ?? true) ? config.id : null,
      username: call.username,
    },
  });
  return instanceView(ctx, changed);
}

function resize(call: Call): unknown {
  const { ctx } = call;
  const linode = idle(call);
  const body = bodyOf<{ type?: string; allow_auto_disk_resize?: boolean }>(call);
  const type = body.type === undefined ? undefined : typeOf(body.type);
  if (type === undefined) throw invalid("type is not valid", "type");
  if (type.id === linode.type) throw invalid("Linode is already this type.", "type");
  const disks = disksOf(ctx, linode.id);
  const used = disks.reduce((sum, disk) => sum + disk.size, 0);
  const data = disks.filter((disk) => disk.filesystem !== "swap");
  const grows = (body.allow_auto_disk_resize ?? true) && data.length === 1 && data[0]?.filesystem !== "raw";
  const only = grows ? data[0] : undefined;
  const size = only === undefined ? 0 : type.disk - (used - only.size);
  if (used > type.disk && !(only && size > 0)) {
    throw invalid(
      `The disks of this Linode take ${used} MB; the new type has ${type.disk} MB. Shrink them first.`,
      "type",
    );
  }
  const event = ctx.events.schedule("linode_resize", call.username, entityOf.linode(linode));
  const bootConfig = linode.status === "running" ? linode.bootedConfig : null;
  ctx.store.table("instances").update(linode.id, { status: "resizing" });
  ctx.jobs.enqueue({
    kind: "linode_resize",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: { linodeId: linode.id, bootConfig, type: type.id, resizeDisk: only ? { id: only.id, size } : null },
  });
  return {};
}

async function resetPassword(call: Call): Promise<unknown> {
  const { ctx } = call;
  const body = bodyOf<{ root_pass?: string; password?: string }>(call);
  const linode = idle(call);
  if (linode.status !== "offline") throw invalid("Linode must be powered off to reset its root password.");
  if (!ctx.disks.setRootPassword) throw notInLab("resetting a root password");
  const disk = disksOf(ctx, linode.id).find((each) => each.filesystem === "ext4" || each.filesystem === "ext3");
  if (disk === undefined) throw invalid("This Linode has no disk with a root account.");
  const hash = await hashPassword(body.root_pass ?? body.password ?? "");
  idle(call);
  requestDiskJob(ctx, "password_reset", disk, call.username, { hash });
  return {};
}

/** What the API judges in words of its own: a password may be missing where there are keys, and policies have names. */
function withoutOwnRules(body: Record<string, unknown>): Record<string, unknown> {
  const { maintenance_policy: _, ...judged } = body;
  return { ...judged, root_pass: nonEmpty(body["root_pass"] as string | null | undefined) ?? "by key" };
}

/** The form behind the vendor's schema always sends all thresholds; the API takes any of them. */
function withAllAlerts(body: Record<string, unknown>): Record<string, unknown> {
  if (typeof body["alerts"] !== "object" || body["alerts"] === null) return body;
  const none = { cpu: 0, io: 0, network_in: 0, network_out: 0, transfer_quota: 0 };
  return { ...body, alerts: { ...none, ...body["alerts"] } };
}

function rootPassAsPassword(body: Record<string, unknown>): Record<string, unknown> {
  return "root_pass" in body ? { ...body, password: body["root_pass"] } : body;
}
