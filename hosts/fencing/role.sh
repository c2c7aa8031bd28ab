#!/usr/bin/env bash
# The fence agent, its token and what hangs on them: role.sh apply | check | remove.
# Fails unless the API takes the token, the token may shut Linodes down, and both nodes are Linodes that it sees.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${API_URL:?}" "${CA_FILE?}" "${TOKEN_FILE:?}" "${PEER_NAME:?}" "${PEER_ID:?}" "${SELF_ID:?}"

readonly AGENT=/usr/sbin/fence_linode

role_apply() {
  ensure_packages
  install_files
  if applying || [[ -x $AGENT && -e $TOKEN_FILE ]]; then
    ask_api "$PEER_ID" "$PEER_NAME"
    ask_api "$SELF_ID" "$NODE"
  fi
  result peer "$PEER_NAME"
  result peerLinode "$PEER_ID"
}

# ask_api LINODE NAME: what a cluster manager's monitor asks, so that a useless token is found now and not when it is needed.
ask_api() {
  local words ways=()
  if words=$(printf '%s\n' action=monitor "plug=$1" "api_url=$API_URL" "ca_file=$CA_FILE" "token_file=$TOKEN_FILE" shell_timeout=30 |
    "$AGENT" 2>&1); then
    return 0
  fi
  mapfile -t ways < <(sed -n 's/^  do: //p' <<<"$words")
  words=$(sed -n 's/^fence_linode: error: //p' <<<"$words")
  die "$EXIT_REFUSED" "fencing of $2 (Linode $1) would not work: $words" ${ways[@]+"${ways[@]}"} \
    "try it on this host: $AGENT --action monitor --plug $1 --api-url $API_URL"
}

role_remove() {
  remove_files
}

role_main "$@"
