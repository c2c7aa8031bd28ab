/** The fields of `Instance`. */
import { Fields, t } from "../runtime/table";
import { Props } from "../runtime/wire";
import { nonEmpty, sameIgnoringCase } from "./common";
import { interfaceFields } from "./interfaces";

const threshold = t.int({ computed: true });
const once = { replaces: true } as const;

/** Names, kinds and rules as the vendor has them. */
export const instanceFields: Fields = {
  region: t.string({ required: true }),
  type: t.string({ default: "g6-standard-1" }),
  label: t.string({ computed: true, length: [3, 50] }),
  group: t.string(),
  tags: t.set(t.string(), { computed: true, same: sameIgnoringCase }),
  image: t.string(once),
  rootPass: t.string({ ...once, secret: true, length: [7, 128] }),
  authorizedKeys: t.list(t.string(), {
    ...once,
    same: (before, after) => keyList(before) === keyList(after),
  }),
  authorizedUsers: t.list(t.string(), once),
  backupId: t.int(once),
  backupsEnabled: t.bool({ computed: true }),
  bootConfigLabel: t.string({ computed: true }),
  booted: t.bool({ computed: true }),
  diskEncryption: t.string({ ...once, computed: true, oneOf: ["enabled", "disabled"] }),
  firewallId: t.int(once),
  interfaces: t.list(t.object(interfaceFields)),
  ipv4s: t.set(t.string(), { ...once, computed: true }),
  metadatas: t.list(t.object({ userData: t.string(once) })),
  migrationType: t.string({ default: "cold", oneOf: ["cold", "warm"], same: () => true }),
  placementGroup: t.object(
    {
      id: t.int({ required: true }),
      compliantOnly: t.bool(),
      label: t.string({ output: true }),
      placementGroupType: t.string({ output: true }),
      placementGroupPolicy: t.string({ computed: true, oneOf: ["strict", "flexible"] }),
    },
    { same: (_before, _after, news) => news.placementGroupExternallyManaged === true },
  ),
  placementGroupExternallyManaged: t.bool({ default: false, same: () => true }),
  privateIp: t.bool(),
  resizeDisk: t.bool({ default: false }),
  sharedIpv4s: t.set(t.string(), { computed: true }),
  stackscriptData: t.map({ ...once, secret: true }),
  stackscriptId: t.int(once),
  swapSize: t.int({ computed: true }),
  watchdogEnabled: t.bool({ default: true }),
  alerts: t.object(
    { cpu: threshold, io: threshold, networkIn: threshold, networkOut: threshold, transferQuota: threshold },
    { computed: true },
  ),
  // Disks and profiles inside the instance are deprecated by the vendor: here they are outputs only.
  disks: t.list(t.any(), { output: true }),
  configs: t.list(t.any(), { output: true }),
  backups: t.list(t.any(), { output: true }),
  capabilities: t.set(t.string(), { output: true }),
  hasUserData: t.bool({ output: true }),
  hostUuid: t.string({ output: true }),
  ipAddress: t.string({ output: true }),
  ipv6: t.string({ output: true }),
  lkeClusterId: t.int({ output: true }),
  privateIpAddress: t.string({ output: true }),
  specs: t.list(t.any(), { output: true }),
  status: t.string({ output: true }),
};

const keyList = (value: unknown): string =>
  JSON.stringify(Array.isArray(value) ? value.map((key) => String(key).trim()) : value);

/** Rules between fields. */
export function checkInstance(news: Props): { property: string; reason: string }[] {
  const needImage = ["authorizedKeys", "authorizedUsers", "interfaces", "stackscriptData", "stackscriptId", "swapSize"];
  const failures = needImage
    .filter((name) => nonEmpty(news[name]) !== undefined && news.image === undefined)
    .map((property) => ({ property, reason: "is only possible together with 'image'" }));
  if (news.resizeDisk === true && news.image === undefined) {
    failures.push({ property: "resizeDisk", reason: "is only possible together with 'image'" });
  }
  if (news.booted === true && news.image === undefined) {
    failures.push({
      property: "booted",
      reason: "needs an 'image'; without one, 'booted' belongs to an InstanceConfig",
    });
  }
  return failures;
}
