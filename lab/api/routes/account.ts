import { POLICIES, TRANSFER_PRICES } from "../catalog/policies";
import { REGIONS } from "../catalog/regions";
import { imagesFrom, KERNELS } from "../catalog/images";
import { TYPES } from "../catalog/types";
import { notFound, notInLab } from "../errors";
import type { EventRecord } from "../model";
import { idOf } from "../paging";
import { area, bodyOf, listOf, type Call, type Route } from "../route";
import { accountSettings, changeAccountSettings } from "../services/account";

const account = area("account");
const events = area("events");
const anybody = area("*");
const open = area(null);
const images = area("images");
const linodes = area("linodes");

const EVENT_KEYS = [
  "id",
  "action",
  "created",
  "status",
  "username",
  "seen",
  "read",
  "percent_complete",
  "entity.id",
  "entity.type",
  "entity.label",
  "entity.url",
  "secondary_entity.id",
  "secondary_entity.type",
];
const CAPABILITIES = [
  "Linodes",
  "Block Storage",
  "Block Storage Encryption",
  "Cloud Firewall",
  "Vlans",
  "Placement Group",
  "Disk Encryption",
  "Machine Images",
  "SMTP Enabled",
];
const TYPE_KEYS = ["id", "label", "class", "disk", "memory", "vcpus", "transfer", "gpus", "network_out"];
const IMAGE_KEYS = [
  "id",
  "label",
  "vendor",
  "deprecated",
  "is_public",
  "size",
  "status",
  "type",
  "tags",
  "created",
  "updated",
  "created_by",
  "eol",
  "description",
];
const KERNEL_KEYS = ["id", "label", "version", "kvm", "architecture", "pvops", "deprecated", "built"];

/** The account and its history. */
export const accountRoutes: readonly Route[] = [
  account.get("/account", () => ({
    company: "Local Linode",
    email: "lab@example.org",
    first_name: "",
    last_name: "",
    address_1: "",
    address_2: "",
    city: "",
    state: "",
    zip: "",
    country: "US",
    phone: "",
    balance: 0,
    tax_id: "",
    billing_source: "linode",
    credit_card: { last_four: null, expiry: null },
    balance_uninvoiced: 0,
    active_since: "2025-01-01T00:00:00",
    capabilities: CAPABILITIES,
    active_promotions: [],
    euuid: "00000000-0000-4000-8000-000000000001",
  })),
  account.get("/account/settings", (call) => accountSettings(call.ctx)),
  account.put("/account/settings", (call) => changeAccountSettings(call.ctx, bodyOf(call))),
  account.get("/account/transfer", () => ({ billable: 0, quota: 0, used: 0, region_transfers: [] })),
  account.get("/account/availability", (call) => listOf(call, REGIONS.map(availability), ["region"])),
  account.get("/account/availability/:region", (call) => availability(found(REGIONS, call.params["region"]))),
  anybody.get("/account/maintenance", (call) => listOf(call, [], ["id", "type", "status"])),
  ...["notifications", "logins", "invoices", "payments", "payment-methods", "betas"].map((what) =>
    account.get(`/account/${what}`, (call) => listOf(call, [], ["id", "type", "status"])),
  ),
  account.get("/account/users", (call) => listOf(call, [user(call)], ["username"])),
  account.get("/account/users/:username", (call) => {
    if (call.params["username"] !== call.username) throw notFound();
    return user(call);
  }),
  events.get("/account/events", (call) => listOf(call, call.ctx.store.table("events").all(), EVENT_KEYS)),
  events.get("/account/events/:eventId", (call) => event(call)),
  events.post("/account/events/:eventId/seen", (call) => mark(call, { seen: true })),
  events.post("/account/events/:eventId/read", (call) => mark(call, { read: true })),
];

