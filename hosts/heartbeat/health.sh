#!/bin/bash
# heartbeat-health NODE NODE: one line; exit 1 unless heartbeats of both nodes arrive, nothing is on its way, and each group runs here
# whole or not at all: Heartbeat itself does not watch what it has started.
set -u
if (($# != 2)); then
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
  if [[ $state != active ]]; then bad=1; fi
done
holds=$(timeout 5 cl_status rscstatus 2>/dev/null) || holds=unknown
case $holds in none | local | foreign | all) ;; *)
  bad=1
  printf 'resources are in %s; ' "$holds"
  ;;
esac
here=() partly=()
# judge: one group is read.
judge() {
  if [[ -z ${group:-} || -z $running ]]; then return 0; fi
  if [[ -z $stopped ]]; then here+=("$group"); else partly+=("$group without$stopped"); fi
}
while read -r word first second; do
  if [[ $word == group ]]; then
    judge
    group=$first running="" stopped=""
  elif [[ $second == running ]]; then
    running+=" $first"
  else
    stopped+=" ${first#*::}"
  fi
done < <(timeout 20 /usr/local/lib/linode-ha/heartbeat-groups)
judge
printf 'runs here: %s' "${here[*]:-nothing}"
if ((${#partly[@]} > 0)); then
  bad=1
  printf '; only partly: %s' "${partly[*]}"
fi
echo
exit "$bad"
