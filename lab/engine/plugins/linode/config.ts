/** `InstanceConfig`: a configuration profile, and whether the Linode runs it. */
import { Change, PartialFailure, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body, isNotFound } from "./client";
import {
  at,
  bootedConfig,
  Ctx,
  given,
  isUp,
  LinodeType,
  listOf,
  nonEmpty,
  pairOfIds,
  power,
  SECONDS,
  waitForStatus,
} from "./common";
import {
  deviceInputs,
  expandDevices,
  expandInterfaces,
  flattenDevices,
  flattenInterfaces,
  interfaceFields,
} from "./interfaces";

const helper = t.bool({ default: true });
const helperNames = {
  devtmpfsAutomount: "devtmpfs_automount",
  distro: "distro",
  modulesDep: "modules_dep",
  network: "network",
  updatedbDisabled: "updatedb_disabled",
} as const;

function expandHelpers(helpers: Json | undefined): Body | undefined {
  const first = listOf(helpers)[0];
  if (first === undefined) return undefined;
  return Object.fromEntries(Object.entries(helperNames).map(([ours, theirs]) => [theirs, at(first, ours) ?? true]));
}

function flattenHelpers(helpers: Json | undefined): Json | undefined {
  if (!helpers) return undefined;
  return [
    Object.fromEntries(Object.entries(helperNames).map(([ours, theirs]) => [ours, at(helpers, theirs) ?? false])),
  ];
}

