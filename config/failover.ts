import * as net from "node:net";
import { z } from "zod";
import { UserError, type Problem } from "../components/internal/errors";
import { isDomain, isMountpoint } from "../components/internal/rules";
import type { BackingConfig, PairConfig, Parsed } from "./dualPrimary";
import type { FailoverSystem } from "./failoverFields";
import { failoverChecks } from "./failoverRules";
import { problemsOf } from "./report";
import { crossChecks } from "./rules";
import { backing, fencing, fencingToken, interconnect, pair, port, text, VOLUME_NAME, whole } from "./schema";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const path = text("is not an absolute path", isMountpoint);
const ip = text("is not an IP address", (value) => net.isIP(value) !== 0);
const mailbox = text("is neither a mail address nor a local user", (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9.-]+)?$/.test(value),
);
const named = <T extends z.ZodType>(what: string, value: T) =>
  z.record(
    text(`is not a name for ${what}`, (name) => NAME.test(name)),
    value,
  );

const volume = z.strictObject({
  backing: backing.default({ kind: "volume", sizeGiB: 10 }),
  port: port.default(7788),
  network: z.enum(["interconnect", "public6"]).default("interconnect"),
  minor: whole(0, 255).default(0),
  initialSync: z.enum(["skip-if-blank", "full"]).default("skip-if-blank"),
  syncRateKiB: whole(250, 4194304).optional(),
  filesystem: z.strictObject({
    type: z.enum(["ext4", "xfs", "btrfs", "jfs"]).default("ext4"),
    acceptJournalLoss: z.literal(true, "must be true, or left out").optional(),
    mountpoint: path,
    mountOptions: z.array(text("is not one mount option", (value) => /^[^\s,]+$/.test(value))).default(["noatime"]),
  }),
});

const address = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("public4") }),
  z.strictObject({ kind: z.literal("public6") }),
  z.strictObject({ kind: z.literal("vlan"), address: text("is not an IPv4 address", net.isIPv4) }),
]);

const host = text("is not a host name", isDomain);
const frontController = z.union([
  z.literal(false),
  z.templateLiteral(["/", z.string().regex(/^[A-Za-z0-9._/-]+$/)], "is not a path below the site's folder"),
]);
const web = {
  volume: z.string(),
  port: port.default(80),
  sites: z
    .array(z.strictObject({ host, aliases: z.array(host).default([]), frontController: frontController.optional() }))
    .min(1, "is empty: a web server serves at least one site"),
};
const sqlName = text("is not a plain name", (value) => /^[a-z][a-z0-9_]{0,31}$/.test(value)).default("site");
const database = { volume: z.string(), address: z.string(), database: sqlName, user: sqlName };

const services = z.strictObject({
  mariadb: z.strictObject({ ...database, port: port.default(3306), bufferPoolMiB: whole(8).default(128) }).optional(),
  postgresql: z.strictObject({ ...database, port: port.default(5432) }).optional(),
  lighttpd: z.strictObject(web).optional(),
  apache: z.strictObject(web).optional(),
});

const group = {
  preferred: z.string(),
  volumes: z.array(z.string()).default([]),
  addresses: z.array(z.string()).default([]),
  services: z.array(z.string()).min(1, "is empty: a group runs at least one service"),
  mail: mailbox.optional(),
};
const automaticGroup = { ...group, failback: z.boolean() };
const detection = (seconds: number) =>
  z
    .strictObject({ seconds: z.number().min(2, "is too small").max(30, "is too large").default(seconds) })
    .default({ seconds });
const score = whole(0, 100_000);

const common = {
  pair: pair.extend({
    interconnect: z
      .discriminatedUnion("kind", [...interconnect.options, z.strictObject({ kind: z.literal("public6") })])
      .default({ kind: "vlan", cidr: "10.20.0.0/24" }),
  }),
  volumes: z.record(
    text("is not a name for a volume", (name) => VOLUME_NAME.test(name)),
    volume,
  ),
  addresses: named("an address", address).default({}),
  routeServerNumber: whole(1, 9999).optional(),
  services,
  mail: z
    .strictObject({
      relayHost: text("is not a host", (value) => net.isIP(value) !== 0 || isDomain(value)),
      relayPort: port.default(25),
      root: mailbox.optional(),
    })
    .optional(),
};

