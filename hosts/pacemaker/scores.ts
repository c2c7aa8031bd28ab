import { asset } from "../assets";
import type { AbsolutePath, HostFile } from "../contract";

/** The timer by which a node sees that what would promote it is in the cluster's configuration. */
export const scoresTimer = "linode-ha-scores.timer";

/** The program that compares and mends; `check` for a node's health, `mend` for the timer. */
export const scoresProgram = "/usr/local/lib/linode-ha/pacemaker-scores";

/**
 * What keeps a node's promotion scores in the cluster's configuration, by the ids of its DRBD primitives; nothing where there are none.
 *
 * Pacemaker drops a node's transient attributes when its controller starts anew, and the attribute daemon, which still holds them, sees no
 * reason to send them again: the DRBD agent sets the same score at each look. The node would be online and never promoted.
 */
export function scoresFiles(ids: readonly string[]): Record<AbsolutePath, HostFile> {
  if (ids.length === 0) {
    return {};
  }
  return {
    [scoresProgram]: { mode: "0755", content: asset("pacemaker/scores.sh") },
    "/etc/systemd/system/linode-ha-scores.service": { mode: "0644", content: service(ids) },
    [`/etc/systemd/system/${scoresTimer}`]: { mode: "0644", content: TIMER },
    "/etc/linode-ha/health.d/61-promotion": {
      mode: "0755",
      content: `#!/bin/sh\nexec ${scoresProgram} check ${ids.join(" ")}\n`,
    },
  };
}

// Its own words are notices, and systemd's about each run are not kept: two lines every half minute say nothing.
function service(ids: readonly string[]): string {
  return `[Unit]
Description=Sends promotion scores again that the cluster's configuration has lost
After=pacemaker.service

[Service]
Type=oneshot
SyslogLevel=notice
LogLevelMax=notice
ExecStart=${scoresProgram} mend ${ids.join(" ")}
`;
}

const TIMER = `[Unit]
Description=Looks every half minute whether this node could be promoted

[Timer]
OnActiveSec=30
OnUnitActiveSec=30
AccuracySec=5

[Install]
WantedBy=timers.target
`;
