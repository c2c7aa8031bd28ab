/** Functions that a program calls to look something up: regions, types, images. */
import { FunctionType } from "../runtime/table";
import { isObject, Json, Props } from "../runtime/wire";
import { Body } from "./client";
import { at, given, Linode, listOf, some, time } from "./common";

const flattenRegion = (region: Body): Props => ({
  id: region.id,
  label: region.label,
  country: region.country,
  capabilities: region.capabilities ?? [],
  siteType: region.site_type ?? "core",
  status: region.status,
  resolvers: region.resolvers
    ? [{ ipv4: at(region.resolvers, "ipv4") as Json, ipv6: at(region.resolvers, "ipv6") as Json }]
    : [],
  placementGroupLimits: region.placement_group_limits
    ? [
        given({
          maximumPgsPerCustomer: at(region.placement_group_limits, "maximum_pgs_per_customer"),
          maximumLinodesPerPg: at(region.placement_group_limits, "maximum_linodes_per_pg"),
        }),
      ]
    : [],
});

const flattenPrice = (price: Json | undefined): Json =>
  given({
    id: at(price, "id"),
    hourly: at(price, "hourly") ?? 0,
    monthly: at(price, "monthly") ?? 0,
  });

const flattenType = (type: Body): Props => ({
  id: type.id,
  label: type.label,
  class: type.class,
  disk: type.disk,
  memory: type.memory,
  vcpus: type.vcpus,
  transfer: type.transfer,
  networkOut: type.network_out,
  acceleratedDevices: type.accelerated_devices ?? 0,
  prices: [flattenPrice(type.price)],
  regionPrices: listOf(type.region_prices).map(flattenPrice),
  addons: [
    {
      backups: [
        {
          prices: [flattenPrice(at(at(type.addons, "backups"), "price"))],
          regionPrices: listOf(at(at(type.addons, "backups"), "region_prices")).map(flattenPrice),
        },
      ],
    },
  ],
});

const flattenImage = (image: Body): Props => ({
  id: image.id,
  label: image.label,
  description: some(image.description) ?? "",
  created: time(image.created) ?? "",
  createdBy: some(image.created_by) ?? "",
  deprecated: image.deprecated ?? false,
  expiry: some(image.expiry) ?? "",
  isPublic: image.is_public ?? false,
  size: image.size ?? 0,
  totalSize: image.total_size ?? 0,
  status: image.status,
  type: image.type,
  vendor: some(image.vendor) ?? "",
  tags: image.tags ?? [],
  capabilities: image.capabilities ?? [],
  replications: listOf(image.regions).map((entry) =>
    given({ region: at(entry, "region"), status: at(entry, "status") }),
  ),
});

/** One thing by its id. */
function getter(name: string, path: string, flatten: (body: Body) => Props): FunctionType<Linode> {
  return {
    token: `linode:index/${name}:${name}`,
    required: ["id"],
    call: async ({ provider }, args) =>
      flatten(await provider.client.get(`${path}/${encodeURIComponent(String(args.id))}`)),
  };
}

/** All things, filtered here as the vendor's plugin does for what the API cannot filter. */
function lister(name: string, path: string, field: string, flatten: (body: Body) => Props): FunctionType<Linode> {
  return {
    token: `linode:index/${name}:${name}`,
    required: [],
    call: async ({ provider }, args) => {
      const all = (await provider.client.list(path)).map(flatten) as Json[];
      const found = all.filter((entry) => listOf(args.filters).every((filter) => passes(entry, filter)));
      const ordered = sorted(found, args);
      const list = args.latest === true ? newest(ordered) : ordered;
      return { id: path, filters: args.filters ?? [], [field]: list };
    },
  };
}

function passes(entry: Json, filter: Json): boolean {
  const name = String(at(filter, "name")).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const matchBy = String(at(filter, "matchBy") ?? "exact");
  const held = isObject(entry) ? entry[name] : undefined;
  const values = (Array.isArray(held) ? held : [held]).map(String);
  return listOf(at(filter, "values")).some((wanted) =>
    values.some((value) => {
      if (matchBy === "substring") return value.includes(String(wanted));
      if (matchBy === "regex") return new RegExp(String(wanted)).test(value);
      return value === String(wanted);
    }),
  );
}

function sorted(list: Json[], args: Props): Json[] {
  if (typeof args.orderBy !== "string") return list;
  const key = args.orderBy.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const direction = args.order === "desc" ? -1 : 1;
  const compare = (a: Json, b: Json) => {
    const [x, y] = [at(a, key) as never, at(b, key) as never];
    return x < y ? -direction : x > y ? direction : 0;
  };
  return [...list].sort(compare);
}

const newest = (list: Json[]): Json[] =>
  [...list].sort((a, b) => (String(at(a, "created")) < String(at(b, "created")) ? 1 : -1)).slice(0, 1);

/** All functions of the plugin. */
export const functions: FunctionType<Linode>[] = [
  getter("getRegion", "regions", flattenRegion),
  lister("getRegions", "regions", "regions", flattenRegion),
  getter("getInstanceType", "linode/types", flattenType),
  lister("getInstanceTypes", "linode/types", "types", flattenType),
  getter("getImage", "images", flattenImage),
  lister("getImages", "images", "images", flattenImage),
];
