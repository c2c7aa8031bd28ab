import type { Effect } from "./meanings/types";

/** An outage that was measured: the worst of its runs. */
export interface Measured {
  readonly system: string;
  /** As `docs/results/failover.jsonl` names it. */
  readonly fault: string;
  /** Seconds without an acknowledged write. */
  readonly seconds: number;
}

/** The worst of all runs of each fault that a review quotes. A test compares them with `docs/results/failover.jsonl`. */
export const MEASURED: readonly Measured[] = [
  { system: "crossed-pair", fault: "fault 6: API shutdown of the active", seconds: 21.7 },
  { system: "crossed-pair", fault: "fault 7: API reboot of the active", seconds: 21.2 },
  { system: "crossed-pair", fault: "planned move of db", seconds: 41.7 },
  { system: "crossed-pair", fault: "planned move of web", seconds: 45 },
  { system: "crossed-pair", fault: "fault 11: a service killed", seconds: 33.6 },
  { system: "crossed-pair", fault: "fault 17: replication link only", seconds: 5.1 },
  { system: "active-passive", fault: "fault 6: API shutdown of the active", seconds: 69.7 },
  { system: "active-passive", fault: "3.5: Heartbeat stopped on the active node", seconds: 9.6 },
  { system: "active-passive", fault: "planned switchover", seconds: 13.4 },
  { system: "active-passive", fault: "fault 2: power cut of the standby", seconds: 14 },
  { system: "active-passive", fault: "fault 17: replication link only", seconds: 8.2 },
  { system: "manual-failover", fault: "planned switchover", seconds: 51 },
  { system: "manual-failover", fault: "fault 2: power cut of the standby", seconds: 3.4 },
  { system: "manual-failover", fault: "fault 17: replication link only", seconds: 3.2 },
];

/** Which of the measured faults is the like of an effect, by system; the slowest counts. */
const LIKE: Readonly<Record<"node-down" | "standby-down" | "service-restart" | "reconnect", readonly string[]>> = {
  "node-down": [
    "fault 6: API shutdown of the active",
    "planned switchover",
    "planned move of db",
    "planned move of web",
  ],
  "standby-down": ["fault 2: power cut of the standby"],
  "service-restart": ["fault 11: a service killed", "planned switchover"],
  reconnect: ["fault 17: replication link only"],
};

/** How long service stops, as far as anybody measured it. */
export interface Interruption {
  /** Seconds, the worst measured. Undefined where nothing like it was, or where it does not end by itself. */
  readonly seconds?: number;
  /** The measured fault that is the like of it. */
  readonly like?: string;
  readonly words: string;
}

const NONE: Interruption = { seconds: 0, words: "none" };
const OPEN: Interruption = { words: "until a person acts" };

/** How long service stops by an effect, in a system (`undefined`: nobody said which). */
export function interruptionOf(effect: Effect, system: string | undefined, standby: boolean): Interruption {
  if (effect === "none") return NONE;
  if (effect === "stays-down") return OPEN;
  if (effect === "node-down" && system === "dual-primary") {
    return { words: "the other node serves on; how long clients take to find it is not measured" };
  }
  const likes = LIKE[effect === "node-down" && standby ? "standby-down" : effect];
  const found = likes.flatMap((fault) =>
    MEASURED.filter((one) => one.fault === fault && (system === undefined || one.system === system)),
  );
  const slowest = [...found].sort((one, other) => other.seconds - one.seconds)[0];
  if (slowest === undefined) return { words: "not measured" };
  const { seconds, fault } = slowest;
  return {
    seconds,
    like: `${slowest.system}, ${fault}`,
    words: `up to ${Math.ceil(seconds)} s (measured: ${slowest.system}, ${fault})`,
  };
}
