/** `PlacementGroup` and `PlacementGroupAssignment`. */
import { t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { ApiError, Body } from "./client";
import { at, given, LinodeType, listOf, orGone, pairOfIds, removed } from "./common";

const flatten = (group: Body): Props => ({
  label: group.label,
  region: group.region,
  placementGroupType: group.placement_group_type,
  placementGroupPolicy: group.placement_group_policy,
  isCompliant: group.is_compliant,
  members: listOf(group.members).map((member) => ({
    linodeId: at(member, "linode_id") as Json,
    isCompliant: at(member, "is_compliant") as Json,
  })),
});

/** Keeps Linodes on different hosts. */
export const placementGroup: LinodeType = {
  token: "linode:index/placementGroup:PlacementGroup",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    label: t.string({ required: true }),
    region: t.string({ required: true, replaces: true }),
    placementGroupType: t.string({ required: true, replaces: true }),
    placementGroupPolicy: t.string({ default: "strict", oneOf: ["strict", "flexible"] }),
    isCompliant: t.bool({ output: true, volatile: true }),
    members: t.set(t.any(), { output: true, volatile: true }),
  },
  create: async (ctx, news) => {
    const made = await ctx.provider.client.post(
      "placement/groups",
      given({
        label: news.label,
        region: news.region,
        placement_group_type: news.placementGroupType,
        placement_group_policy: news.placementGroupPolicy,
      }),
    );
    return { id: String(made.id), state: flatten(made) };
  },
  read: async (ctx, id) => {
    const group = await orGone(() => ctx.provider.client.get(`placement/groups/${id}`));
    return group && { id, state: flatten(group) };
  },
  update: async (ctx, { id, olds, news, changed }) => {
    if (!changed("label")) return olds;
    return flatten(await ctx.provider.client.put(`placement/groups/${id}`, given({ label: news.label })));
  },
  remove: (ctx, id) => removed(() => ctx.provider.client.remove(`placement/groups/${id}`)),
};

/** The vendor's id of an assignment is a JSON text. */
const assignmentId = (group: number, linode: number): string => JSON.stringify({ pg_id: group, linode_id: linode });

const isMember = (group: Body, linode: number): boolean =>
  listOf(group.members).some((member) => Number(at(member, "linode_id")) === linode);

/** Puts one Linode into a group. */
export const placementGroupAssignment: LinodeType = {
  token: "linode:index/placementGroupAssignment:PlacementGroupAssignment",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    placementGroupId: t.int({ required: true, replaces: true }),
    linodeId: t.int({ required: true, replaces: true }),
    compliantOnly: t.bool(),
  },
  create: async (ctx, news) => {
    const [group, linode] = [String(news.placementGroupId), Number(news.linodeId)];
    const body = given({ linodes: [linode], compliant_only: news.compliantOnly });
    await ctx.provider.client.post(`placement/groups/${group}/assign`, body);
    return { id: assignmentId(Number(group), linode), state: {} };
  },
  read: async (ctx, id, state) => {
    const [groupId, linode] = [Number(state.placementGroupId), Number(state.linodeId)];
    const group = await orGone(() => ctx.provider.client.get(`placement/groups/${groupId}`));
    return group && isMember(group, linode)
      ? { id, state: { placementGroupId: groupId, linodeId: linode } }
      : undefined;
  },
  update: async (_ctx, { olds }) => olds,
  remove: async (ctx, _id, state) => {
    const path = `placement/groups/${String(state.placementGroupId)}/unassign`;
    try {
      await removed(() => ctx.provider.client.post(path, { linodes: [Number(state.linodeId)] }));
    } catch (error) {
      // Not in the group any more: what was wanted.
      const gone = error instanceof ApiError && error.message.includes("does not belong to Placement Group");
      if (!gone) throw error;
    }
  },
  parseImport: (id) => {
    const [group, linode] = pairOfIds(id, ["placementGroupID", "linodeID"]);
    return { id: assignmentId(group, linode), state: { placementGroupId: group, linodeId: linode } };
  },
};
