#!/bin/sh
# heartbeat-silence SECONDS: ends when this host is up for so long; DRBD's resources, and then Heartbeat, start after it.
# A node that crashed and is back within the dead time is never missed: its peer sees a restart, not a death. What it ran then belongs to
# nobody: a node that starts takes only the groups that prefer it, and its peer only what a dead node left. So this node stays silent
# until its peer has called it dead, fenced it, and taken over. DRBD too: the data of a Primary that crashed count as the newer ones, and a
# peer that met them would be their Inconsistent target in the midst of its take-over.
set -eu
if [ "$#" -ne 1 ]; then
  echo "usage: $0 SECONDS" >&2
  exit 2
fi
read -r up _ <"${UPTIME:-/proc/uptime}"
left=$(($1 - ${up%.*}))
if [ "$left" -gt 0 ]; then
  echo "silent for $left s more: a node that died must first have been called dead by its peer"
  sleep "$left"
fi
