/** How bad a change is: the lower the number, the worse. What is not understood ranks highest of all. */
export type Rank = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** A rank as people and programs name it. */
export interface RankInfo {
  readonly rank: Rank;
  /** For `--fail-on`, JSON and SARIF. */
  readonly name: string;
  /** In the table. */
  readonly label: string;
  /** What it means, in one clause. */
  readonly meaning: string;
}

/** All ranks, the worst first. */
export const RANKS: readonly RankInfo[] = [
  { rank: 0, name: "unknown", label: "UNKNOWN", meaning: "not understood: nobody can say what it does" },
  { rank: 1, name: "data-loss", label: "DATA LOSS", meaning: "data is deleted, or its protection weakened" },
  { rank: 2, name: "both-nodes", label: "BOTH NODES", meaning: "no node serves" },
  { rank: 3, name: "failover", label: "FAILOVER", meaning: "the active node goes away; the other takes over" },
  { rank: 4, name: "restart", label: "RESTART", meaning: "something restarts in place, or stands still for a moment" },
  { rank: 5, name: "reload", label: "RELOAD", meaning: "something that runs takes new settings in" },
  { rank: 6, name: "none", label: "none", meaning: "nothing is felt" },
];

/** The worst of all: what a change is until somebody has said what it means. */
export const UNKNOWN: Rank = 0;
/** Of a change that nobody feels. */
export const NOTHING: Rank = 6;

/** What is known of a rank. */
export function rankInfo(rank: Rank): RankInfo {
  return RANKS[rank] ?? (RANKS[UNKNOWN] as RankInfo);
}

/** The rank of that name or number, or undefined where there is none. */
export function rankNamed(text: string): Rank | undefined {
  return RANKS.find(({ rank, name }) => name === text.toLowerCase() || String(rank) === text)?.rank;
}

/** The worst of several; nothing at all is felt by nobody. */
export function worst(ranks: readonly Rank[]): Rank {
  return ranks.reduce<Rank>((one, other) => (other < one ? other : one), NOTHING);
}

/** What the command ends with: 0 nothing to fear, 1 interrupts service, 2 may lose data or both nodes at once, 3 not understood. */
export type ReviewExit = 0 | 1 | 2 | 3;

/** Where no `--fail-on` is given: what interrupts service. */
export const DEFAULT_FAIL_ON: Rank = 4;

/** The exit code for the worst rank; what is better than `failOn` ends with 0. What is not understood never does. */
export function exitCodeFor(rank: Rank, failOn: Rank = DEFAULT_FAIL_ON): ReviewExit {
  if (rank === UNKNOWN) return 3;
  if (rank > failOn) return 0;
  return rank <= 2 ? 2 : 1;
}
