import {
  ConfigProfileInterfaceSchema,
  CreateLinodeConfigSchema,
  UpdateConfigInterfaceOrderSchema,
  UpdateLinodeConfigSchema,
} from "@linode/validation";
import type { InterfacePayload } from "@linode/api-v4";

import { instanceOf, now } from "../context";
import { invalid, notFound } from "../errors";
import { entityOf } from "../events";
import type { ConfigRecord, InstanceRecord, InterfaceRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { changed, draftConfig, interfacesFrom, saveConfig, type ConfigRequest } from "../services/configs";
import { CONFIG_KEYS, configView, interfaceView } from "../views/instance";

const { get, post, put, del } = area("linodes");
const CONFIGS = "/linode/instances/:linodeId/configs";
const CONFIG = `${CONFIGS}/:configId`;
const INTERFACES = `${CONFIG}/interfaces`;

/** A Linode's configuration profiles and their interfaces. */
export const configRoutes: readonly Route[] = [
  get(CONFIGS, (call) => {
    const linode = instanceOf(call.ctx, idOf(call.params["linodeId"]));
    const own = call.ctx.store.table("configs").where((config) => config.linodeId === linode.id);
    return listOf(
      call,
      own.map((config) => configView(call.ctx, config)),
      CONFIG_KEYS,
    );
  }),
  post(
    CONFIGS,
    (call) => {
      const linode = instanceOf(call.ctx, idOf(call.params["linodeId"]));
      const config = saveConfig(call.ctx, linode, draftConfig(call.ctx, linode, bodyOf<ConfigRequest>(call)));
      note(call, "linode_config_create", linode, config);
      return configView(call.ctx, config);
    },
    { schema: CreateLinodeConfigSchema },
  ),
  get(CONFIG, (call) => configView(call.ctx, target(call).config)),
  put(
    CONFIG,
    (call) => {
      const { linode, config } = target(call);
      const saved = saveConfig(call.ctx, linode, changed(call.ctx, linode, config, bodyOf<ConfigRequest>(call)));
      note(call, "linode_config_update", linode, saved);
      return configView(call.ctx, saved);
    },
    { schema: UpdateLinodeConfigSchema },
  ),
  del(CONFIG, (call) => {
    const { linode, config } = target(call);
    if (linode.bootedConfig === config.id) {
      throw invalid("This configuration profile is in use by the running Linode: shut the Linode down first.");
    }
    saveConfig(call.ctx, linode, { ...config, devices: {} });
    call.ctx.store.table("configs").delete(config.id);
    if (linode.lastConfig === config.id) call.ctx.store.table("instances").update(linode.id, { lastConfig: null });
    note(call, "linode_config_delete", linode, config);
    return {};
  }),
  get(INTERFACES, (call) => {
    const { linode, config } = target(call);
    return config.interfaces.map((each) => interfaceView(each, linode.bootedConfig === config.id));
  }),
  post(
    INTERFACES,
    (call) => {
      const { linode, config } = target(call);
      const known = new Set(config.interfaces.map((each) => each.id));
      const interfaces = interfacesFrom(
        call.ctx,
        [...config.interfaces.map(asPayload), bodyOf<InterfacePayload>(call)],
        config.interfaces,
      );
      const saved = save(call, config, interfaces);
      const added = saved.interfaces.find((each) => !known.has(each.id)) as InterfaceRecord;
      return interfaceView(added, linode.bootedConfig === config.id);
    },
    { schema: ConfigProfileInterfaceSchema },
  ),
  post(
    `${INTERFACES}/order`,
    (call) => {
      const { config } = target(call);
      const { ids } = bodyOf<{ ids: number[] }>(call);
      const ordered = ids.flatMap((id) => config.interfaces.filter((each) => each.id === id));
      if (ordered.length !== config.interfaces.length || ids.length !== ordered.length) {
        throw invalid("ids must list every interface of the configuration profile once", "ids");
      }
      save(call, config, ordered);
      return {};
    },
    { schema: UpdateConfigInterfaceOrderSchema },
  ),
  get(`${INTERFACES}/:interfaceId`, (call) => {
    const { linode, config } = target(call);
    return interfaceView(interfaceOf(call, config), linode.bootedConfig === config.id);
  }),
  put(`${INTERFACES}/:interfaceId`, (call) => {
    const { linode, config } = target(call);
    const one = interfaceOf(call, config);
    const { primary } = bodyOf<{ primary?: boolean | null }>(call);
    if (primary && one.purpose === "vlan") throw invalid("VLAN interfaces can't be the primary interface", "primary");
    const updated = { ...one, primary: primary ?? one.primary };
    save(
      call,
      config,
      config.interfaces.map((each) => (each.id === one.id ? updated : each)),
    );
    return interfaceView(updated, linode.bootedConfig === config.id);
  }),
  del(`${INTERFACES}/:interfaceId`, (call) => {
    const { config } = target(call);
    const one = interfaceOf(call, config);
    save(
      call,
      config,
      config.interfaces.filter((each) => each.id !== one.id),
    );
    return {};
  }),
];

function target(call: Call): { readonly linode: InstanceRecord; readonly config: ConfigRecord } {
  const linode = instanceOf(call.ctx, idOf(call.params["linodeId"]));
  const config = call.ctx.store.table("configs").get(idOf(call.params["configId"]));
  if (config?.linodeId !== linode.id) throw notFound();
  return { linode, config };
}

function interfaceOf(call: Call, config: ConfigRecord): InterfaceRecord {
  const id = idOf(call.params["interfaceId"]);
  const found = config.interfaces.find((each) => each.id === id);
  if (found === undefined) throw notFound();
  return found;
}

function save(call: Call, config: ConfigRecord, interfaces: readonly InterfaceRecord[]): ConfigRecord {
  return call.ctx.store.table("configs").update(config.id, { interfaces, updated: now(call.ctx) });
}

function asPayload(each: InterfaceRecord): InterfacePayload {
  return { purpose: each.purpose, label: each.label, ipam_address: each.ipam_address, primary: each.primary };
}

function note(
  call: Call,
  action: "linode_config_create" | "linode_config_update" | "linode_config_delete",
  linode: InstanceRecord,
  config: ConfigRecord,
): void {
  call.ctx.events.notify(action, call.username, entityOf.linode(linode), entityOf.config(config));
}
