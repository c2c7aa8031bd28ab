import * as net from "node:net";
import { z } from "zod";
import { isCidr, isDomain, isHostLabel, isMountpoint } from "../components/internal/rules";
import { port, text, whole } from "./basics";
import { siteSections } from "./siteSchema";

export { port, text, whole } from "./basics";

const cidr = text("is not a network", isCidr);

/** A name for a volume of a pair. */
export const VOLUME_NAME = /^[a-z][a-z0-9-]{0,22}$/;

/** One size for both nodes, or one for each by name; that the two are equal is a rule of its own. */
const size = (least: number, most?: number): z.ZodType<number | Record<string, number>> =>
  z.union([whole(least, most), z.record(z.string(), whole(least, most))]);

/** The vendor's, or the account's own made from one of them. */
export const anImage = text("is not one of the choices", (id) => /^(linode\/debian1[23]|private\/\d+)$/.test(id));
/** One image for both nodes, or one for each by name. */
const image = z.union([anImage, z.record(z.string(), anImage)]);

/** The networks that every system can use. */
export const interconnect = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("vlan"),
      cidr: text("is not an IPv4 network with room for two nodes", isVlanNetwork).default("10.20.0.0/24"),
      label: text("is not a VLAN label", (value) => /^(?!.*--)[A-Za-z0-9-]{1,64}$/.test(value)).optional(),
    }),
    z.strictObject({ kind: z.literal("private") }),
  ],
  {
    error: ({ input }) =>
      (input as { kind?: unknown } | null | undefined)?.kind === "public6"
        ? "is IPv6, and the cluster file system's o2cb speaks IPv4 only"
        : undefined,
  },
);

const access = z.strictObject({
  adminCidrs: z.array(cidr).min(1, "is empty: nobody could log in to set the nodes up"),
  authorizedKeys: z
    .array(
      text("is not an OpenSSH public key", (value) =>
        /^(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(value),
      ),
    )
    .default([]),
  publicTcpPorts: z.array(port).default([]),
});

const threshold = whole(0);

/** The two Linodes, as every system has them. */
export const pair = z.strictObject({
  region: z.string().min(1, "is empty"),
  type: z.string().min(1, "is empty"),
  image: image.default("linode/debian13"),
  nodes: z.tuple([
    text("is not a host name that a Linode can carry", isHostLabel),
    text("is not a host name that a Linode can carry", isHostLabel),
  ]),
  domain: text("is not a domain name", isDomain),
  bootMiB: whole(4096).default(20480),
  swapMiB: whole(0).default(512),
  interconnect: interconnect.default({ kind: "vlan", cidr: "10.20.0.0/24" }),
  access,
  placement: z.enum(["strict", "flexible"]).default("strict"),
  configLabel: z.string().min(1, "is empty").max(48, "is too long").default("ha"),
  alerts: z
    .strictObject({
      cpu: threshold,
      io: threshold,
      networkIn: threshold,
      networkOut: threshold,
      transferQuota: threshold,
    })
    .partial()
    .default({}),
  tags: z.array(z.string().min(3, "is too short").max(50, "is too long")).default([]),
  timezone: text("is not a time zone", isTimezone).default("Etc/UTC"),
});

/** Where each node keeps its copy. */
export const backing = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("volume"), sizeGiB: size(10, 16384) }),
  z.strictObject({ kind: z.literal("disk"), sizeMiB: size(10240) }),
  z.strictObject({
    kind: z.literal("device"),
    path: text("is not a device", (value) => /^\/dev\/[\w./-]+$/.test(value)),
  }),
]);

const volume = z.strictObject({
  backing: backing.default({ kind: "volume", sizeGiB: 10 }),
  port: port.default(7788),
  minor: whole(0, 255).default(0),
  protocol: z.literal("C", "is not safe with two primaries: every write must be on both sides").default("C"),
  initialSync: z.enum(["skip-if-blank", "full"]).default("skip-if-blank"),
  filesystem: z.strictObject({
    type: z.literal("ocfs2", "is not a cluster file system: two primaries that mount it destroy it").default("ocfs2"),
    mountpoint: text("is not an absolute path", isMountpoint),
    mountOptions: z
      .array(text("is not one mount option", (value) => /^[^\s,]+$/.test(value)))
      .default(["noatime", "acl"]),
    owner: text("is not an owner", (value) => /^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$/.test(value)).optional(),
    mode: text("is not a mode", (value) => /^[0-7]{3,4}$/.test(value)).optional(),
    slots: whole(2, 16).default(2),
  }),
});

/** Who makes sure that a lost node is off. */
export const fencing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("linode"),
    confirmSeconds: whole(5, 300).default(60),
    apiUrl: text("is not an address of the API", (value) => /^https?:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(value)).optional(),
    caCertificates: text("is no certificate in PEM form", (value) =>
      value.startsWith("-----BEGIN CERTIFICATE-----"),
    ).optional(),
  }),
  z.strictObject({
    kind: z.literal("none"),
    acceptUnfenced: z.literal(true, "must be true: without fencing, nodes that lose each other may both go on writing"),
  }),
]);

/** The token for fencing through the vendor's API. */
export const fencingToken = z.string().min(1, "is empty").optional();

/** What a user writes for a stack of the system `dual-primary`, without the project's prefix. */
export const dualPrimarySchema = z.strictObject({
  system: z.literal("dual-primary"),
  pair,
  volumes: z
    .record(
      text("is not a name for a volume", (name) => VOLUME_NAME.test(name)),
      volume,
    )
    .refine((volumes) => Object.keys(volumes).length > 0, "is empty: a pair shares at least one volume"),
  ocfs2: z
    .strictObject({
      cluster: text("is not a name for an o2cb cluster", (value) => /^[A-Za-z0-9]{1,16}$/.test(value)).default("ha"),
      port: port.default(7777),
    })
    .default({ cluster: "ha", port: 7777 }),
  fencing,
  fencingToken,
  detection: z
    .strictObject({ seconds: z.number().min(2, "is too small").max(30, "is too large").default(3) })
    .default({ seconds: 3 }),
  ...siteSections,
});

/** The parsed form of {@link dualPrimarySchema}. */
export type DualPrimaryInput = z.infer<typeof dualPrimarySchema>;

function isVlanNetwork(value: string): boolean {
  const [address = "", prefix = ""] = value.split("/");
  return isCidr(value) && net.isIPv4(address) && Number(prefix) >= 8 && Number(prefix) <= 29;
}

function isTimezone(value: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return /^[A-Za-z]+(\/[A-Za-z0-9_+-]+)*$/.test(value);
  } catch {
    return false;
  }
}
