#!/usr/bin/env bash
# pacemaker-health fenced|unfenced NODE NODE: one line of the cluster's state as this node sees it; exit 1 unless both nodes are online, all
# that should run runs, and fencing is as it was declared.
set -euo pipefail
export LC_ALL=C
if (($# != 3)) || [[ ! $1 =~ ^(fenced|unfenced)$ ]]; then
  printf 'usage: %s fenced|unfenced NODE NODE\n' "${0##*/}" >&2
  exit 2
fi
fencing=$1
shift
if ! state=$(timeout 8 crm_mon --one-shot --inactive --output-as=text 2>&1); then
  printf 'the cluster manager does not answer: %s\n' "$(head -n 1 <<<"$state")"
  exit 1
fi
wrong=()
# "Online: [ a b ]" in every version; standby, maintenance, pending and UNCLEAN nodes are listed elsewhere.
online=$(sed -nE 's/.*Online: \[ (.*) \].*/\1/p' <<<"$state" | head -n 1)
for node in "$@"; do
  if [[ " $online " != *" $node "* ]]; then wrong+=("$node is not online"); fi
done
stopped=$(grep -cE '\):[[:space:]]+(Stopped|FAILED)|\* Stopped: \[' <<<"$state" || :)
if ((stopped > 0)); then wrong+=("$stopped resources are stopped or failed"); fi
if [[ $state == *"Resource management is DISABLED"* || $state == *"in maintenance mode"* ]]; then wrong+=("maintenance mode"); fi
if [[ $fencing == fenced ]]; then
  enabled=$(timeout 5 crm_attribute --type crm_config --name stonith-enabled --query --quiet 2>/dev/null || printf unknown)
  if [[ $enabled != true ]]; then wrong+=("fencing is switched off ($enabled)"); fi
fi
if ((${#wrong[@]} > 0)); then
  (
    IFS=';'
    printf '%s\n' "${wrong[*]}"
  )
  exit 1
fi
printf 'online: %s; everything runs\n' "$online"