/** What a user writes for each of the systems in which services move, without the project's prefix. */
export const failoverSchemas = {
  "crossed-pair": z.strictObject({
    system: z.literal("crossed-pair"),
    ...common,
    groups: named(
      "a group",
      z.strictObject({
        ...automaticGroup,
        failback: z.boolean().default(true),
        scores: z.strictObject({ preferred: score, other: score }).default({ preferred: 100, other: 10 }),
        monitorSeconds: whole(1, 3600).default(10),
        migrationThreshold: whole(0, 1000).default(3),
      }),
    ),
    fencing,
    fencingToken,
    // 15 s give the source's heartbeats: every 2 s, a warning after 5.
    detection: detection(15),
  }),
  "active-passive": z.strictObject({
    system: z.literal("active-passive"),
    ...common,
    groups: named("a group", z.strictObject({ ...automaticGroup, failback: z.boolean().default(false) })),
    fencing,
    fencingToken,
    detection: detection(30),
    pingNodes: z.array(ip).default([]),
    loadBalancing: z.boolean().default(true),
  }),
  "manual-failover": z.strictObject({
    system: z.literal("manual-failover"),
    ...common,
    groups: named("a group", z.strictObject({ ...group, links: z.record(path, path).optional() })),
    detection: detection(3),
    connectSeconds: whole(0, 3600).default(10),
  }),
} as const;

/** A checked configuration of one of these systems, every default filled in. */
export type FailoverInput<S extends FailoverSystem> = z.infer<(typeof failoverSchemas)[S]>;

/** The pair of a system in which services move: it may also replicate over public IPv6. */
export type FailoverPair = Omit<PairConfig, "interconnect"> & {
  readonly interconnect: PairConfig["interconnect"] | { readonly kind: "public6" };
};

/** A checked configuration, with the pair as `HaPair` takes it. */
export type FailoverConfig<S extends FailoverSystem> = Omit<FailoverInput<S>, "pair"> & { readonly pair: FailoverPair };

/** Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report. */
export function parseFailover<S extends FailoverSystem>(
  system: S,
  document: Readonly<Record<string, unknown>>,
): Parsed<FailoverConfig<S>> {
  const parsed = failoverSchemas[system].safeParse(document);
  const problems: Problem[] = [
    ...(parsed.success ? [] : problemsOf(document, parsed.error.issues)),
    ...crossChecks(document),
    ...failoverChecks(document),
  ];
  return parsed.success && problems.length === 0
    ? { config: normalise(parsed.data as FailoverInput<S>) }
    : { problems };
}

/** As {@link parseFailover}. @throws UserError with every problem at once */
export function failoverConfig<S extends FailoverSystem>(
  system: S,
  document: Readonly<Record<string, unknown>>,
): FailoverConfig<S> {
  const parsed = parseFailover(system, document);
  if ("config" in parsed) return parsed.config;
  throw new UserError("The configuration of this stack is not right:", parsed.problems);
}

function normalise<S extends FailoverSystem>(input: FailoverInput<S>): FailoverConfig<S> {
  const { bootMiB, swapMiB, ...rest } = input.pair;
  const entries = Object.entries(input.volumes);
  const raw = entries.flatMap(([name, { backing: at }]) =>
    at.kind === "disk" ? [[name, { sizeMiB: one(at.sizeMiB) }] as const] : [],
  );
  const volumes = entries.flatMap(([name, { backing: at }]) =>
    at.kind === "volume" ? [[name, { sizeGiB: one(at.sizeGiB) }] as const] : [],
  );
  return {
    ...input,
    pair: {
      ...rest,
      disks: { bootMiB, swapMiB, raw: Object.fromEntries(raw), volumes: Object.fromEntries(volumes) },
    },
  };
}

/** Where a volume's copies are, as a component takes it. */
export function backingOf(name: string, { backing: at }: z.infer<typeof volume>): BackingConfig {
  return at.kind === "device" ? at : { kind: at.kind, name };
}

/** The rules have made sure that the sides are equal. */
function one(size: number | Record<string, number>): number {
  return typeof size === "number" ? size : Math.max(...Object.values(size));
}