/** What is the same for everybody. */
export const catalogRoutes: readonly Route[] = [
  open.get("/regions", (call) =>
    listOf(call, REGIONS, ["id", "label", "country", "status", "capabilities", "site_type"]),
  ),
  open.get("/regions/availability", (call) =>
    listOf(
      call,
      REGIONS.flatMap(({ id }) => plans(id)),
      ["region", "plan", "available"],
    ),
  ),
  open.get("/regions/:region", (call) => found(REGIONS, call.params["region"])),
  open.get("/regions/:region/availability", (call) => plans(found(REGIONS, call.params["region"]).id)),
  open.get("/linode/types", (call) => listOf(call, TYPES, TYPE_KEYS)),
  open.get("/linode/types/:type", (call) => found(TYPES, call.params["type"])),
  open.get("/linode/kernels", (call) => listOf(call, KERNELS, KERNEL_KEYS)),
  open.get("/linode/kernels/:kernel", (call) => found(KERNELS, call.params["kernel"])),
  open.get("/linode/kernels/:vendor/:kernel", (call) =>
    found(KERNELS, `${call.params["vendor"]}/${call.params["kernel"]}`),
  ),
  open.get("/images", (call) => listOf(call, imagesSeenBy(call), IMAGE_KEYS)),
  open.get("/images/:image", (call) => found(imagesSeenBy(call), call.params["image"])),
  open.get("/images/:vendor/:image", (call) =>
    found(imagesSeenBy(call), `${call.params["vendor"]}/${call.params["image"]}`),
  ),
  ...["/images", "/images/upload"].map((path) =>
    images.post(path, () => {
      throw notInLab("private images");
    }),
  ),
  open.get("/network-transfer/prices", (call) => listOf(call, TRANSFER_PRICES, ["id"])),
  open.get("/maintenance/policies", (call) => listOf(call, POLICIES, ["slug"])),
  linodes.get("/networking/vlans", (call) => listOf(call, vlans(call), ["label", "region", "created"])),
];

/** Without a token, only what is public. */
function imagesSeenBy(call: Call) {
  return imagesFrom(call.ctx.disks.images()).filter(({ is_public }) => is_public || call.username !== "");
}

function availability(region: { id: string }) {
  return { region: region.id, available: ["Linodes", "Block Storage"], unavailable: [] };
}

function plans(region: string) {
  return TYPES.map((type) => ({ region, plan: type.id, available: true }));
}

function user(call: Call) {
  return {
    username: call.username,
    email: `${call.username}@example.org`,
    restricted: false,
    ssh_keys: call.ctx.store
      .table("sshKeys")
      .all()
      .map((key) => key.label),
    tfa_enabled: false,
    verified_phone_number: null,
    password_created: null,
    last_login: null,
    user_type: "default",
  };
}

function event(call: Call): EventRecord {
  const one = call.ctx.store.table("events").get(idOf(call.params["eventId"]));
  if (one === undefined) throw notFound();
  return one;
}

/** All events up to this one become seen; a single one becomes read. */
function mark(call: Call, patch: { seen: true } | { read: true }): unknown {
  const one = event(call);
  const table = call.ctx.store.table("events");
  if ("read" in patch) table.update(one.id, patch);
  else for (const each of table.all()) if (each.id <= one.id && !each.seen) table.update(each.id, patch);
  return bodyless();
}

function bodyless(): Record<string, never> {
  return {};
}

function found<T extends { readonly id: string }>(all: readonly T[], id: string | undefined): T {
  const one = all.find((each) => each.id === id);
  if (one === undefined) throw notFound();
  return one;
}

/** The VLANs that some config profile names. */
function vlans(call: Call) {
  const rows = new Map<string, { label: string; region: string; linodes: number[]; created: string }>();
  for (const config of call.ctx.store.table("configs").all()) {
    const linode = call.ctx.store.table("instances").get(config.linodeId);
    if (linode === undefined) continue;
    for (const { purpose, label } of config.interfaces) {
      if (purpose !== "vlan" || label === null) continue;
      const key = `${linode.region}/${label}`;
      const row = rows.get(key) ?? { label, region: linode.region, linodes: [], created: config.created };
      if (!row.linodes.includes(linode.id)) row.linodes.push(linode.id);
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}
