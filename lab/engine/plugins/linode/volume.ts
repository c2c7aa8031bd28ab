/** `Volume`: block storage, attached or not. */
import { Change, PartialFailure, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import { Ctx, given, LinodeType, nonEmpty, orGone, removed, SECONDS, sameIgnoringCase } from "./common";

const flatten = (volume: Body): Props => ({
  label: volume.label,
  region: volume.region,
  size: volume.size,
  status: volume.status,
  filesystemPath: volume.filesystem_path,
  linodeId: volume.linode_id,
  tags: volume.tags ?? [],
  encryption: volume.encryption ?? "disabled",
});

const activeVolume = (ctx: Ctx, id: Json, seconds: number): Promise<Body> =>
  ctx.provider.client.waitFor(
    `status 'active' of volume ${String(id)}`,
    seconds,
    () => ctx.provider.client.get(`volumes/${String(id)}`),
    ({ status }) => status === "active",
  );

const attachedTo = (ctx: Ctx, id: Json, linode: number | null, seconds: number): Promise<Body> =>
  ctx.provider.client.waitFor(
    linode === null ? `the detaching of volume ${String(id)}` : `the attaching of volume ${String(id)} to ${linode}`,
    seconds,
    () => ctx.provider.client.get(`volumes/${String(id)}`),
    (volume) => (volume.linode_id ?? null) === linode,
  );

async function detach(ctx: Ctx, id: string, seconds: number): Promise<void> {
  await ctx.provider.client.post(`volumes/${id}/detach`);
  await attachedTo(ctx, id, null, seconds);
}

async function createVolume(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  const seconds = ctx.timeout(SECONDS.disk);
  if (news.sourceVolumeId !== undefined) return cloneVolume(ctx, news, seconds);
  const made = await client.post(
    "volumes",
    given({
      label: news.label,
      region: nonEmpty(news.region),
      linode_id: nonEmpty(news.linodeId),
      size: nonEmpty(news.size),
      tags: news.tags ?? [],
      encryption: nonEmpty(news.encryption),
    }),
  );
  try {
    return { id: String(made.id), state: flatten(await activeVolume(ctx, made.id as Json, seconds)) };
  } catch (error) {
    throw new PartialFailure(String(made.id), flatten(made), error);
  }
}

async function cloneVolume(ctx: Ctx, news: Props, seconds: number): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  const made = await client.post(`volumes/${String(news.sourceVolumeId)}/clone`, given({ label: news.label }));
  const id = String(made.id);
  try {
    let volume = await activeVolume(ctx, id, seconds);
    if (nonEmpty(news.tags)) volume = await client.put(`volumes/${id}`, given({ label: news.label, tags: news.tags }));
    if (nonEmpty(news.size) && news.size !== volume.size) {
      await client.post(`volumes/${id}/resize`, given({ size: news.size }));
      volume = await activeVolume(ctx, id, seconds);
    }
    if (nonEmpty(news.linodeId)) {
      await client.post(`volumes/${id}/attach`, given({ linode_id: news.linodeId }));
      volume = await attachedTo(ctx, id, Number(news.linodeId), seconds);
    }
    return { id, state: flatten(volume) };
  } catch (error) {
    throw new PartialFailure(id, flatten(made), error);
  }
}

async function updateVolume(ctx: Ctx, { id, olds, news, changed }: Change): Promise<Props> {
  const { client } = ctx.provider;
  const seconds = ctx.timeout(SECONDS.disk);
  let volume: Body | undefined;
  if (changed("size")) {
    await client.post(`volumes/${id}/resize`, given({ size: news.size }));
    volume = await activeVolume(ctx, id, seconds);
  }
  if (changed("label", "tags")) {
    const tags = changed("tags") ? (news.tags ?? []) : undefined;
    volume = await client.put(`volumes/${id}`, given({ label: news.label, tags }));
  }
  if (changed("linodeId")) {
    if (nonEmpty(olds.linodeId) !== undefined) await detach(ctx, id, seconds);
    if (nonEmpty(news.linodeId) !== undefined) {
      await client.post(`volumes/${id}/attach`, given({ linode_id: news.linodeId }));
      volume = await attachedTo(ctx, id, Number(news.linodeId), seconds);
    } else {
      volume = await client.get(`volumes/${id}`);
    }
  }
  return flatten(volume ?? (await client.get(`volumes/${id}`)));
}

/** The resource type. */
export const volume: LinodeType = {
  token: "linode:index/volume:Volume",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    label: t.string({ required: true, length: [1, 32] }),
    region: t.string({ computed: true, replaces: true }),
    size: t.int({ default: 20 }),
    linodeId: t.int({ computed: true }),
    sourceVolumeId: t.int({ replaces: true }),
    tags: t.set(t.string(), { default: [], same: sameIgnoringCase }),
    encryption: t.string({ default: "disabled", oneOf: ["enabled", "disabled"] }),
    timeouts: t.map(),
    filesystemPath: t.string({ output: true }),
    status: t.string({ output: true }),
  },
  check: (news) =>
    news.region === undefined && news.sourceVolumeId === undefined
      ? [{ property: "region", reason: "either 'region' or 'sourceVolumeId' must be given" }]
      : [],
  create: createVolume,
  read: async (ctx, id) => {
    const found = await orGone(() => ctx.provider.client.get(`volumes/${id}`));
    return found && { id, state: flatten(found) };
  },
  update: updateVolume,
  remove: async (ctx, id, state) => {
    const seconds = ctx.timeout(SECONDS.disk);
    await removed(async () => {
      if (nonEmpty(state.linodeId) !== undefined) await detach(ctx, id, seconds);
      await ctx.provider.client.remove(`volumes/${id}`);
    });
  },
};
