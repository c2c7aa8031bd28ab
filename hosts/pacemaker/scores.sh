#!/usr/bin/env bash
# pacemaker-scores check|mend DRBD-ID...: are this node's promotion scores, which the attribute daemon holds, also in the cluster's
# configuration? Only what is there counts: without its score a node is online, whole, and never promoted. They are lost there, and not sent
# again, when a node's controller starts anew (its executor died, say) while the attribute daemon lives on.
# check: a line and exit 1 where one is missing or another. mend: has the daemon send them again, and says so.
set -euo pipefail
export LC_ALL=C
if (($# < 2)) || [[ ! $1 =~ ^(check|mend)$ ]]; then
  printf 'usage: %s check|mend DRBD-ID...\n' "${0##*/}" >&2
  exit 2
fi
readonly SECONDS_TO_ANSWER=8
action=$1
shift
# Without a manager on this node there is nothing to compare; that it is down is told elsewhere.
if ! node=$(timeout "$SECONDS_TO_ANSWER" crm_node --name 2>/dev/null); then exit 0; fi

# held ID: the score that the attribute daemon has for this node; nothing where it has none.
held() {
  timeout "$SECONDS_TO_ANSWER" attrd_updater --query --name "master-$1" --node "$node" 2>/dev/null |
    sed -nE 's/.* value="([^"]*)".*/\1/p' || :
}

if ! counted=$(timeout "$SECONDS_TO_ANSWER" cibadmin --query --xpath "//node_state[@uname='$node']/transient_attributes" 2>/dev/null); then
  counted=""
fi
lost=()
for id in "$@"; do
  score=$(held "$id")
  if [[ -z $score ]]; then continue; fi
  if ! grep -qE "<nvpair [^>]*name=\"master-$id\"[^>]* value=\"$score\"" <<<"$counted"; then lost+=("$id ($score)"); fi
done
if ((${#lost[@]} == 0)); then exit 0; fi
what=$(
  IFS=,
  printf '%s' "${lost[*]}"
)
if [[ $action == check ]]; then
  printf 'not in the cluster'\''s configuration, so that %s cannot be promoted: promotion score of %s\n' "$node" "${what//,/, }"
  exit 1
fi
printf 'the promotion score of %s was not in the cluster'\''s configuration: sending it again\n' "${what//,/, }"
timeout "$SECONDS_TO_ANSWER" attrd_updater --refresh
