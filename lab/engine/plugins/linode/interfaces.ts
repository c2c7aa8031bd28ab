/** Network interfaces and devices of a configuration profile, between the program's words and the API's. */
import { Fields, t } from "../runtime/table";
import { Json, Props } from "../runtime/wire";
import { Body } from "./client";
import { at, given, listOf, nonEmpty, some } from "./common";

/** One interface. */
export const interfaceFields: Fields = {
  purpose: t.string({ required: true }),
  ipamAddress: t.string(),
  label: t.string(),
  id: t.int({ output: true }),
  subnetId: t.int(),
  vpcId: t.int({ output: true }),
  primary: t.bool({ default: false }),
  active: t.bool({ output: true }),
  ipRanges: t.list(t.string()),
  ipv4: t.object({ vpc: t.string({ computed: true }), nat11: t.string({ computed: true }) }, { computed: true }),
};

/** Interfaces as the API takes them. */
export function expandInterfaces(interfaces: Json | undefined): Json[] {
  return listOf(interfaces).map((entry) => {
    const purpose = at(entry, "purpose") as string;
    const body: Record<string, Json | undefined> = { purpose, primary: nonEmpty(at(entry, "primary")) };
    if (purpose === "vlan") {
      body.ipam_address = nonEmpty(at(entry, "ipamAddress"));
      body.label = nonEmpty(at(entry, "label"));
    }
    if (purpose === "vpc") {
      const [vpc, nat] = [nonEmpty(at(at(entry, "ipv4"), "vpc")), nonEmpty(at(at(entry, "ipv4"), "nat11"))];
      body.subnet_id = nonEmpty(at(entry, "subnetId"));
      body.ipv4 = vpc || nat ? given({ vpc, nat_1_1: nat }) : undefined;
      body.ip_ranges = nonEmpty(at(entry, "ipRanges"));
    }
    return given(body);
  });
}

/** Interfaces as the state keeps them. */
export function flattenInterfaces(interfaces: Json | undefined): Json[] {
  return listOf(interfaces).map((entry) => {
    const ipv4 = at(entry, "ipv4");
    return given({
      purpose: at(entry, "purpose"),
      ipamAddress: some(at(entry, "ipam_address")) ?? "",
      label: some(at(entry, "label")) ?? "",
      id: some(at(entry, "id")),
      subnetId: some(at(entry, "subnet_id")),
      vpcId: some(at(entry, "vpc_id")),
      primary: at(entry, "primary") ?? false,
      active: at(entry, "active") ?? false,
      ipRanges: listOf(at(entry, "ip_ranges")),
      ipv4: ipv4 ? given({ vpc: some(at(ipv4, "vpc")), nat11: some(at(ipv4, "nat_1_1")) }) : undefined,
    });
  });
}

const slots = ["sda", "sdb", "sdc", "sdd", "sde", "sdf", "sdg", "sdh"] as const;
const deviceFields = { diskId: t.int(), volumeId: t.int() };

/** `device`: the list form. `devices`: the older object form. */
export const deviceInputs: Fields = {
  device: t.set(t.object({ deviceName: t.string({ required: true, oneOf: slots }), ...deviceFields }), {
    computed: true,
  }),
  devices: t.object(Object.fromEntries(slots.map((slot) => [slot, t.object(deviceFields, { computed: true })])), {
    computed: true,
  }),
};

const expandDevice = (entry: Json | undefined): Body =>
  given({ disk_id: nonEmpty(at(entry, "diskId")), volume_id: nonEmpty(at(entry, "volumeId")) });

/** Devices as the API takes them, from whichever form was given; undefined when neither was. */
export function expandDevices(news: Props): Body | undefined {
  const list = listOf(news.device);
  if (list.length > 0) {
    return Object.fromEntries(list.map((entry) => [String(at(entry, "deviceName")), expandDevice(entry)]));
  }
  const named = news.devices as Record<string, Json> | undefined;
  if (!named) return undefined;
  return Object.fromEntries(Object.entries(named).map(([slot, entry]) => [slot, expandDevice(entry)]));
}

/** Devices as the state keeps them, in both forms. */
export function flattenDevices(devices: Json | undefined): Props {
  const device: Json[] = [];
  const named: Body = {};
  for (const slot of slots) {
    const entry = at(devices, slot);
    if (!entry) continue;
    const ids = { diskId: some(at(entry, "disk_id")) ?? 0, volumeId: some(at(entry, "volume_id")) ?? 0 };
    if (!ids.diskId && !ids.volumeId) continue;
    device.push(given({ deviceName: slot, diskId: nonEmpty(ids.diskId), volumeId: nonEmpty(ids.volumeId) }));
    named[slot] = ids;
  }
  return { device, devices: named };
}
