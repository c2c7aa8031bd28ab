import * as net from "node:net";
import { z } from "zod";
import { isCidr, isHostLabel } from "../components/internal/rules";
import { port, text, whole } from "./basics";
import { anImage, fencing, fencingToken, pair } from "./schema";
import { siteSections } from "./siteSchema";

/** The vendor keeps at most so many Linodes of one placement group apart. */
export const MOST_WEB_SERVERS = 5;

const name = text("is not a host name that a Linode can carry", isHostLabel);
const type = z.string().min(1, "is empty").optional();
const mailbox = text("is neither a mail address nor a local user", (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9.-]+)?$/.test(value),
);
const sizeGiB = whole(10, 16384).default(10);
const serverId = whole(1, 2 ** 32 - 1);
const { site, siteAdminPassword, dns, dnsToken, certificate } = siteSections;

/** What all hosts have in common. */
const hosts = pair
  .omit({ nodes: true, interconnect: true, configLabel: true, placement: true, access: true, alerts: true })
  .extend({
    access: pair.shape.access.omit({ publicTcpPorts: true }),
    image: anImage.default("linode/debian13"),
    cidr: text("is not an IPv4 network with room for all hosts", isRoomyNetwork).default("10.20.0.0/24"),
  });

/** What a user writes for a stack of the system `lamp-tiers`, without the project's prefix. */
export const lampTiersSchema = z.strictObject({
  system: z.literal("lamp-tiers"),
  hosts,
  proxies: z
    .strictObject({
      nodes: z.tuple([name, name]).default(["proxy1", "proxy2"]),
      type,
      stick: z.enum(["none", "address"]).default("none"),
      restSeconds: whole(1, 600).default(10),
      answerSeconds: whole(1, 3600).default(60),
    })
    .prefault({}),
  webServers: z
    .strictObject({
      count: whole(1, MOST_WEB_SERVERS).default(2),
      prefix: text("is not the beginning of a host name", (value) => /^[a-z][a-z0-9-]{1,20}$/.test(value)).default(
        "web",
      ),
      type,
    })
    .prefault({}),
  files: z
    .strictObject({
      nodes: z.tuple([name, name]).default(["nfs1", "nfs2"]),
      type,
      sizeGiB,
      leaseSeconds: whole(10, 120).default(15),
    })
    .prefault({}),
  database: z
    .strictObject({
      design: z.enum(["drbd", "replica", "multi-master"]).default("drbd"),
      nodes: z.tuple([name, name]).default(["db1", "db2"]),
      type,
      sizeGiB,
      bufferPoolMiB: whole(8, 1_048_576).default(128),
      serverIds: z.tuple([serverId, serverId]).optional(),
      ackSeconds: whole(2, 600).optional(),
    })
    .prefault({}),
  site: site.unwrap().omit({ volume: true }),
  siteAdminPassword,
  dns: dns.unwrap().omit({ health: true }).optional(),
  dnsToken,
  certificate,
  backups: z
    .strictObject({
      node: name.default("store1"),
      type,
      sizeGiB: whole(10, 16384).default(20),
      at: text("is not a time of the day", (value) => /^([01]\d|2[0-3]):[0-5]\d$/.test(value)).default("02:15"),
      keepDays: whole(1, 3650).default(42),
      alarmHours: whole(2, 720).default(26),
    })
    .optional(),
  disaster: z
    .strictObject({
      region: z.string().min(1, "is empty"),
      node: name.default("far1"),
      type,
      minutes: whole(1, 1440).default(5),
      alarmMinutes: whole(2, 10_080).default(30),
    })
    .optional(),
  mail: z
    .strictObject({
      relayHost: text("is not a host", (value) => net.isIP(value) !== 0 || /^[a-z0-9.-]+$/.test(value)),
      relayPort: port.default(25),
      to: mailbox.default("root"),
    })
    .optional(),
  routeServerNumber: whole(1, 9999).optional(),
  fencing,
  fencingToken,
  detection: z
    .strictObject({ seconds: z.number().min(2, "is too small").max(30, "is too large").default(10) })
    .prefault({}),
});

/** The parsed form of {@link lampTiersSchema}. */
export type LampTiersInput = z.infer<typeof lampTiersSchema>;

function isRoomyNetwork(value: string): boolean {
  const [address = "", prefix = ""] = value.split("/");
  return isCidr(value) && net.isIPv4(address) && Number(prefix) >= 8 && Number(prefix) <= 24;
}
