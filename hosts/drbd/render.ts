import { createHash } from "crypto";
import { z } from "zod";
import { asset, assetPath } from "../assets";
import { type AbsolutePath, baseResult, type HostFile, type HostRole, secretPlaceholder } from "../contract";
import type { StorageTimings } from "../timings";
import * as options from "./options";

/** One side of a replicated resource. */
export interface DrbdSide {
  /** Equals `uname -n` there. */
  readonly name: string;
  /** Address for the replication. */
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  /** The backing device by a stable name, for example `/dev/disk/by-id/scsi-0Linode_Volume_web1-www`. */
  readonly device: string;
}

/** Which side may write, and who decides. */
export type DrbdMode =
  | { readonly kind: "dual-primary" }
  | {
      readonly kind: "single-primary";
      /** The node that becomes Primary first. */
      readonly preferred: string;
      /** `boot`: at each boot, where that is safe; `manager`: only a cluster manager or a person promotes after the first time. */
      readonly promote: "boot" | "manager";
    };

/** What a replicated resource is made of. The same values on both nodes, so that the two files cannot differ. */
export interface DrbdParams {
  /** Name of the resource, for example `www`. */
  readonly resource: string;
  /** Number of `/dev/drbd<minor>`. */
  readonly minor: number;
  /** TCP port of both sides. */
  readonly port: number;
  readonly nodes: readonly [DrbdSide, DrbdSide];
  /** The node this is for: the name of one of {@link nodes}. */
  readonly node: string;
  readonly mode: DrbdMode;
  /**
   * A stable random text that belongs to this resource alone, kept by whoever deploys it. The metadata on a device is stamped
   * with it, so that a later run, also on a new machine, can tell its own device from a foreign one.
   */
  readonly identity: string;
  /** `skip-if-blank`: two devices proven blank are discarded and declared equal; `full`: the first sync copies everything. */
  readonly initialSync: "skip-if-blank" | "full";
  readonly timings?: StorageTimings["drbd"];
  /** Seconds to wait for the backing device. Default 120. */
  readonly deviceWaitSeconds?: number;
  /** The exact size that the backing device must have. */
  readonly sizeBytes?: number;
  /** Metadata that something else made and that is to be taken over, by its device-uuid as `drbdadm dump-md` prints it (`0x…`). */
  readonly adoptDeviceUuid?: string;
  readonly net?: options.DrbdNetOptions;
  readonly disk?: options.DrbdDiskOptions;
  readonly handlers?: options.DrbdHandlers;
  readonly startup?: options.DrbdStartup;
}

/** The secret that both sides authenticate each other with; at most 64 characters, none of `"`, `\` or a line end. */
export const drbdSecret = "drbd-shared-secret";

/** The path under which the replicated device is used. */
export function drbdDevice(params: Pick<DrbdParams, "minor">): `/dev/drbd${number}` {
  return `/dev/drbd${params.minor}`;
}

const drbdResult = baseResult.extend({
  /** `created` by this very run on a blank device, or `kept`. */
  metadata: z.enum(["created", "kept"]),
  deviceUuid: z.string(),
  /** Of the backing device. */
  backingBytes: z.number(),
});

/** What the `drbd` step answers. */
export type DrbdResult = z.infer<typeof drbdResult>;

/** One DRBD resource on one host: packages, configuration, metadata where that is safe, units. Never needs the peer. */
export const drbdRole: HostRole<DrbdParams, DrbdResult> = {
  name: "drbd",
  packages: ["drbd-utils"],
  script: assetPath("drbd/role.sh"),
  libraries: ["blank", "drbd", "drbd-version"],
  secrets: [drbdSecret],
  result: drbdResult,
  files: drbdFiles,
  variables: (params) => ({
    RESOURCE: params.resource,
    MINOR: `${params.minor}`,
    DEVICE: sideOf(params).device,
    DEVICE_WAIT: `${params.deviceWaitSeconds ?? 120}`,
    SIZE_BYTES: `${params.sizeBytes ?? ""}`,
    STAMP: deviceStamp(params.identity, params.node),
    ADOPT: (params.adoptDeviceUuid ?? "").toLowerCase(),
    INITIAL_SYNC: params.initialSync,
    KEEPER: hasKeeper(params) ? "yes" : "no",
  }),
};

/** The device-uuid that this resource's metadata has on a node. Not a secret, and nothing can be derived from it. */
export function deviceStamp(identity: string, node: string): string {
  const hash = createHash("sha256").update(`linode-ha drbd metadata\n${identity}\n${node}`).digest("hex");
  return `0x${hash.slice(0, 16)}`;
}

/** Whether a unit of the host's own promotes: in dual-primary always, else where the preferred node does so at boot. */
function hasKeeper({ mode, node }: DrbdParams): boolean {
  return mode.kind === "dual-primary" || (mode.promote === "boot" && mode.preferred === node);
}

/** What the units on this host do about promotion. `manager`: nothing, and at a boot they leave the resource to it. */
function promotion(params: DrbdParams): "always" | "boot" | "manager" | "never" {
  const { mode } = params;
  if (mode.kind === "dual-primary") return "always";
  if (mode.promote === "manager") return "manager";
  return hasKeeper(params) ? "boot" : "never";
}

