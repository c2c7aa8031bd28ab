import { storageTimings, type StorageTimings } from "./timings";

/** How soon a dead peer is to be noticed, and how long fencing may take. */
export interface Detection {
  /** Seconds until a dead peer counts as dead, everywhere: 2 to 30, default 3. */
  readonly seconds?: number;
  /** Seconds that fencing may take until it has confirmed; 0 (the default) without fencing, else 5 to 300. */
  readonly fencingSeconds?: number;
  /** Heartbeat's own words, where a site has its own. Each default follows from {@link seconds}. */
  readonly heartbeat?: Partial<HeartbeatTimings>;
}

/** Heartbeat v1's times, in seconds; fractions become milliseconds in its file. */
export interface HeartbeatTimings {
  readonly keepalive: number;
  readonly warntime: number;
  readonly deadtime: number;
  readonly initdead: number;
  /** Silence after which a ping node counts as away. */
  readonly deadping: number;
}

/** Every time of a pair that depends on how soon a dead peer is noticed. */
export interface ManagerTimings {
  readonly detectionSeconds: number;
  readonly storage: StorageTimings;
  readonly corosync: {
    /** Milliseconds without the token until it counts as lost. */
    readonly token: number;
    /** Milliseconds to agree on who is left; at least 1.2 times the token. */
    readonly consensus: number;
    /** Milliseconds to wait for join messages. */
    readonly join: number;
  };
  readonly heartbeat: HeartbeatTimings;
  /** Seconds; the keepalive is a third of the hold time. */
  readonly bgp: { readonly hold: number; readonly keepalive: number };
  /** Seconds; all 0 without fencing. */
  readonly fencing: {
    /** What fencing the node that is to survive waits, so that two nodes never fence each other. */
    readonly delay: number;
    /** What one call of the fence agent may take. */
    readonly action: number;
    /** What the manager waits for a fencing in all. */
    readonly total: number;
    /** What DRBD's fence-peer handler waits for the manager in a promotion; an active side's waits longer. */
    readonly handler: number;
  };
  /** Seconds for the manager's operations on a DRBD resource. */
  readonly drbd: { readonly start: number; readonly promote: number; readonly demote: number; readonly stop: number };
}

/**
 * All times of a pair from one setting, so that everybody notices a dead peer in the right order.
 *
 * With D = `seconds` and F = `fencingSeconds` (examples for D = 3 s, F = 30 s):
 *
 * | who                          | setting                        | value                          | example          |
 * | ---------------------------- | ------------------------------ | ------------------------------ | ---------------- |
 * | DRBD                         | ping-int + ping-timeout        | ≤ D                            | 2 s + 1 s        |
 * | DRBD                         | timeout                        | < ping-int                     | 1.9 s            |
 * | corosync                     | token                          | D / 2.2                        | 1364 ms          |
 * | corosync                     | consensus                      | 1.2 × token                    | 1637 ms          |
 * | corosync                     | join                           | token / 20, 50 to 250 ms       | 68 ms            |
 * | Heartbeat                    | deadtime, deadping             | D                              | 3 s              |
 * | Heartbeat                    | warntime                       | D / 3                          | 1 s              |
 * | Heartbeat                    | keepalive                      | D / 6, at most 2 s             | 500 ms           |
 * | Heartbeat                    | initdead                       | 120 s                          | 120 s            |
 * | the manager                  | fencing delay (survivor's)     | D / 2, at least 2 s            | 2 s              |
 * | the manager                  | one fencing call               | F + delay + 5 s                | 37 s             |
 * | the manager                  | stonith-timeout                | F + 2 × delay + 10 s           | 44 s             |
 * | DRBD's fence-peer handler    | a promotion waits              | D + stonith-timeout + 5 s      | 52 s             |
 * | DRBD's fence-peer handler    | an active side's writes wait   | until the peer is confirmed    | at most 540 s    |
 * | the manager                  | DRBD's promote                 | handler + 10 s, 90 s at least  | 90 s             |
 * | o2cb                         | node dead                      | 2 D + F + 6 s, 12 s at least   | 42 s             |
 * | routers (BGP)                | hold, keepalive                | 9 s, 3 s (the provider's own)  | 9 s, 3 s         |
 *
 * Why in this order:
 *
 * 1. **DRBD notices first, or together with the membership.** Until it does, its survivor believes that the peer is still Primary, and
 *    refuses to be promoted; a manager that decided earlier would only run into that refusal, and on the active side every write waits.
 * 2. **The membership decides (token + consensus) at D, before anybody fences.** A warning (Heartbeat's `warntime`) comes well before,
 *    and several heartbeats fit into it, so that one lost packet is not a dead node.
 * 3. **Fencing comes after, the node that is to survive is shot last** (the delay), and the manager waits longer than all of it takes;
 *    else it would call a fencing failed that was only slow, and promote nothing.
 * 4. **DRBD's handler waits longer than the manager's fencing**: it holds the active side's I/O until the peer is confirmed away, for as long
 *    as DRBD listens (it gives a handler 600 s). The manager's promote waits longer than the handler does then, because it runs within it.
 * 5. **o2cb decides after the time in which fencing has to succeed** (D + both delays + F): its decision resets a machine.
 * 6. BGP's hold time is the routers' business: a dead node's announcement falls after it, whoever has taken over. A service whose
 *    address is announced is therefore reachable after the later of D + F + start and the hold time, unless the dead node's announcement
 *    is the less preferred one.
 *
 * A D of 15 s gives Heartbeat's 2/5/15/120 of the crossed pair; 30 s gives the 2/30/120 of the active/passive one.
 *
 * @throws Error if a value is out of range, or if own Heartbeat times are in the wrong order.
 */