/** The state of a profile. Asks what the vendor's plugin asks, in its order. */
async function readConfig(ctx: Ctx, id: string, state: Props): Promise<{ id: string; state: Props } | undefined> {
  const { client } = ctx.provider;
  const linode = Number(state.linodeId);
  let config: Body;
  try {
    config = await client.get(`linode/instances/${linode}/configs/${id}`);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const { status } = await client.get(`linode/instances/${linode}`);
  await client.get(`linode/instances/${linode}/ips`);
  const booted = isUp(status) && (await isBooted(ctx, linode, Number(id), state.booted === true));
  return {
    id,
    state: {
      linodeId: linode,
      label: config.label,
      comments: config.comments ?? "",
      kernel: config.kernel,
      memoryLimit: config.memory_limit ?? 0,
      rootDevice: config.root_device,
      runLevel: config.run_level,
      virtMode: config.virt_mode,
      interfaces: flattenInterfaces(config.interfaces),
      booted,
      ...flattenDevices(config.devices),
      helpers: flattenHelpers(config.helpers),
    },
  };
}

/** Where no boot event can be found (they expire), what was known before stays true. */
async function isBooted(ctx: Ctx, linode: number, config: number, before: boolean): Promise<boolean> {
  const current = await bootedConfig(ctx.provider.client, linode);
  return current === 0 ? before : current === config;
}

/** Boots, reboots or shuts down so that the Linode is in the wanted state. */
async function applyBooted(ctx: Ctx, linode: number, config: number, booted: boolean, reboot: boolean): Promise<void> {
  const { client } = ctx.provider;
  const seconds = ctx.timeout(SECONDS.boot);
  const { status } = await client.get(`linode/instances/${linode}`);
  const current = await bootedConfig(client, linode);
  const up = isUp(status);
  if (!booted) {
    if (!up || current !== config) return;
    await waitForStatus(client, linode, "running", seconds);
    await power(client, linode, "shutdown", seconds);
  } else if (!up) {
    await power(client, linode, "boot", seconds, { config_id: config });
  } else if (current !== config || reboot) {
    await waitForStatus(client, linode, "running", seconds);
    await power(client, linode, "reboot", seconds, { config_id: config });
  }
}

async function createConfig(ctx: Ctx, news: Props): Promise<{ id: string; state: Props }> {
  const linode = Number(news.linodeId);
  const body = given({
    label: news.label,
    comments: nonEmpty(news.comments),
    devices: expandDevices(news) ?? {},
    helpers: expandHelpers(news.helpers),
    interfaces: expandInterfaces(news.interfaces),
    memory_limit: nonEmpty(news.memoryLimit),
    kernel: nonEmpty(news.kernel),
    root_device: nonEmpty(news.rootDevice),
    run_level: nonEmpty(news.runLevel),
    virt_mode: nonEmpty(news.virtMode),
  });
  const made = await ctx.provider.client.post(`linode/instances/${linode}/configs`, body);
  const id = String(made.id);
  try {
    if (typeof news.booted === "boolean") await applyBooted(ctx, linode, Number(id), news.booted, false);
    return await mustRead(ctx, id, news);
  } catch (error) {
    throw new PartialFailure(id, { linodeId: linode, booted: false }, error);
  }
}

async function mustRead(ctx: Ctx, id: string, state: Props): Promise<{ id: string; state: Props }> {
  const found = await readConfig(ctx, id, state);
  if (!found) throw new Error(`configuration profile ${id} of Linode ${String(state.linodeId)} is gone`);
  return found;
}

async function updateConfig(ctx: Ctx, { id, news, changed }: Change): Promise<Props> {
  const { client, skipImplicitReboots } = ctx.provider;
  const linode = Number(news.linodeId);
  const names = [
    "comments",
    "device",
    "devices",
    "helpers",
    "interfaces",
    "kernel",
    "label",
    "memoryLimit",
    "rootDevice",
    "runLevel",
    "virtMode",
  ];
  const doUpdate = changed(...names);
  const { status } = await client.get(`linode/instances/${linode}`);
  const runsIt = (await bootedConfig(client, linode)) === Number(id) && status === "running";
  if (doUpdate) {
    const when = (name: string, value: Json | undefined) => (changed(name) ? nonEmpty(value) : undefined);
    // What the vendor's client sends in every update, changed or not: an unchanged comment is lost.
    const always = {
      comments: changed("comments") ? (news.comments ?? "") : "",
      interfaces: changed("interfaces") ? expandInterfaces(news.interfaces) : null,
      memory_limit: changed("memoryLimit") ? (news.memoryLimit ?? 0) : 0,
      init_rd: null,
    };
    const body = given({
      label: when("label", news.label),
      ...always,
      devices: changed("device", "devices") ? expandDevices(news) : undefined,
      helpers: changed("helpers") ? expandHelpers(news.helpers) : undefined,
      kernel: when("kernel", news.kernel),
      root_device: when("rootDevice", news.rootDevice),
      run_level: when("runLevel", news.runLevel),
      virt_mode: when("virtMode", news.virtMode),
    });
    await client.put(`linode/instances/${linode}/configs/${id}`, body);
  }
  if (typeof news.booted === "boolean") {
    await applyBooted(ctx, linode, Number(id), news.booted, runsIt && doUpdate && !skipImplicitReboots);
  }
  return (await mustRead(ctx, id, news)).state;
}

async function removeConfig(ctx: Ctx, id: string, state: Props): Promise<void> {
  const { client } = ctx.provider;
  const linode = Number(state.linodeId);
  try {
    const { status } = await client.get(`linode/instances/${linode}`);
    if (isUp(status) && (await isBooted(ctx, linode, Number(id), state.booted === true))) {
      await power(client, linode, "shutdown", ctx.timeout(SECONDS.boot));
    }
    await client.remove(`linode/instances/${linode}/configs/${id}`);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The resource type. */
export const instanceConfig: LinodeType = {
  token: "linode:index/instanceConfig:InstanceConfig",
  trust: "service",
  defaultsIn: "inputs",
  fields: {
    linodeId: t.int({ required: true, replaces: true }),
    label: t.string({ required: true }),
    ...deviceInputs,
    booted: t.bool({ computed: true }),
    comments: t.string(),
    helpers: t.list(
      t.object({
        devtmpfsAutomount: helper,
        distro: helper,
        modulesDep: helper,
        network: helper,
        updatedbDisabled: helper,
      }),
      { computed: true },
    ),
    interfaces: t.list(t.object(interfaceFields)),
    kernel: t.string({ default: "linode/latest-64bit" }),
    memoryLimit: t.int({ computed: true }),
    rootDevice: t.string({ default: "/dev/sda" }),
    runLevel: t.string({ default: "default", oneOf: ["default", "single", "binbash"] }),
    virtMode: t.string({ default: "paravirt", oneOf: ["paravirt", "fullvirt"] }),
  },
  check: (news) =>
    news.device && news.devices ? [{ property: "device", reason: "give either 'device' or 'devices', not both" }] : [],
  create: createConfig,
  read: readConfig,
  update: updateConfig,
  remove: removeConfig,
  parseImport: (id) => {
    const [linode, config] = pairOfIds(id, ["linodeID", "configID"]);
    return { id: String(config), state: { linodeId: linode } };
  },
};