function sideOf(params: DrbdParams): DrbdSide {
  const side = params.nodes.find(({ name }) => name === params.node);
  if (side === undefined) {
    throw new Error(
      `resource "${params.resource}": node "${params.node}" is not one of ${params.nodes.map(({ name }) => name).join(", ")}`,
    );
  }
  return side;
}

function drbdFiles(params: DrbdParams): Record<AbsolutePath, HostFile> {
  const { resource } = params;
  const startup = startupOf(params);
  return {
    "/etc/drbd.d/global_common.conf": { mode: "0644", content: "global {\n  usage-count no;\n}\ncommon {\n}\n" },
    [`/etc/drbd.d/${resource}.res`]: { mode: "0600", content: renderResource(params), secret: drbdSecret },
    [`/etc/linode-ha/drbd/${resource}`]: {
      mode: "0644",
      content: [
        `RESOURCE=${resource}`,
        `MINOR=${params.minor}`,
        `DEVICE=${sideOf(params).device}`,
        `DEVICE_WAIT=${params.deviceWaitSeconds ?? 120}`,
        `PROMOTE=${promotion(params)}`,
        `DEGRADED_WAIT=${startup.degrWfcTimeout}`,
        "",
      ].join("\n"),
    },
    [`/etc/linode-ha/health.d/50-drbd-${resource}`]: {
      mode: "0755",
      content: `#!/bin/sh\nexec /usr/local/lib/linode-ha/drbd-unit health ${resource}\n`,
    },
    "/usr/local/lib/linode-ha/drbd-unit": { mode: "0755", content: asset("drbd/unit.sh") },
    "/usr/local/lib/linode-ha/drbd.sh": { mode: "0644", content: asset("lib/drbd.sh") },
    "/etc/systemd/system/linode-ha-drbd@.service": { mode: "0644", content: asset("drbd/linode-ha-drbd@.service") },
    "/etc/systemd/system/linode-ha-drbd-keeper@.service": {
      mode: "0644",
      content: asset("drbd/linode-ha-drbd-keeper@.service"),
    },
    "/etc/systemd/system/linode-ha-storage@.target": { mode: "0644", content: asset("drbd/linode-ha-storage@.target") },
  };
}

function startupOf(params: DrbdParams): options.DrbdStartup & { degrWfcTimeout: number } {
  const degrWfcTimeout = params.startup?.degrWfcTimeout ?? 60;
  // The tools want this one no longer than the one before it, and say so at each start if it is left out.
  return { wfcTimeout: 0, outdatedWfcTimeout: degrWfcTimeout, ...params.startup, degrWfcTimeout };
}

/** The resource's file, the same on both nodes. */
export function renderResource(params: DrbdParams): string {
  const section = (name: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`  ${name} {`, ...lines.map((line) => `    ${line}`), "  }"];
  const dual = params.mode.kind === "dual-primary";
  const net = { protocol: "C" as const, cramHmacAlg: "sha256", verifyAlg: "sha1", ...params.timings, ...params.net };
  const disk = {
    onIoError: "detach" as const,
    rsDiscardGranularityBytes: 65536,
    // What a crashed Primary copies again: so many times 4 MiB. A fresh file system alone fills the kernel's default of 1237.
    alExtents: 257,
    // The kernel takes the discards of a thin resync for an application's writes and would crawl at its default of 250 KiB/s.
    cMinRateKiB: params.disk?.resyncRateKiB ?? 20480,
    // In flight at once. The kernel's default of 50 KiB is too little for the latency of any network.
    cFillTargetKiB: 10240,
    ...params.disk,
  };
  if (disk.resyncRateKiB !== undefined && disk.cPlanAhead === undefined) disk.cPlanAhead = 0;
  if (dual && net.protocol !== "C") {
    throw new Error(
      `resource "${params.resource}": protocol ${net.protocol} with two primaries; only C keeps both equal`,
    );
  }
  checkTimes(params.resource, net);
  return [
    `resource ${params.resource} {`,
    ...section("net", [
      ...options.settingLines(options.drbdNetOptions, net),
      `shared-secret "${secretPlaceholder(drbdSecret)}";`,
      ...(dual ? ["allow-two-primaries yes;"] : []),
    ]),
    ...section("disk", options.settingLines(options.drbdDiskOptions, disk)),
    ...section("handlers", options.settingLines(options.drbdHandlers, params.handlers ?? {}, true)),
    ...section("startup", options.settingLines(options.drbdStartup, startupOf(params))),
    ...params.nodes.flatMap((side) =>
      section(`on ${side.name}`, [
        `device ${drbdDevice(params)} minor ${params.minor};`,
        `disk ${side.device};`,
        `address ${side.family} ${side.family === "ipv6" ? `[${side.address}]` : side.address}:${params.port};`,
        "meta-disk internal;",
      ]),
    ),
    "}",
    "",
  ].join("\n");
}

/** The kernel refuses these only when it connects, which is too late. */
function checkTimes(resource: string, net: { timeout?: number; connectInt?: number; pingInt?: number }): void {
  const tenths = net.timeout ?? 60;
  const least = Math.min(net.connectInt ?? 10, net.pingInt ?? 10) * 10;
  if (tenths >= least) {
    throw new Error(
      `resource "${resource}": timeout is ${tenths / 10} s; it must be shorter than connectInt and pingInt, the lesser of which is ${least / 10} s`,
    );
  }
}
