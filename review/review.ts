import type { DiffLine } from "./lineDiff";
import type { Interruption } from "./measured";
import type { Resync } from "./meanings/types";
import type { Operation } from "./parse";
import type { Rank, ReviewExit } from "./ranks";
import type { NodeDuty } from "./status";

/** One property, variable or file that changes, and what that means by itself. */
export interface Reason {
  /** A property, a file's path, `variable X`, or empty for the resource as a whole. */
  readonly property: string;
  /** For people; secrets and what is not known yet are words. */
  readonly old: string;
  readonly new: string;
  readonly rank: Rank;
  readonly why: string;
  /** The program on the host that takes it in. */
  readonly daemon?: string;
  /** Of a host's file: the lines that differ. */
  readonly lines?: readonly DiffLine[];
}

/** What the plan does to one resource, or to the like resources of both nodes. */
export interface Finding {
  /** Stable: `type/operation`, or `both-nodes`, `incomplete`. */
  readonly rule: string;
  readonly rank: Rank;
  readonly operation: Operation;
  readonly type: string;
  /** What it is, for people: "a volume". */
  readonly called: string;
  /** The resources it is about; more than one where both nodes' are alike. */
  readonly names: readonly string[];
  readonly urns: readonly string[];
  /** The nodes it is on; none where it is the pair's. */
  readonly nodes: readonly string[];
  /** What those nodes are now. */
  readonly duty?: NodeDuty;
  /** One sentence: of the worst reason. */
  readonly why: string;
  readonly reasons: readonly Reason[];
  readonly interruption: Interruption;
  readonly resync?: Resync;
  /** Who will not do it as it is. */
  readonly refused?: string;
  /** It follows from another finding, which says more. */
  readonly follows?: boolean;
  /** In which order it is safe. */
  readonly steps: readonly string[];
}

/** The answer: one headline, one ranked list, the rest folded. */
export interface Review {
  readonly rank: Rank;
  readonly exitCode: ReviewExit;
  readonly headline: string;
  /** The worst first. Those with rank 6 are at its end. */
  readonly findings: readonly Finding[];
  /** How many resources each operation is for. */
  readonly counts: Readonly<Record<string, number>>;
  readonly system?: string;
  /** What the active node is known from. */
  readonly activeKnown: boolean;
}
