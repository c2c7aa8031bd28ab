import type { HostChange } from "../hostText";
import type { Verdict } from "./types";

/** What a change of one file or variable of a role means; several where it is several things at once. */
export type HostJudge = Verdict | ((change: HostChange) => Verdict | readonly Verdict[]);

/** A role of a host: what its step does to a node that runs. */
export interface RoleMeaning {
  /** For people: "replication". */
  readonly called: string;
  /** The step is new on its node. */
  readonly created: Verdict;
  /** The step goes, and the host undoes it. */
  readonly removed: Verdict;
  /** Its text is known only after the change: the worst that it does to a node that runs. */
  readonly unseen: Verdict;
  /** Its own program changed: likewise. */
  readonly program: Verdict;
  /** Its secret changed. */
  readonly secret?: Verdict;
  /** The first pattern that fits a path counts. A file that none fits is not understood. */
  readonly files: readonly (readonly [path: RegExp, judge: HostJudge])[];
  /** A variable that is not here is not understood. */
  readonly variables: Readonly<Record<string, HostJudge>>;
}
