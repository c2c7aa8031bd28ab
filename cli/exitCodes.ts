/** What the commands end with; the same numbers as monitoring systems expect of a check. */
export const EXIT = {
  /** All is well, or what was asked is done. */
  healthy: 0,
  /** It serves, but without its reserve. Also: a command was refused, or did not come to its end; its words say which. */
  degraded: 1,
  /** It does not serve, or data is at risk: two active nodes, sides that differ. */
  critical: 2,
  /** Nobody answered, so nothing is known. */
  unknown: 3,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
