import { createPlacementGroupSchema, updatePlacementGroupSchema } from "@linode/validation";
import type { CreatePlacementGroupPayload, PlacementGroup } from "@linode/api-v4";

import { regionOf } from "../catalog/regions";
import { instanceOf, type Context } from "../context";
import { invalid, notInLab } from "../errors";
import { entityOf } from "../events";
import type { PlacementGroupRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { demandPlace, membersOf, placementGroupOf } from "../services/placement";

const { get, post, put, del } = area("linodes");
const GROUPS = "/placement/groups";
const GROUP = `${GROUPS}/:groupId`;
const KEYS = ["id", "label", "region", "placement_group_type", "placement_group_policy", "is_compliant"];

/** Placement groups. The lab's Linodes are all on one machine, so every group is compliant by definition. */
export const placementRoutes: readonly Route[] = [
  get(GROUPS, (call) =>
    listOf(
      call,
      call.ctx.store
        .table("placementGroups")
        .all()
        .map((group) => view(call.ctx, group)),
      KEYS,
    ),
  ),
  post(GROUPS, create, { schema: createPlacementGroupSchema, adapt: shortened }),
  get(GROUP, (call) => view(call.ctx, target(call))),
  put(
    GROUP,
    (call) => {
      const group = target(call);
      const { label } = bodyOf<{ label: string }>(call);
      demandLabel(call.ctx, label, group.id);
      const changed = call.ctx.store.table("placementGroups").update(group.id, { label });
      call.ctx.events.notify("placement_group_update", call.username, entityOf.placementGroup(changed));
      return view(call.ctx, changed);
    },
    { schema: updatePlacementGroupSchema, adapt: shortened },
  ),
  del(GROUP, (call) => {
    const group = target(call);
    if (membersOf(call.ctx, group.id).length > 0) {
      throw invalid("Placement group must be empty: unassign or delete its Linodes first.");
    }
    call.ctx.store.table("placementGroups").delete(group.id);
    call.ctx.events.notify("placement_group_delete", call.username, entityOf.placementGroup(group));
    return {};
  }),
  post(`${GROUP}/assign`, (call) => {
    const group = target(call);
    const linodes = listed(call);
    for (const linode of linodes) demandPlace(call.ctx, group, linode, "linodes");
    for (const linode of linodes) {
      call.ctx.store.table("instances").update(linode.id, { placementGroup: group.id });
      const entity = entityOf.placementGroup(group);
      call.ctx.events.notify("placement_group_assign", call.username, entity, entityOf.linode(linode));
    }
    return view(call.ctx, group);
  }),
  post(`${GROUP}/unassign`, (call) => {
    const group = target(call);
    const linodes = listed(call);
    for (const linode of linodes) {
      if (linode.placementGroup !== group.id) {
        // The vendor's provider looks for these words: an assignment that is gone already is no error to it.
        throw invalid(`Linode ${linode.id} does not belong to Placement Group ${group.id}`, "linodes");
      }
    }
    for (const linode of linodes) {
      call.ctx.store.table("instances").update(linode.id, { placementGroup: null });
      const entity = entityOf.placementGroup(group);
      call.ctx.events.notify("placement_group_unassign", call.username, entity, entityOf.linode(linode));
    }
    return view(call.ctx, group);
  }),
];

/** The API takes longer labels than the form that the vendor's schema is for. */
function shortened(body: Record<string, unknown>): Record<string, unknown> {
  return typeof body["label"] === "string" ? { ...body, label: body["label"].slice(0, 32) } : body;
}

function target(call: Call): PlacementGroupRecord {
  return placementGroupOf(call.ctx, idOf(call.params["groupId"]));
}

function listed(call: Call) {
  const { linodes } = bodyOf<{ linodes?: unknown }>(call);
  if (!Array.isArray(linodes) || linodes.length === 0 || !linodes.every((id) => typeof id === "number")) {
    throw invalid("linodes must be a list of Linode ids", "linodes");
  }
  return linodes.map((id) => instanceOf(call.ctx, id));
}

function demandLabel(ctx: Context, label: string, except?: number): void {
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?$/.test(label)) {
    throw invalid("Label may only contain ASCII letters, numbers, underscores, periods, and dashes", "label");
  }
  if (ctx.store.table("placementGroups").find((each) => each.label === label && each.id !== except)) {
    throw invalid("Label must be unique among your placement groups", "label");
  }
}

function create(call: Call): unknown {
  const { ctx } = call;
  const body = bodyOf<{ [K in keyof CreatePlacementGroupPayload]: string }>(call);
  if (regionOf(body.region) === undefined) throw invalid("region is not valid", "region");
  if (body.placement_group_type !== "anti_affinity:local") {
    if (body.placement_group_type === "affinity:local") throw notInLab("affinity placement groups");
    throw invalid("placement_group_type must be anti_affinity:local", "placement_group_type");
  }
  if (body.placement_group_policy !== "strict" && body.placement_group_policy !== "flexible") {
    throw invalid("placement_group_policy must be strict or flexible", "placement_group_policy");
  }
  demandLabel(ctx, body.label);
  const group = ctx.store.table("placementGroups").put({
    id: ctx.store.nextId(),
    label: body.label,
    region: body.region,
    type: body.placement_group_type,
    policy: body.placement_group_policy,
  });
  ctx.events.notify("placement_group_create", call.username, entityOf.placementGroup(group));
  return view(ctx, group);
}

function view(ctx: Context, group: PlacementGroupRecord): PlacementGroup {
  return {
    id: group.id,
    label: group.label,
    region: group.region,
    placement_group_type: group.type,
    placement_group_policy: group.policy,
    is_compliant: true,
    members: membersOf(ctx, group.id).map((linode) => ({ linode_id: linode.id, is_compliant: true })),
    migrations: null,
  };
}
