import { UserError, type Problem } from "../components/internal/errors";
import { fencingToken } from "./fencingToken";
import { problemsOf } from "./report";
import { crossChecks } from "./rules";
import { dualPrimarySchema, type DualPrimaryInput } from "./schema";
import { DATABASE_DEVICE, siteChecks } from "./siteRules";

type Pair = DualPrimaryInput["pair"];
type Volume = DualPrimaryInput["volumes"][string];

/** The network between the nodes. */
export type InterconnectConfig = Pair["interconnect"];

/** The two Linodes of a stack, every default filled in. */
export interface PairConfig {
  readonly region: string;
  readonly type: string;
  readonly image: string | Readonly<Record<string, string>>;
  readonly nodes: readonly [string, string];
  readonly domain: string;
  readonly disks: {
    readonly bootMiB: number;
    readonly swapMiB: number;
    readonly raw: Readonly<Record<string, { readonly sizeMiB: number }>>;
    readonly volumes: Readonly<Record<string, { readonly sizeGiB: number }>>;
  };
  readonly interconnect: InterconnectConfig;
  readonly access: Readonly<Pair["access"]>;
  readonly placement: "strict" | "flexible";
  readonly configLabel: string;
  readonly alerts: Readonly<Pair["alerts"]>;
  readonly tags: readonly string[];
  readonly timezone: string;
}

/** Where each node keeps its copy of a volume: what the pair calls it, or a path. */
export type BackingConfig =
  | { readonly kind: "volume"; readonly name: string }
  | { readonly kind: "disk"; readonly name: string }
  | { readonly kind: "device"; readonly path: string };

/** One replicated volume and its file system. */
export interface VolumeConfig {
  readonly name: string;
  readonly backing: BackingConfig;
  readonly mode: { readonly kind: "dual-primary"; readonly acceptUnfenced: boolean };
  readonly port: number;
  readonly minor: number;
  readonly initialSync: "skip-if-blank" | "full";
  readonly detection: { readonly seconds: number };
  readonly filesystem: Readonly<Volume["filesystem"]>;
}

/** The whole configuration of a stack of the system `dual-primary`. */
export interface DualPrimaryConfig {
  readonly system: "dual-primary";
  readonly pair: PairConfig;
  readonly volumes: readonly VolumeConfig[];
  readonly ocfs2: { readonly cluster: string; readonly port: number };
  readonly fencing: Readonly<DualPrimaryInput["fencing"]>;
  /** With fencing through the vendor's API; a secret. */
  readonly fencingToken?: string;
  readonly detection: { readonly seconds: number };
  /** Both nodes write it. */
  readonly database?: Readonly<NonNullable<DualPrimaryInput["database"]>>;
  readonly site?: SiteConfig;
  readonly dns?: Readonly<NonNullable<DualPrimaryInput["dns"]>>;
  /** With `dns.health` or a certificate; a secret. */
  readonly dnsToken?: string;
  readonly certificate?: Readonly<NonNullable<DualPrimaryInput["certificate"]>>;
}

/** A WordPress site on both nodes. */
export interface SiteConfig extends Readonly<Omit<NonNullable<DualPrimaryInput["site"]>, "volume">> {
  /** The name of the volume that its files are on. */
  readonly volume: string;
  /** Of its first account; a secret. */
  readonly adminPassword: string;
}

/** What is right in a configuration, or everything that is wrong. */
export type Parsed<T> = { readonly config: T } | { readonly problems: readonly Problem[] };

/**
 * Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report.
 */
export function parseDualPrimary(document: Readonly<Record<string, unknown>>): Parsed<DualPrimaryConfig> {
  const parsed = dualPrimarySchema.safeParse(document);
  const problems = [
    ...(parsed.success ? [] : problemsOf(document, parsed.error.issues)),
    ...crossChecks(document),
    ...fencingToken(document),
    ...siteChecks(document),
  ];
  return parsed.success && problems.length === 0 ? { config: normalise(parsed.data) } : { problems };
}

/** As {@link parseDualPrimary}. @throws UserError with every problem at once */
export function dualPrimaryConfig(document: Readonly<Record<string, unknown>>): DualPrimaryConfig {
  const parsed = parseDualPrimary(document);
  if ("config" in parsed) {
    return parsed.config;
  }
  throw new UserError("The configuration of this stack is not right:", parsed.problems);
}

function normalise(input: DualPrimaryInput): DualPrimaryConfig {
  const { bootMiB, swapMiB, ...pair } = input.pair;
  const entries = Object.entries(input.volumes);
  const own = input.database?.backing;
  return {
    system: input.system,
    pair: {
      ...pair,
      disks: {
        bootMiB,
        swapMiB,
        raw: Object.fromEntries(
          entries
            .flatMap(([name, { backing }]) =>
              backing.kind === "disk" ? [[name, { sizeMiB: one(backing.sizeMiB) }] as const] : [],
            )
            .concat(own?.kind === "disk" ? [[DATABASE_DEVICE, { sizeMiB: own.sizeMiB }]] : []),
        ),
        volumes: Object.fromEntries(
          entries
            .flatMap(([name, { backing }]) =>
              backing.kind === "volume" ? [[name, { sizeGiB: one(backing.sizeGiB) }] as const] : [],
            )
            .concat(own?.kind === "volume" ? [[DATABASE_DEVICE, { sizeGiB: own.sizeGiB }]] : []),
        ),
      },
    },
    volumes: entries.map(([name, volume]) => ({
      name,
      backing: volume.backing.kind === "device" ? volume.backing : { kind: volume.backing.kind, name },
      mode: { kind: "dual-primary", acceptUnfenced: input.fencing.kind === "none" },
      port: volume.port,
      minor: volume.minor,
      initialSync: volume.initialSync,
      detection: input.detection,
      filesystem: volume.filesystem,
    })),
    ocfs2: input.ocfs2,
    fencing: input.fencing,
    fencingToken: input.fencingToken,
    detection: input.detection,
    database: input.database,
    site: siteOf(input),
    dns: input.dns,
    dnsToken: input.dnsToken,
    certificate: input.certificate,
  };
}

/** The rules have made sure that there is a password, and one volume where none is named. */
function siteOf({ site, siteAdminPassword = "", volumes }: DualPrimaryInput): SiteConfig | undefined {
  if (site === undefined) return undefined;
  return { ...site, volume: site.volume ?? Object.keys(volumes)[0] ?? "", adminPassword: siteAdminPassword };
}

/** The rules have made sure that the sides are equal. */
function one(size: number | Record<string, number>): number {
  return typeof size === "number" ? size : Math.max(...Object.values(size));
}
