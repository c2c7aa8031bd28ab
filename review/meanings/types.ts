import type { Rank } from "../ranks";
import type { Step } from "../parse";

/** What a service feels, as far as it was measured how long: see `measured.ts`. */
export type Effect =
  /** Its node goes down in order; the peer, if a manager moves things, takes over. */
  | "node-down"
  /** It restarts where it is. */
  | "service-restart"
  /** Replication reconnects; writes wait. */
  | "reconnect"
  /** It ends, and nothing starts it again by itself. */
  | "stays-down"
  | "none";

/** Which order is safe: see `procedures.ts`. */
export type ProcedureName =
  | "ask"
  | "data"
  | "protection"
  | "format"
  | "one-node"
  | "rolled"
  | "both-nodes"
  | "quiet-hour"
  | "maintenance"
  | "step-down"
  | "move-away"
  | "restart-later"
  | "none";

/** What has to be copied between the nodes afterwards. */
export interface Resync {
  readonly words: string;
  /** Undefined: what is written meanwhile, and nobody knows yet how much that is. */
  readonly bytes?: number;
}

/** What a change means. */
export interface Verdict {
  readonly rank: Rank;
  /** One sentence without its full stop. */
  readonly why: string;
  readonly effect?: Effect;
  readonly resync?: Resync;
  readonly procedure?: ProcedureName;
  /** Why a host or the program will not do it as it is; what to do is in the procedure. */
  readonly refused?: string;
  /** It takes its node down. `rolled`: the program does one node after the other; `at-once`: nothing keeps it from doing both. */
  readonly nodeDown?: "rolled" | "at-once";
  /** The program that takes it in on the host. */
  readonly daemon?: string;
  /** It follows from another change of the same plan, which says more. */
  readonly follows?: boolean;
}

/** One property, before and after; either is undefined where there is none. */
export interface PropertyChange {
  readonly property: string;
  readonly old: unknown;
  readonly new: unknown;
  readonly step: Step;
}

/** What a property's change means: the same always, or told by its values. */
export type Judge<T> = Verdict | ((subject: T) => Verdict);

/** What can be done to a type of resource, and what that means. */
export interface Meaning {
  /** For people: "a volume". */
  readonly called: string;
  readonly create: Judge<Step>;
  readonly delete: Judge<Step>;
  readonly replace: Judge<Step>;
  /** By top name. A property that is not here is not understood. */
  readonly properties: Readonly<Record<string, Judge<PropertyChange>>>;
}

/** Applies a judge. */
export function judged<T>(judge: Judge<T>, subject: T): Verdict {
  return typeof judge === "function" ? judge(subject) : judge;
}

/** A verdict of nothing felt. */
export const unfelt = (why: string): Verdict => ({ rank: 6, why, effect: "none" });

/** The same verdict for several properties. */
export function all<T>(names: readonly string[], judge: Judge<T>): Readonly<Record<string, Judge<T>>> {
  return Object.fromEntries(names.map((name) => [name, judge]));
}
