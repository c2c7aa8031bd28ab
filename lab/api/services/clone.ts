import type { LinodeCloneData } from "@linode/api-v4";

import { typeOf } from "../catalog/types";
import { instanceOf, type Context } from "../context";
import { invalid, notInLab } from "../errors";
import { entityOf } from "../events";
import type { Device, InstanceRecord } from "../model";
import { draftConfig, saveConfig } from "./configs";
import { addDisk, demandSpace, disksOf } from "./disks";
import { createInstance, type PlannedDisk } from "./instances";
import { demandIdle, queueOf } from "./power";

/** What the API takes, and the vendor's types do not know yet. */
export interface CloneRequest extends LinodeCloneData {
  readonly private_ip?: boolean | null;
  readonly metadata?: { readonly user_data: string | null };
}

/** Copies disks and configs of a Linode to a new one, or to one that is there. */
export async function cloneInstance(
  ctx: Context,
  source: InstanceRecord,
  body: CloneRequest,
  username: string,
): Promise<InstanceRecord> {
  if (body.region && body.region !== source.region) throw notInLab("cloning a Linode to another region");
  const configs = ctx.store
    .table("configs")
    .where((each) => each.linodeId === source.id && (body.configs === undefined || body.configs.includes(each.id)));
  const wanted = new Set(body.disks ?? disksOf(ctx, source.id).map((disk) => disk.id));
  for (const config of configs) {
    for (const device of Object.values(config.devices)) if (device.disk_id !== null) wanted.add(device.disk_id);
  }
  const disks = disksOf(ctx, source.id).filter((disk) => wanted.has(disk.id));
  if (disks.length < wanted.size) throw invalid("disks has an id that is not a disk of this Linode", "disks");
  if (body.linode_id != null) {
    demandIdle(ctx, instanceOf(ctx, body.linode_id).id);
    demandSpace(
      ctx,
      instanceOf(ctx, body.linode_id),
      disks.reduce((sum, disk) => sum + disk.size, 0),
    );
  } else {
    const type = typeOf(body.type ?? "");
    if (!type) throw invalid("type is not valid", "type");
    if (disks.reduce((sum, disk) => sum + disk.size, 0) > type.disk) {
      throw invalid("The type has less storage than the disks to clone take.", "type");
    }
  }
  const copy =
    body.linode_id != null
      ? instanceOf(ctx, body.linode_id)
      : await createInstance(
          ctx,
          {
            region: source.region,
            type: body.type ?? source.type,
            label: body.label ?? null,
            tags: body.tags ?? [],
            backups_enabled: body.backups_enabled ?? false,
            private_ip: body.private_ip ?? false,
            ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
          },
          username,
        );
  // The copy says what it was made of, and is taken for off although its disks are still on their way.
  if (body.linode_id == null) {
    ctx.store.table("instances").update(copy.id, { image: source.image, status: "offline" });
  }
  const planned: PlannedDisk[] = [];
  const twins = new Map<number, number>();
  for (const disk of disks) {
    const twin = addDisk(ctx, copy, { label: disk.label, size: disk.size, filesystem: disk.filesystem });
    twins.set(disk.id, twin.id);
    planned.push({ diskId: twin.id, source: { kind: "clone", from: disk.id } });
  }
  for (const config of configs) {
    // Volumes stay with the source: only disks are copied.
    const devices = Object.entries(config.devices).flatMap(([slot, device]): [string, Device][] => {
      const twin = device.disk_id === null ? undefined : twins.get(device.disk_id);
      return twin === undefined ? [] : [[slot, { disk_id: twin, volume_id: null }]];
    });
    const draft = draftConfig(ctx, copy, { label: config.label });
    const { id, linodeId, created, updated } = draft;
    saveConfig(ctx, copy, { ...config, devices: Object.fromEntries(devices), id, linodeId, created, updated });
  }
  const event = ctx.events.schedule("linode_clone", username, entityOf.linode(source), entityOf.linode(copy));
  ctx.jobs.enqueue({
    kind: "linode_clone",
    eventId: event.id,
    queue: queueOf(copy.id),
    busy: copy.id,
    args: { linodeId: copy.id, planned, bootConfig: null, username },
  });
  return instanceOf(ctx, copy.id);
}
