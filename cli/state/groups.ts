/** A group and where it is, whoever manages it. */
export interface GroupState {
  readonly name: string;
  readonly preferred?: string;
  /** Its DRBD resources. */
  readonly drbd: readonly string[];
  readonly addresses: readonly string[];
  /** Nodes on which all of it runs. More than one is an emergency. */
  readonly activeOn: readonly string[];
  /** Nodes on which some of it runs. */
  readonly partlyOn: readonly string[];
  /** Those of {@link partlyOn} that did not say in time what they run: all of it, for all that is known. */
  readonly silentOn?: readonly string[];
  /** What does not run as it should, or cannot be moved alone: words for a person. */
  readonly notes: readonly string[];
  /** Whether it goes back to its preferred node by itself; undefined: not known. */
  readonly failback?: boolean;
}

/** The manager's own view of one node. */
export interface ManagerNode {
  readonly name: string;
  readonly online: boolean;
  readonly standby: boolean;
  /** In the manager's words, for example `UNCLEAN` or `dead`. */
  readonly words: string;
}

/** Whether and how a node that went silent is switched off before its peer goes on. */
export interface FencingState {
  readonly enabled: boolean;
  readonly ok: boolean;
  readonly words: string;
}

/** What manages the groups, and what it says. */
export interface ManagerState {
  readonly kind: "pacemaker" | "heartbeat" | "manual" | "none";
  readonly nodes: readonly ManagerNode[];
  readonly maintenance: boolean;
  readonly groups: readonly GroupState[];
  readonly fencing?: FencingState;
  /** Failures and restrictions: words for a person. */
  readonly notes: readonly string[];
}
