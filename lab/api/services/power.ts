import type { StopReason } from "../../machines/contract";
import type { Context } from "../context";
import { busy, invalid, notFound } from "../errors";
import { entityOf } from "../events";
import type { ConfigRecord, InstanceRecord, JobRecord } from "../model";
import { forgetSlots, placeLooseVolumes, rewire, specOf, wiringOf } from "./wiring";

const LASSIE_WINDOW_MS = 15 * 60 * 1000;
const LASSIE_LIMIT = 5;

/** The queue of everything that happens to a Linode. */
export function queueOf(linodeId: number): string {
  return `linode:${linodeId}`;
}

/** Refuses when another operation on the Linode is in progress. */
export function demandIdle(ctx: Context, linodeId: number): void {
  if (ctx.jobs.isBusy(linodeId)) throw busy();
}

/** Books a boot, reboot or Lassie's boot, and puts the Linode into the state that clients see meanwhile. */
export function requestBoot(
  ctx: Context,
  linode: InstanceRecord,
  action: "linode_boot" | "linode_reboot" | "lassie_reboot",
  config: ConfigRecord,
  username: string | null,
): void {
  const event = ctx.events.schedule(action, username, entityOf.linode(linode), entityOf.config(config));
  const status = action === "linode_reboot" ? "rebooting" : "booting";
  ctx.store.table("instances").update(linode.id, { status });
  ctx.jobs.enqueue({
    kind: action,
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: { linodeId: linode.id, configId: config.id },
  });
}

/** Books a shutdown. Lassie lets a Linode be that was shut down through the API. */
export function requestShutdown(ctx: Context, linode: InstanceRecord, username: string): void {
  const event = ctx.events.schedule("linode_shutdown", username, entityOf.linode(linode));
  ctx.store.table("instances").update(linode.id, { status: "shutting_down" });
  ctx.jobs.enqueue({
    kind: "linode_shutdown",
    eventId: event.id,
    queue: queueOf(linode.id),
    busy: linode.id,
    args: { linodeId: linode.id },
  });
}

/** The config to boot: the one asked for, the last one, or the only one. */
export function configToBoot(ctx: Context, linode: InstanceRecord, wanted: number | null | undefined): ConfigRecord {
  const configs = ctx.store.table("configs");
  if (wanted != null) {
    const config = configs.get(wanted);
    if (config?.linodeId !== linode.id) throw notFound();
    return config;
  }
  const last = linode.lastConfig === null ? undefined : configs.get(linode.lastConfig);
  if (last) return last;
  const own = configs.where((config) => config.linodeId === linode.id);
  if (own.length === 0) throw invalid("This Linode has no configuration profile to boot.", "config_id");
  if (own.length > 1) throw invalid("This Linode has several configuration profiles: choose one.", "config_id");
  return own[0] as ConfigRecord;
}

/** Starts the machine of a Linode and books it as running. */
export async function boot(ctx: Context, linodeId: number, configId: number): Promise<void> {
  const linode = ctx.store.table("instances").get(linodeId);
  const config = ctx.store.table("configs").get(configId);
  if (!linode || !config) throw new Error("The configuration profile is gone.");
  ctx.store.table("instances").update(linodeId, { bootedConfig: configId, lastConfig: configId });
  await ctx.networks.apply(linodeId, wiringOf(ctx, linode, config));
  forgetSlots(ctx, linodeId);
  placeLooseVolumes(ctx, config);
  await ctx.machines.start(specOf(ctx, linode, config));
  if (!ctx.machines.isRunning(linodeId)) throw new Error("The Linode stopped while it booted.");
  ctx.store.table("instances").update(linodeId, { status: "running" });
  // An address or rule may have changed while the machine started.
  await rewire(ctx, linodeId);
}

/** Stops the machine of a Linode. The record says so, but for the status, which its caller knows. */
export async function halt(ctx: Context, linodeId: number): Promise<void> {
  await ctx.machines.stop(linodeId, ctx.settings.shutdownGraceSeconds);
  ctx.store.table("instances").update(linodeId, { bootedConfig: null });
}

/** A machine stopped by itself: its guest powered off, crashed, or its process was killed. */
export function machineStopped(ctx: Context, linodeId: number, reason: StopReason): void {
  const linode = ctx.store.table("instances").get(linodeId);
  if (linode?.status !== "running") return;
  ctx.settings.log(`linode ${linode.label} stopped (${reason})`);
  callLassie(ctx, linode, true);
}

/** Marks a Linode as off and has the watchdog boot it again, unless it is switched off, tired, or told to stay away. */
export function callLassie(ctx: Context, linode: InstanceRecord, mayBoot: boolean): void {
  const instances = ctx.store.table("instances");
  const off = instances.update(linode.id, { status: "offline", bootedConfig: null });
  const now = ctx.settings.clock();
  const recent = linode.lassie.filter((time) => time > now - LASSIE_WINDOW_MS);
  const config = linode.lastConfig === null ? undefined : ctx.store.table("configs").get(linode.lastConfig);
  if (!mayBoot || !linode.watchdog || config === undefined) return;
  if (recent.length >= LASSIE_LIMIT) {
    ctx.settings.log(`Lassie gives up on ${linode.label}: ${LASSIE_LIMIT} boots in 15 minutes`);
    return;
  }
  const booked = instances.update(linode.id, { lassie: [...recent, now] });
  requestBoot(ctx, { ...off, ...booked }, "lassie_reboot", config, null);
}

/** How power jobs are done. */
export function definePowerJobs(ctx: Context): void {
  const instances = ctx.store.table("instances");
  const target = (job: JobRecord) => job.args as { linodeId: number; configId: number };
  const failed = (job: JobRecord): void => {
    const { linodeId } = target(job);
    const linode = instances.get(linodeId);
    if (linode === undefined) return;
    if (ctx.machines.isRunning(linodeId)) instances.update(linodeId, { status: "running" });
    else instances.update(linodeId, { status: "offline", bootedConfig: null });
  };
  const start = async (job: JobRecord): Promise<void> => {
    const { linodeId, configId } = target(job);
    if (job.kind === "lassie_reboot") await ctx.jobs.pause(ctx.settings.delays.lassie);
    if (job.kind === "linode_reboot") await halt(ctx, linodeId);
    await boot(ctx, linodeId, configId);
  };
  ctx.jobs.define("linode_boot", start, failed);
  ctx.jobs.define("linode_reboot", start, failed);
  ctx.jobs.define("lassie_reboot", start, failed);
  ctx.jobs.define(
    "linode_shutdown",
    async (job) => {
      const { linodeId } = target(job);
      await halt(ctx, linodeId);
      instances.update(linodeId, { status: "offline" });
    },
    failed,
  );
}

/** After a start of the API: finds the machines that still run, and books those that no longer do as Lassie would. */
export async function takeUp(ctx: Context): Promise<void> {
  const instances = ctx.store.table("instances");
  const alive = new Set(await ctx.machines.adopt());
  for (const id of alive) {
    // A machine whose Linode was deleted in the last moment of the process before.
    if (instances.get(id) === undefined) await ctx.machines.kill(id);
    else await rewire(ctx, id);
  }
  for (const linode of instances.all()) {
    if (ctx.jobs.isBusy(linode.id) || linode.status === "offline") continue;
    if (!alive.has(linode.id)) callLassie(ctx, linode, linode.status === "running");
    else if (linode.status !== "running") instances.update(linode.id, { status: "running" });
  }
}
