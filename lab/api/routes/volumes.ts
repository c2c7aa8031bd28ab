import {
  AttachVolumeSchema,
  CloneVolumeSchema,
  CreateVolumeSchema,
  ResizeVolumeSchema,
  UpdateVolumeSchema,
} from "@linode/validation";
import type { AttachVolumePayload, VolumeRequestPayload } from "@linode/api-v4";

import { regionOf } from "../catalog/regions";
import { VOLUME_TYPES } from "../catalog/types";
import { instanceOf, now } from "../context";
import { ApiError, invalid } from "../errors";
import { entityOf } from "../events";
import type { InstanceRecord, VolumeRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import {
  attachWhenMade,
  configForVolume,
  demandActive,
  demandVolumeLabel,
  letGoForDeletion,
  requestAttach,
  requestDetach,
  requestVolumeJob,
  volumeOf,
} from "../services/volumes";
import { nonEmpty } from "../text";
import { VOLUME_KEYS, volumeView } from "../views/instance";

const { get, post, put, del } = area("volumes");
/** For what concerns a volume and a Linode. */
const both = area("volumes", "linodes");
const VOLUME = "/volumes/:volumeId";
const DEFAULT_GIB = 20;

/** Block Storage. */
export const volumeRoutes: readonly Route[] = [
  get("/volumes", (call) =>
    listOf(
      call,
      call.ctx.store
        .table("volumes")
        .all()
        .map((volume) => volumeView(call.ctx, volume)),
      VOLUME_KEYS,
    ),
  ),
  area(null).get("/volumes/types", (call) => listOf(call, VOLUME_TYPES, ["id", "label"])),
  post("/volumes", create, { schema: CreateVolumeSchema, adapt: (body) => ({ size: DEFAULT_GIB, ...body }) }),
  get(VOLUME, (call) => volumeView(call.ctx, target(call))),
  put(
    VOLUME,
    (call) => {
      const volume = target(call);
      const body = bodyOf<{ label?: string | null; tags?: readonly string[] | null }>(call);
      if (body.label && body.label !== volume.label) demandVolumeLabel(call.ctx, body.label, volume.id);
      const changed = call.ctx.store.table("volumes").update(volume.id, {
        label: body.label ?? volume.label,
        tags: body.tags ?? volume.tags,
        updated: now(call.ctx),
      });
      call.ctx.events.notify("volume_update", call.username, entityOf.volume(changed));
      return volumeView(call.ctx, changed);
    },
    { schema: UpdateVolumeSchema },
  ),
  del(VOLUME, (call) => {
    const volume = target(call);
    letGoForDeletion(call.ctx, volume);
    requestVolumeJob(call.ctx, "volume_delete", volume, call.username);
    call.ctx.store.table("volumes").delete(volume.id);
    return {};
  }),
  both.post(
    `${VOLUME}/attach`,
    (call) => {
      const volume = target(call);
      if (volume.status !== "creating") demandActive(volume);
      const body = bodyOf<AttachVolumePayload>(call);
      const linode = linodeFor(call, body.linode_id);
      const config = configForVolume(call.ctx, linode, body.config_id);
      const attach = volume.status === "creating" ? attachWhenMade : requestAttach;
      return volumeView(call.ctx, attach(call.ctx, volume, linode, config, call.username));
    },
    // The vendor's form always names a config; the API chooses one.
    { schema: AttachVolumeSchema, adapt: (body) => ({ ...body, config_id: body["config_id"] ?? 0 }) },
  ),
  both.post(`${VOLUME}/detach`, (call) => {
    requestDetach(call.ctx, target(call), call.username);
    return {};
  }),
  post(
    `${VOLUME}/resize`,
    (call) => {
      const volume = target(call);
      demandActive(volume);
      const { size } = bodyOf<{ size: number }>(call);
      if (size < volume.size) throw invalid("Volumes can only be resized up", "size");
      const changed = call.ctx.store.table("volumes").update(volume.id, {
        size,
        status: "resizing",
        updated: now(call.ctx),
      });
      requestVolumeJob(call.ctx, "volume_resize", changed, call.username, { size });
      return volumeView(call.ctx, changed);
    },
    { schema: ResizeVolumeSchema() },
  ),
  post(
    `${VOLUME}/clone`,
    (call) => {
      const volume = target(call);
      demandActive(volume);
      const { label } = bodyOf<{ label: string }>(call);
      demandVolumeLabel(call.ctx, label);
      const copy = add(call, { ...volume, label });
      requestVolumeJob(call.ctx, "volume_clone", copy, call.username, { from: volume.id });
      return volumeView(call.ctx, copy);
    },
    { schema: CloneVolumeSchema },
  ),
];

function target(call: Call): VolumeRecord {
  return volumeOf(call.ctx, idOf(call.params["volumeId"]));
}

function linodeFor(call: Call, id: number): InstanceRecord {
  try {
    return instanceOf(call.ctx, id);
  } catch (error) {
    if (error instanceof ApiError) throw invalid("Linode not found", "linode_id");
    throw error;
  }
}

function add(
  call: Call,
  volume: Pick<VolumeRecord, "label" | "size" | "region" | "tags" | "encryption">,
): VolumeRecord {
  const time = now(call.ctx);
  const { label, size, region, tags, encryption } = volume;
  return call.ctx.store.table("volumes").put({
    id: call.ctx.store.nextId(),
    label,
    size,
    region,
    tags,
    encryption,
    status: "creating",
    linodeId: null,
    created: time,
    updated: time,
  });
}

function create(call: Call): unknown {
  const { ctx } = call;
  const body = bodyOf<VolumeRequestPayload>(call);
  const linode = body.linode_id == null ? undefined : linodeFor(call, body.linode_id);
  const region = nonEmpty(body.region) ?? linode?.region;
  if (region === undefined || regionOf(region) === undefined) throw invalid("region is not valid", "region");
  if (linode && linode.region !== region) throw invalid("Volume and Linode must be in the same region", "linode_id");
  demandVolumeLabel(ctx, body.label);
  const config = linode && configForVolume(ctx, linode, body.config_id);
  const volume = add(call, {
    label: body.label,
    size: body.size ?? DEFAULT_GIB,
    region,
    tags: body.tags ?? [],
    // Every region of the lab has it, and where a region has it the API encrypts unless told otherwise.
    encryption: body.encryption ?? "enabled",
  });
  requestVolumeJob(ctx, "volume_create", volume, call.username, {
    username: call.username,
    linodeId: linode?.id,
    configId: config?.id,
  });
  // A volume made for a Linode is shown as that Linode's from the first answer on.
  const shown = linode ? ctx.store.table("volumes").update(volume.id, { linodeId: linode.id }) : volume;
  return volumeView(ctx, shown);
}
