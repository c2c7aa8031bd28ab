/** The command's exit codes. `ssh` and `exec` pass on those of what they run. */
export const EXIT = {
  failed: 1,
  usage: 2,
  notRunning: 3,
  /** `exec` could not start the command. */
  exec: 125,
  /** `ssh` could not connect, as ssh itself says it. */
  ssh: 255,
} as const;