export function managerTimings(detection: Detection = {}): ManagerTimings {
  const seconds = detection.seconds ?? 3;
  const fencingSeconds = detection.fencingSeconds ?? 0;
  if (fencingSeconds !== 0 && fencingSeconds < 5) {
    throw new Error(`detection.fencingSeconds is ${fencingSeconds}; allowed are 0 (no fencing) and 5 to 300`);
  }
  const storage = storageTimings({ seconds, fencingSeconds });
  const token = Math.ceil((seconds * 1000) / 2.2);
  const fenced = fencingSeconds > 0;
  const delay = fenced ? Math.max(2, Math.ceil(seconds / 2)) : 0;
  const total = fenced ? Math.ceil(fencingSeconds) + 2 * delay + 10 : 0;
  const handler = fenced ? Math.ceil(seconds) + total + 5 : 0;
  return {
    detectionSeconds: seconds,
    storage,
    corosync: { token, consensus: Math.ceil(token * 1.2), join: Math.min(250, Math.max(50, Math.round(token / 20))) },
    heartbeat: heartbeatTimings(seconds, detection.heartbeat ?? {}),
    bgp: { hold: 9, keepalive: 3 },
    fencing: { delay, action: Math.ceil(fencingSeconds), total, handler },
    drbd: { start: 240, promote: Math.max(90, handler + 10), demote: 90, stop: 100 },
  };
}

function heartbeatTimings(seconds: number, own: Partial<HeartbeatTimings>): HeartbeatTimings {
  const deadtime = own.deadtime ?? seconds;
  const all: HeartbeatTimings = {
    keepalive: Math.min(2, deadtime / 6),
    warntime: deadtime / 3,
    deadping: deadtime,
    initdead: Math.max(120, 2 * deadtime),
    ...own,
    deadtime,
  };
  const order = [all.keepalive, all.warntime, all.deadtime, all.initdead];
  const rising = order.every((value, index) => value > 0 && (index === 0 || value > (order[index - 1] ?? 0)));
  if (!rising || all.keepalive * 2 > all.deadtime || all.initdead < 2 * all.deadtime) {
    throw new Error(
      `detection.heartbeat: keepalive ${all.keepalive}, warntime ${all.warntime}, deadtime ${all.deadtime}, initdead ${all.initdead} s; ` +
        "each must be longer than the one before, deadtime at least two keepalives, initdead at least two deadtimes",
    );
  }
  return all;
}
