import type { Context } from "../context";
import { invalid, notFound } from "../errors";
import type { InstanceRecord, PlacementGroupRecord } from "../model";

const MEMBERS = 5;

export function placementGroupOf(ctx: Context, id: number): PlacementGroupRecord {
  const group = ctx.store.table("placementGroups").get(id);
  if (group === undefined) throw notFound();
  return group;
}

export function membersOf(ctx: Context, groupId: number): InstanceRecord[] {
  return ctx.store.table("instances").where((linode) => linode.placementGroup === groupId);
}

/** Refuses a Linode that may not join a group. */
export function demandPlace(
  ctx: Context,
  group: PlacementGroupRecord,
  linode: { id?: number; region: string; placementGroup: number | null; label: string },
  field: string,
): void {
  if (linode.region !== group.region) {
    throw invalid(`Linode ${linode.label} and the placement group must be in the same region`, field);
  }
  if (linode.placementGroup !== null && linode.placementGroup !== group.id) {
    throw invalid(`Linode ${linode.label} is already a member of a placement group`, field);
  }
  const others = membersOf(ctx, group.id).filter((member) => member.id !== linode.id);
  if (others.length >= MEMBERS) throw invalid(`A placement group has at most ${MEMBERS} members`, field);
}
