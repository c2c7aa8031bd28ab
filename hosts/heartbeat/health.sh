#!/bin/sh
# heartbeat-health NODE NODE: one line; exit 1 unless heartbeats of both nodes arrive and nothing is on its way.
set -u
if [ "$#" -ne 2 ]; then
  echo "usage: $0 NODE NODE" >&2
  exit 2
fi
if ! timeout 5 cl_status hbstatus >/dev/null 2>&1; then
  echo "heartbeat does not run"
  exit 1
fi
bad=0
for node in "$@"; do
  state=$(timeout 5 cl_status nodestatus "$node" 2>/dev/null) || state=unknown
  printf '%s is %s; ' "$node" "$state"
  if [ "$state" != active ]; then bad=1; fi
done
holds=$(timeout 5 cl_status rscstatus 2>/dev/null) || holds=unknown
echo "this node holds: $holds"
case $holds in none | local | foreign | all) ;; *) bad=1 ;; esac
exit "$bad"
