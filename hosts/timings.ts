/** The times of DRBD and OCFS2 that belong together; every field is in the unit that its setting has. */
export interface StorageTimings {
  readonly drbd: {
    /** Seconds of silence before a keep-alive packet. */
    readonly pingInt: number;
    /** Tenths of a second to answer it. */
    readonly pingTimeout: number;
    /** Tenths of a second for any other answer. Less than `pingInt` and `connectInt`. */
    readonly timeout: number;
    /** Seconds between attempts to connect. */
    readonly connectInt: number;
  };
  readonly o2cb: {
    /** Beats of 2 s: a node is dead after `(threshold - 1) * 2` seconds without one. */
    readonly heartbeatDeadThreshold: number;
    /** Milliseconds of silence on the network before a connection counts as broken. */
    readonly idleTimeoutMs: number;
    readonly keepaliveDelayMs: number;
    readonly reconnectDelayMs: number;
  };
}

/**
 * The times of DRBD and o2cb, chosen together from how soon a dead peer is to be noticed.
 *
 * While DRBD does not know yet that its peer is gone, every write waits, and with it the heartbeat that o2cb writes to the same
 * device. An o2cb that is quicker than DRBD would take that pause for its own disk's death and **reset the survivor**. Hence the order:
 *
 * 1. DRBD notices within `seconds`: a quiet connection after `ping-int + ping-timeout`, a busy one after `timeout`, which the kernel
 *    wants below both `ping-int` and `connect-int`.
 * 2. With fencing, DRBD holds its I/O until the peer is confirmed dead: `fencingSeconds` more.
 * 3. o2cb calls a node dead only after twice that and 6 s of margin (a busy host, one lost beat), and never below 12 s: below its
 *    tools' minimum of 7 beats. Survivors' file operations that need the lost peer's locks resume after this.
 * 4. The network's idle time lies between (1) and (3), so that a broken connection is known before the heartbeat decides, and its
 *    quorum decision (two more beats than the threshold, later) always comes after the heartbeat's.
 *
 * Both nodes must have the same o2cb times, or the second is refused when it mounts.
 *
 * @param detection.seconds how soon a dead peer is noticed; 2 to 30, default 3
 * @param detection.fencingSeconds how long fencing may take before it has confirmed; 0 without fencing
 */
export function storageTimings(
  detection: { readonly seconds?: number; readonly fencingSeconds?: number } = {},
): StorageTimings {
  const seconds = detection.seconds ?? 3;
  const fencingSeconds = detection.fencingSeconds ?? 0;
  if (!Number.isFinite(seconds) || seconds < 2 || seconds > 30) {
    throw new Error(`detection.seconds is ${seconds}; allowed are 2 to 30, for example 3`);
  }
  if (!Number.isFinite(fencingSeconds) || fencingSeconds < 0 || fencingSeconds > 300) {
    throw new Error(`detection.fencingSeconds is ${fencingSeconds}; allowed are 0 to 300`);
  }
  const pingInt = Math.max(1, Math.floor((seconds * 2) / 3));
  const pingTimeout = Math.max(5, Math.round((seconds - pingInt) * 10));
  const deadSeconds = Math.max(12, 2 * seconds + fencingSeconds + 6);
  const heartbeatDeadThreshold = Math.ceil(deadSeconds / 2) + 1;
  const idleTimeoutMs = Math.max(5000, Math.round(((seconds + (heartbeatDeadThreshold - 1) * 2) / 2) * 1000));
  return {
    drbd: { pingInt, pingTimeout, timeout: pingInt * 10 - 1, connectInt: pingInt },
    o2cb: {
      heartbeatDeadThreshold,
      idleTimeoutMs,
      keepaliveDelayMs: Math.min(2000, Math.max(1000, Math.floor(idleTimeoutMs / 5))),
      reconnectDelayMs: 2000,
    },
  };
}
