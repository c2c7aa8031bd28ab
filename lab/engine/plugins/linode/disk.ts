/** `InstanceDisk`: a disk of a Linode. */
import { randomBytes } from "crypto";

import { Change, PartialFailure, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import {
  Ctx,
  given,
  LinodeType,
  nonEmpty,
  orGone,
  pairOfIds,
  power,
  removed,
  SECONDS,
  settledStatus,
  time,
} from "./common";
import { EventPoller } from "./events";

const flatten = (linode: number, disk: Body): Props => ({
  linodeId: linode,
  label: disk.label,
  size: disk.size,
  filesystem: disk.filesystem,
  status: disk.status,
  created: time(disk.created),
  updated: time(disk.updated),
  diskEncryption: disk.disk_encryption ?? "disabled",
});

const pathOf = (linode: Json | undefined, id: string): string => `linode/instances/${String(linode)}/disks/${id}`;

async function findOnList(ctx: Ctx, linode: number): Promise<number> {
  return (await ctx.provider.client.list(`linode/instances/${linode}/disks`)).length;
}

/** A password for a disk whose image asks for one although nobody will use it. */
export const unusedPassword = (): string => randomBytes(50).toString("base64");

async function createDisk(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const { client } = ctx.provider;
  const linode = Number(news.linodeId);
  const seconds = ctx.timeout(SECONDS.disk);
  const poller = await EventPoller.before(client, linode, "disk_create");
  const disk = await client.post(
    `linode/instances/${linode}/disks`,
    given({
      label: news.label,
      size: news.size,
      image: nonEmpty(news.image),
      root_pass: news.rootPass ?? unusedPassword(),
      filesystem: nonEmpty(news.filesystem),
      authorized_keys: nonEmpty(news.authorizedKeys),
      authorized_users: nonEmpty(news.authorizedUsers),
      stackscript_id: nonEmpty(news.stackscriptId),
      stackscript_data: nonEmpty(news.stackscriptData),
    }),
  );
  const id = String(disk.id);
  try {
    await poller.finished(seconds);
    return { id, state: flatten(linode, await waitForReady(ctx, linode, id, seconds)) };
  } catch (error) {
    throw new PartialFailure(id, flatten(linode, disk), error);
  }
}

async function waitForReady(ctx: Ctx, linode: number, id: string, seconds: number): Promise<Body> {
  const { client } = ctx.provider;
  await client.waitFor(
    `status 'ready' of disk ${id}`,
    seconds,
    () => client.list(`linode/instances/${linode}/disks`),
    (disks) => disks.some((disk) => String(disk.id) === id && disk.status === "ready"),
  );
  return client.get(pathOf(linode, id));
}

/** Does something to a disk that needs its Linode to be off, and boots the Linode again. */
async function whileOff(ctx: Ctx, linode: number, seconds: number, work: () => Promise<void>): Promise<void> {
  const { client, skipImplicitReboots } = ctx.provider;
  const status = await settledStatus(client, linode, seconds);
  if (status === "running") {
    if (skipImplicitReboots) {
      throw new Error(
        `Linode ${linode} must be off for this, and the provider is told not to shut it down (skipImplicitReboots)`,
      );
    }
    await power(client, linode, "shutdown", seconds);
  }
  await work();
  if ((await findOnList(ctx, linode)) > 0 && status === "running") await power(client, linode, "boot", seconds);
}

async function updateDisk(ctx: Ctx, { id, news, changed }: Change): Promise<Props> {
  const { client } = ctx.provider;
  const linode = Number(news.linodeId);
  const seconds = ctx.timeout(SECONDS.disk);
  if (changed("size")) {
    await whileOff(ctx, linode, seconds, async () => {
      await client.get(pathOf(linode, id));
      const poller = await EventPoller.before(client, linode, "disk_resize", Number(id));
      await client.post(`${pathOf(linode, id)}/resize`, given({ size: news.size }));
      await poller.finished(seconds);
      await waitForReady(ctx, linode, id, seconds);
    });
  }
  if (changed("label")) await client.put(pathOf(linode, id), given({ label: news.label }));
  return flatten(linode, await client.get(pathOf(linode, id)));
}

async function removeDisk(ctx: Ctx, id: string, state: Props): Promise<void> {
  const { client } = ctx.provider;
  const linode = Number(state.linodeId);
  const seconds = ctx.timeout(SECONDS.disk);
  await removed(() =>
    whileOff(ctx, linode, seconds, async () => {
      const poller = await EventPoller.before(client, linode, "disk_delete", Number(id));
      await client.remove(pathOf(linode, id));
      await poller.finished(seconds);
    }),
  );
}

const withImage = ["authorizedKeys", "authorizedUsers", "stackscriptData", "stackscriptId"];

/** The resource type. */
export const instanceDisk: LinodeType = {
  token: "linode:index/instanceDisk:InstanceDisk",
  trust: "program",
  coarseDiff: true,
  defaultsIn: "state",
  fields: {
    linodeId: t.int({ required: true, replaces: true }),
    label: t.string({ required: true }),
    size: t.int({ required: true }),
    authorizedKeys: t.set(t.string(), { replaces: true }),
    authorizedUsers: t.set(t.string(), { replaces: true }),
    filesystem: t.string({ computed: true, replaces: true, oneOf: ["raw", "swap", "ext3", "ext4", "initrd"] }),
    image: t.string({ replaces: true }),
    rootPass: t.string({ secret: true, replaces: true, length: [7, 128] }),
    stackscriptData: t.map({ secret: true, replaces: true }),
    stackscriptId: t.int({ replaces: true }),
    timeouts: t.map(),
    created: t.string({ output: true }),
    updated: t.string({ output: true, volatile: true }),
    status: t.string({ output: true, volatile: true }),
    diskEncryption: t.string({ output: true, volatile: true }),
  },
  check: (news) =>
    withImage
      .filter((name) => nonEmpty(news[name]) !== undefined && news.image === undefined)
      .map((property) => ({ property, reason: "is only possible together with 'image'" })),
  create: createDisk,
  read: async (ctx, id, state) => {
    const disk = await orGone(() => ctx.provider.client.get(pathOf(state.linodeId, id)));
    return disk && { id, state: flatten(Number(state.linodeId), disk) };
  },
  update: updateDisk,
  remove: removeDisk,
  parseImport: (id) => {
    const [linode, disk] = pairOfIds(id, ["linodeID", "diskID"]);
    return { id: String(disk), state: { linodeId: linode } };
  },
};
