import { z } from "zod";
import { DNS_TTLS, isDomain, nearestTtls } from "../components/internal/rules";
import { text, whole } from "./basics";

const mailbox = text("is not a mailbox", (value) => /^[^\s@']+@[^\s@']+\.[^\s@']+$/.test(value));
const host = text("is not a host name", isDomain);
const pem = text("is no certificate in PEM form", (value) => value.startsWith("-----BEGIN CERTIFICATE-----"));
const apiUrl = text("is not an address of the API", (value) => /^https?:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(value));

/** Where each node keeps its own database. */
const databaseBacking = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("volume"), sizeGiB: whole(10, 16384).default(10) }),
  z.strictObject({ kind: z.literal("disk"), sizeMiB: whole(1024) }),
  z.strictObject({ kind: z.literal("folder") }),
]);

/** What two web nodes may have beside their volumes: a database that both write, a site, its names and its certificate. */
export const siteSections = {
  database: z
    .strictObject({
      backing: databaseBacking.default({ kind: "volume", sizeGiB: 10 }),
      bufferPoolMiB: whole(8, 1_048_576).default(128),
      binlogDays: whole(1, 90).default(7),
    })
    .optional(),
  site: z
    .strictObject({
      host,
      aliases: z.array(host).default([]),
      volume: z.string().optional(),
      title: text("is not one line", (value) => /^[^\0\r\n]{1,200}$/.test(value)),
      adminUser: text("is not a name for an account", (value) => /^[\w.@-]{3,60}$/.test(value)),
      adminEmail: mailbox,
      workers: whole(1, 512).default(8),
      maxUploadMiB: whole(1, 4096).default(64),
    })
    .optional(),
  /** Of the site's first account. Never shown. */
  siteAdminPassword: z.string().min(12, "is shorter than 12 characters").optional(),
  dns: z
    .strictObject({
      zone: text("is not a domain", isDomain),
      create: z.strictObject({ soaEmail: mailbox }).optional(),
      ttlSeconds: z
        .number()
        .superRefine((given, context) => {
          if (DNS_TTLS.includes(given)) return;
          const message = `is no time that the vendor's name servers know; nearest: ${nearestTtls(given).join(" or ")}`;
          context.addIssue({ code: "custom", message });
        })
        .default(120),
      health: z.boolean().default(true),
      apiUrl: apiUrl.optional(),
      caCertificates: pem.optional(),
    })
    .optional(),
  /** Of `domains:read_write`. Never shown. */
  dnsToken: z.string().min(1, "is empty").optional(),
  certificate: z
    .strictObject({
      contact: mailbox,
      acceptTerms: z.literal(true, "must be true: no authority gives a certificate to who does not agree to its terms"),
      directory: text("is not an https address", (value) => /^https:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(value)).optional(),
      caCertificates: pem.optional(),
      renewDays: whole(10, 60).default(30),
    })
    .optional(),
};
