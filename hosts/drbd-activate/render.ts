import { z } from "zod";
import { assetPath } from "../assets";
import { baseResult, type HostRole } from "../contract";
import type { DrbdMode } from "../drbd/render";

/** How two configured sides become one resource in use. */
export interface DrbdActivateParams {
  readonly resource: string;
  readonly minor: number;
  /** Both nodes' names. The first, or the preferred one, leads where two fresh sides must agree on a first content. */
  readonly nodes: readonly [string, string];
  /** The node this is for. */
  readonly node: string;
  readonly mode: DrbdMode;
  /** As in the `drbd` step. */
  readonly initialSync: "skip-if-blank" | "full";
  /** Seconds to wait for the peer. Default 300. */
  readonly connectWaitSeconds?: number;
  /** Seconds that a sync may go on without coming further. Default 300. */
  readonly stallSeconds?: number;
}

const role = z.enum(["Primary", "Secondary", "Unknown"]);

const activateResult = baseResult.extend({
  role,
  peerRole: role,
  /** Disk states as DRBD names them, for example UpToDate. */
  disk: z.string(),
  peerDisk: z.string(),
  connection: z.string(),
  /** The device to use. */
  device: z.string(),
  /** Of that device. */
  sizeBytes: z.number(),
  /** What this run saw of a sync: `none`, `skipped` (both blank), `full` (started here), `resync` (watched). */
  sync: z.enum(["none", "skipped", "full", "resync"]),
});

/** What the `drbd-activate` step answers. */
export type DrbdActivateResult = z.infer<typeof activateResult>;

/**
 * Second step of a DRBD resource, on both hosts at once: waits for the connection, decides a first sync where that loses nothing, watches a
 * running one, and ends when the roles are as declared.
 */
export const drbdActivateRole: HostRole<DrbdActivateParams, DrbdActivateResult> = {
  name: "drbd-activate",
  packages: [],
  script: assetPath("drbd-activate/role.sh"),
  libraries: ["drbd"],
  secrets: [],
  result: activateResult,
  files: () => ({}),
  variables: (params) => {
    if (!params.nodes.includes(params.node)) {
      throw new Error(`resource "${params.resource}": node "${params.node}" is not one of ${params.nodes.join(", ")}`);
    }
    const mode = params.mode;
    return {
      RESOURCE: params.resource,
      MINOR: `${params.minor}`,
      // Whoever starts the first sync is Primary then: where one is preferred, that one.
      FIRST: mode.kind === "dual-primary" ? params.nodes[0] : mode.preferred,
      PREFERRED: mode.kind === "dual-primary" ? "" : mode.preferred,
      MODE: mode.kind === "dual-primary" ? "dual" : mode.promote,
      INITIAL_SYNC: params.initialSync,
      CONNECT_WAIT: `${params.connectWaitSeconds ?? 300}`,
      STALL_WAIT: `${params.stallSeconds ?? 300}`,
    };
  },
};
