import { z } from "zod";

const seconds = (max: number) => z.int().min(0).max(max);

/** The `net` settings that DRBD 8.4 (the kernel of Debian 12 and 13) knows. Whether two primaries are allowed follows from the mode. */
export const drbdNetOptions = z.strictObject({
  /** C: a write is done when both sides have it. A and B acknowledge earlier and can lose acknowledged writes. Default C. */
  protocol: z.enum(["A", "B", "C"]).optional(),
  /** Kernel hash that authenticates the peers by the shared secret. Default sha256. */
  cramHmacAlg: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  afterSb0pri: z
    .enum([
      "disconnect",
      "discard-younger-primary",
      "discard-older-primary",
      "discard-zero-changes",
      "discard-least-changes",
    ])
    .optional(),
  afterSb1pri: z.enum(["disconnect", "consensus", "discard-secondary", "call-pri-lost-after-sb"]).optional(),
  afterSb2pri: z.enum(["disconnect", "call-pri-lost-after-sb"]).optional(),
  rrConflict: z.enum(["disconnect", "call-pri-lost"]).optional(),
  /** Tenths of a second; less than connectInt and pingInt, which are seconds. */
  timeout: z.int().min(1).max(600).optional(),
  connectInt: z.int().min(1).max(120).optional(),
  pingInt: z.int().min(1).max(120).optional(),
  /** Tenths of a second. */
  pingTimeout: z.int().min(1).max(300).optional(),
  /** A peer that fails this many timeouts of one write is dropped; 0 never. */
  koCount: z.int().min(0).max(200).optional(),
  maxBuffers: z.int().min(32).max(131072).optional(),
  maxEpochSize: z.int().min(1).max(20000).optional(),
  sndbufSizeBytes: z.int().min(0).max(10485760).optional(),
  rcvbufSizeBytes: z.int().min(0).max(10485760).optional(),
  /** Kernel hash for `drbdadm verify`. Default sha1. */
  verifyAlg: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  csumsAlg: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  dataIntegrityAlg: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  onCongestion: z.enum(["block", "pull-ahead", "disconnect"]).optional(),
});

/** The `disk` settings that DRBD 8.4 knows. */
export const drbdDiskOptions = z.strictObject({
  /** Default detach: a node whose disk fails goes on through its peer's. */
  onIoError: z.enum(["pass_on", "call-local-io-error", "detach"]).optional(),
  fencing: z.enum(["dont-care", "resource-only", "resource-and-stonith"]).optional(),
  /** KiB/s. A fixed rate: unless `cPlanAhead` is given too, the dynamic controller is switched off. */
  resyncRateKiB: z.int().min(1).max(4194304).optional(),
  cPlanAhead: seconds(300).optional(),
  /** KiB that a resync has in flight. Default 10240. */
  cFillTargetKiB: z.int().min(0).max(524288).optional(),
  /** KiB/s. */
  cMaxRateKiB: z.int().min(250).max(4194304).optional(),
  /** KiB/s. A resync does not go below this for the sake of an application's writes. Default `resyncRateKiB`, else 20480. */
  cMinRateKiB: z.int().min(0).max(4194304).optional(),
  /** So many stretches of 4 MiB count as being written to, and are copied again after a crash. Default 257, about 1 GiB. */
  alExtents: z.int().min(67).max(65534).optional(),
  /** Bytes. A resync passes over stretches of zeros of this size as discards, which keeps a thin disk thin. Default 65536; 0 is off. */
  rsDiscardGranularityBytes: z.int().min(0).max(1048576).optional(),
  diskTimeout: z.int().min(0).max(6000).optional(),
  diskFlushes: z.boolean().optional(),
  diskBarrier: z.boolean().optional(),
  mdFlushes: z.boolean().optional(),
});

const command = z
  .string()
  .min(1)
  .regex(/^[^"\n\\]+$/, "one line without quotes or backslashes");

/** Commands that the kernel calls. */
export const drbdHandlers = z.strictObject({
  priOnInconDegr: command.optional(),
  priLostAfterSb: command.optional(),
  priLost: command.optional(),
  localIoError: command.optional(),
  fencePeer: command.optional(),
  unfencePeer: command.optional(),
  splitBrain: command.optional(),
  outOfSync: command.optional(),
  initialSplitBrain: command.optional(),
  beforeResyncTarget: command.optional(),
  afterResyncTarget: command.optional(),
});

/** How long a booting node waits for its peer, in seconds; 0 waits for ever. */
export const drbdStartup = z.strictObject({
  /** When the peer was there before. Default 0: a node that cannot know whether its peer went on without it does not promote alone. */
  wfcTimeout: seconds(86400).optional(),
  /** When this node was already alone before. Default 60. */
  degrWfcTimeout: seconds(86400).optional(),
  outdatedWfcTimeout: seconds(86400).optional(),
});

export type DrbdNetOptions = z.infer<typeof drbdNetOptions>;
export type DrbdDiskOptions = z.infer<typeof drbdDiskOptions>;
export type DrbdHandlers = z.infer<typeof drbdHandlers>;
export type DrbdStartup = z.infer<typeof drbdStartup>;

/** Names that do not follow from the field's by putting dashes before capitals. */
const names: Readonly<Record<string, string>> = {
  afterSb0pri: "after-sb-0pri",
  afterSb1pri: "after-sb-1pri",
  afterSb2pri: "after-sb-2pri",
  sndbufSizeBytes: "sndbuf-size",
  rcvbufSizeBytes: "rcvbuf-size",
  resyncRateKiB: "resync-rate",
  cFillTargetKiB: "c-fill-target",
  cMaxRateKiB: "c-max-rate",
  cMinRateKiB: "c-min-rate",
  rsDiscardGranularityBytes: "rs-discard-granularity",
};

/** A section's settings in the order of the schema, as `drbd.conf` lines. */
export function settingLines(
  schema: { readonly shape: object },
  values: Readonly<Record<string, string | number | boolean | undefined>>,
  quoteAll = false,
): string[] {
  return Object.keys(schema.shape).flatMap((key) => {
    const value = values[key];
    if (value === undefined) return [];
    const name = names[key] ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const text = typeof value === "boolean" ? (value ? "yes" : "no") : `${value}${key.endsWith("KiB") ? "k" : ""}`;
    return [`${name} ${quoteAll ? `"${text}"` : text};`];
  });
}
