#!/bin/bash
# heartbeat-health NODE NODE: one line; exit 1 unless heartbeats of both nodes arrive, nothing is on its way, and each group runs here
# whole or not at all: Heartbeat itself does not watch what it has started.
set -u
if (($# != 2)); then
  echo "usage: $0 NODE NODE" >&2
  exit 2
fi
# All at once, and no more than needed: on a busy node each takes seconds, and a health check has ten.
self=$(</proc/sys/kernel/hostname)
peer=$1
if [[ $peer == "$self" ]]; then peer=$2; fi
exec 3< <(timeout 8 cl_status rscstatus 2>/dev/null) 4< <(timeout 8 cl_status nodestatus "$peer" 2>/dev/null) \
5< <(timeout 8 /usr/local/lib/linode-ha/heartbeat-groups)
read -r holds <&3 || holds=unknown
read -r state <&4 || state=unknown
bad=0
case $holds in
  none | local | foreign | all) ;;
  unknown)
    echo "heartbeat does not run, or does not answer"
    exit 1
    ;;
  *)
    bad=1
    printf 'resources are in %s; ' "$holds"
    ;;
esac
printf '%s is %s; ' "$peer" "$state"
if [[ $state != active ]]; then bad=1; fi
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
done <&5
judge
printf 'runs here: %s' "${here[*]:-nothing}"
if ((${#partly[@]} > 0)); then
  bad=1
  printf '; only partly: %s' "${partly[*]}"
fi
echo
exit "$bad"
