import { hostInNetwork4 } from "../components/internal/rules";
import { lampChecks } from "./lampRules";
import { type LampTiersInput, lampTiersSchema, MOST_WEB_SERVERS } from "./lampSchema";
import type { PairConfig, Parsed } from "./dualPrimary";
import { problemsOf } from "./report";

/** Positions in the VLAN's network. Each kind of host has its own, so that one more does not move the others. */
const FIRST = { proxies: 11, webServers: 21, files: 31, database: 41, backups: 51 } as const;
/** Of the addresses that move. */
const MOVING = { database: 101, reads: 102, files: 103 } as const;

/** One kind of hosts as `HaPair` and `ServerGroup` take them. */
export interface TierConfig extends Omit<
  PairConfig,
  "nodes" | "alerts" | "configLabel" | "placement" | "interconnect"
> {
  readonly nodes: readonly string[];
  readonly interconnect: { readonly kind: "vlan"; readonly cidr: string; readonly first: number };
}

/** The whole configuration of a stack of the system `lamp-tiers`. */
export interface LampTiersConfig extends Omit<LampTiersInput, "hosts"> {
  /** Region, domain and access of all hosts. */
  readonly hosts: LampTiersInput["hosts"];
  readonly tiers: {
    readonly proxies: TierConfig;
    readonly webServers: TierConfig;
    readonly files: TierConfig;
    readonly database: TierConfig;
    readonly backups?: TierConfig;
    /** In another region: not on the VLAN. */
    readonly disaster?: Omit<TierConfig, "interconnect"> & { readonly interconnect: { readonly kind: "private" } };
  };
  /** The addresses that move within a pair, in the VLAN. */
  readonly moving: Readonly<Record<keyof typeof MOVING, string>>;
  /** The addresses that web servers have or may once have. */
  readonly webAddresses: readonly string[];
}

/** What each pair calls the device that its data is on. */
export const LAMP_DEVICES = { files: "files", database: "mariadb", backups: "backup" } as const;

/** Parses what a user wrote, keys without the project's prefix. Never throws: a caller may have more to report. */
export function parseLampTiers(document: Readonly<Record<string, unknown>>): Parsed<LampTiersConfig> {
  const parsed = lampTiersSchema.safeParse(document);
  const problems = [...(parsed.success ? [] : problemsOf(document, parsed.error.issues)), ...lampChecks(document)];
  return parsed.success && problems.length === 0 ? { config: normalise(parsed.data) } : { problems };
}

function normalise(input: LampTiersInput): LampTiersConfig {
  const { hosts, proxies, webServers, files, database, backups, disaster } = input;
  const at = (position: number): string => hostInNetwork4(hosts.cidr, position).split("/")[0] ?? "";
  const tier = (
    kind: keyof typeof FIRST,
    nodes: readonly string[],
    { type = hosts.type, volumes = {}, ports = [] as number[] }: TierOptions,
  ): TierConfig => ({
    region: hosts.region,
    type,
    image: hosts.image,
    nodes,
    domain: hosts.domain,
    disks: { bootMiB: hosts.bootMiB, swapMiB: hosts.swapMiB, raw: {}, volumes },
    // One VLAN for all of them: its label is the stack's.
    interconnect: { kind: "vlan", cidr: hosts.cidr, first: FIRST[kind] },
    access: { ...hosts.access, publicTcpPorts: ports },
    tags: hosts.tags,
    timezone: hosts.timezone,
  });
  const webNames = Array.from({ length: webServers.count }, (_, index) => `${webServers.prefix}${index + 1}`);
  const volume = (name: string, sizeGiB: number): TierOptions["volumes"] => ({ [name]: { sizeGiB } });
  return {
    ...input,
    tiers: {
      proxies: tier("proxies", proxies.nodes, {
        type: proxies.type,
        ports: input.certificate === undefined ? [80] : [80, 443],
      }),
      webServers: tier("webServers", webNames, { type: webServers.type }),
      files: tier("files", files.nodes, { type: files.type, volumes: volume(LAMP_DEVICES.files, files.sizeGiB) }),
      database: tier("database", database.nodes, {
        type: database.type,
        volumes: volume(LAMP_DEVICES.database, database.sizeGiB),
      }),
      ...(backups === undefined
        ? {}
        : {
            backups: tier("backups", [backups.node], {
              type: backups.type,
              volumes: volume(LAMP_DEVICES.backups, backups.sizeGiB),
            }),
          }),
      ...(disaster === undefined
        ? {}
        : {
            disaster: {
              ...tier("backups", [disaster.node], { type: disaster.type }),
              region: disaster.region,
              interconnect: { kind: "private" as const },
            },
          }),
    },
    moving: { database: at(MOVING.database), reads: at(MOVING.reads), files: at(MOVING.files) },
    webAddresses: Array.from({ length: MOST_WEB_SERVERS }, (_, index) => at(FIRST.webServers + index)),
  };
}

interface TierOptions {
  readonly type?: string | undefined;
  readonly volumes?: Readonly<Record<string, { readonly sizeGiB: number }>>;
  readonly ports?: number[];
}
