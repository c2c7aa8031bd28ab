import type { ApiObject, LinodeApi } from "./linodeApi";
import type { ExportedResource } from "./pulumiCli";

/** What becomes of something whose creation was cut short. */
export type Verdict =
  /** It exists: take it into the state under this provider id. */
  | { readonly kind: "adopt"; readonly id: string }
  /** It exists, nothing can be on it: delete it at this path of the API, and let `up` make it anew. */
  | { readonly kind: "delete"; readonly path: string }
  /** It was never made. */
  | { readonly kind: "forget" };

type Finder = (api: LinodeApi, inputs: Readonly<Record<string, unknown>>) => Promise<Verdict>;

const FORGET: Verdict = { kind: "forget" };

function adopt(object: ApiObject | undefined, id: (found: string) => string = (found) => found): Verdict {
  return object === undefined ? FORGET : { kind: "adopt", id: id(String(object["id"])) };
}

function byLabel(path: string): Finder {
  return async (api, inputs) => {
    const found = await api.list(path, { label: inputs["label"] as string });
    return adopt(found.find((object) => object["label"] === inputs["label"]));
  };
}

/**
 * A disk that no configuration profile maps cannot have been booted or written to. One that is mapped is kept, because
 * it may carry data.
 */
async function findDisk(api: LinodeApi, inputs: Readonly<Record<string, unknown>>): Promise<Verdict> {
  const linode = `linode/instances/${String(inputs["linodeId"])}`;
  const disk = (await api.list(`${linode}/disks`)).find((object) => object["label"] === inputs["label"]);
  if (disk === undefined) {
    return FORGET;
  }
  const configs = await api.list(`${linode}/configs`);
  const mapped = configs.some((config) =>
    Object.values((config["devices"] as Record<string, ApiObject | null> | null) ?? {}).some(
      (device) => device?.["disk_id"] === disk["id"],
    ),
  );
  return mapped
    ? adopt(disk, (id) => `${String(inputs["linodeId"])},${id}`)
    : { kind: "delete", path: `${linode}/disks/${String(disk["id"])}` };
}

async function findConfig(api: LinodeApi, inputs: Readonly<Record<string, unknown>>): Promise<Verdict> {
  const configs = await api.list(`linode/instances/${String(inputs["linodeId"])}/configs`);
  return adopt(
    configs.find((config) => config["label"] === inputs["label"]),
    (id) => `${String(inputs["linodeId"])},${id}`,
  );
}

async function findFirewallDevice(api: LinodeApi, inputs: Readonly<Record<string, unknown>>): Promise<Verdict> {
  const devices = await api.list(`networking/firewalls/${String(inputs["firewallId"])}/devices`);
  return adopt(
    devices.find((device) => (device["entity"] as ApiObject)["id"] === inputs["entityId"]),
    (id) => `${String(inputs["firewallId"])},${id}`,
  );
}

/** How each kind of resource is found again. What is not here (random values, commands) is simply made anew. */
const FINDERS: Readonly<Record<string, Finder>> = {
  "linode:index/instance:Instance": byLabel("linode/instances"),
  "linode:index/volume:Volume": byLabel("volumes"),
  "linode:index/firewall:Firewall": byLabel("networking/firewalls"),
  "linode:index/placementGroup:PlacementGroup": byLabel("placement/groups"),
  "linode:index/instanceDisk:InstanceDisk": findDisk,
  "linode:index/instanceConfig:InstanceConfig": findConfig,
  "linode:index/firewallDevice:FirewallDevice": findFirewallDevice,
};

/** Decides what becomes of one creation that was cut short. */
export async function judge(api: LinodeApi, resource: ExportedResource): Promise<Verdict> {
  const find = FINDERS[resource.type];
  return find === undefined ? FORGET : await find(api, resource.inputs ?? {});
}
