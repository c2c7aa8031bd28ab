#!/usr/bin/env bash
# The end of a Heartbeat pair's deployment, on both nodes: role.sh apply | check | remove. Changes nothing; waits until nothing is on its way
# and each group runs here whole or not at all.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${SETTLE:?}" "${SETTINGS:?}"

readonly LIST=/usr/local/lib/linode-ha/heartbeat-groups
HERE=() PARTLY=()

role_apply() {
  if [[ ! -x $LIST ]]; then return 0; fi # check mode on a host without Heartbeat: that is the whole answer
  if applying; then
    POLL=1 wait_for "$SETTLE" "every group to run whole" settled || die "$EXIT_TIMED_OUT" "not settled after $SETTLE s: $(words)" \
      "see what does not start: journalctl -u heartbeat -n 100; mend it, then: systemctl restart heartbeat" "then deploy again"
  else
    look
  fi
  result_raw runs "[$(
    IFS=,
    printf '%s' "${HERE[*]-}"
  )]"
}

settled() {
  case $(cl_status rscstatus 2>/dev/null) in none | local | foreign | all) ;; *) return 1 ;; esac
  look
  ((${#PARTLY[@]} == 0))
}

words() {
  if ((${#PARTLY[@]} > 0)); then
    printf 'without %s' "${PARTLY[*]}"
  else
    printf 'heartbeat says: %s' "$(cl_status rscstatus 2>&1 || :)"
  fi
}

# look: sets HERE (groups that run whole, as JSON) and PARTLY (jobs that are missing of the others that run).
look() {
  local word first second group="" running=0 stopped=()
  HERE=() PARTLY=()
  while read -r word first second; do
    if [[ $word == job && $second == running ]]; then
      running=1
    elif [[ $word == job ]]; then
      stopped+=("${first#*::}")
    else
      if ((running)); then judge; fi
      group=$first running=0 stopped=()
    fi
  done < <(
    "$LIST"
    echo group
  )
}

judge() {
  if ((${#stopped[@]} == 0)); then
    HERE+=("$(json_string "$group")")
  else
    PARTLY+=("${stopped[@]}")
  fi
}

role_remove() {
  :
}

role_main "$@"
