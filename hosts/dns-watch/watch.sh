#!/usr/bin/env bash
# Usage: dns-watch SETTINGS
# Takes the peer's records out of the zone while the peer does not answer, and sees to it that the own ones are shown while this node does.
# At most once in an outage: a peer that puts its records back by itself reaches the API, and lives.
set -euo pipefail
export LC_ALL=C

SETTINGS=${1:?usage: dns-watch SETTINGS}
# shellcheck source=/dev/null
. "$SETTINGS"
: "${OWN_URL:?}" "${PEER_URL:?}" "${PEER_NAME:?}" "${HOST_HEADER:?}" "${DOWN_SECONDS:?}" "${UP_SECONDS:?}" "${DNS_SETTINGS:?}" "${STATE:?}"
DNS=${LINODE_DNS:-/usr/local/lib/linode-ha/linode-dns}
LOOK_SECONDS=${LOOK_SECONDS:-3} TRY_SECONDS=${TRY_SECONDS:-30}

say() {
  printf '%s\n' "$*"
}

# answers URL: whether a server there says anything but that it is broken. Its certificate is not what is asked for.
answers() {
  local code
  code=$(curl --silent --insecure --noproxy '*' --max-time 5 --output /dev/null --write-out '%{http_code}' \
    --header "Host: $HOST_HEADER" "$1" 2>/dev/null) || return 1
  ((10#$code >= 200 && 10#$code < 500))
}

# note WORDS: for the health check, whole or not at all.
note() {
  printf '%s\n' "$1" >"$STATE.new"
  mv "$STATE.new" "$STATE"
}

# parked SIDE: whether any of a side's records is out of rotation.
parked() {
  local state
  state=$("$DNS" "$DNS_SETTINGS" state) || return 1
  [[ $state =~ \"$1\":\ \{\"shown\":\ [0-9]+,\ \"parked\":\ ([0-9]+)\} ]] && ((BASH_REMATCH[1] > 0))
}

down_since="" up_since="" done_for_outage="" not_before=0 looked=-999999
turn() {
  if ! answers "$OWN_URL"; then
    # Whoever is ill does not judge. What it knew of the peer is old when it is well again.
    down_since="" up_since=""
    note "ill: this node's own site does not answer"
    return 0
  fi
  if ((SECONDS - looked >= TRY_SECONDS)); then
    looked=$SECONDS
    if parked own && "$DNS" "$DNS_SETTINGS" show-own; then say "put this node's records back"; fi
  fi
  if answers "$PEER_URL"; then peer_up; else peer_down; fi
}

peer_up() {
  down_since=""
  up_since=${up_since:-$SECONDS}
  if [[ -n $done_for_outage ]] && ((SECONDS - up_since >= UP_SECONDS && SECONDS >= not_before)); then
    not_before=$((SECONDS + TRY_SECONDS))
    if "$DNS" "$DNS_SETTINGS" show-peer; then
      done_for_outage=""
      say "$PEER_NAME answers again: put its records back"
    fi
  fi
  if [[ -z $done_for_outage ]]; then note "ok: both nodes answer"; fi
}

peer_down() {
  up_since=""
  down_since=${down_since:-$SECONDS}
  if ((SECONDS - down_since < DOWN_SECONDS)); then return 0; fi
  if [[ -n $done_for_outage ]] || ((SECONDS < not_before)); then return 0; fi
  not_before=$((SECONDS + TRY_SECONDS))
  if "$DNS" "$DNS_SETTINGS" park-peer; then
    done_for_outage=yes
    say "$PEER_NAME has not answered for $((SECONDS - down_since)) s: took its records out"
    note "parked: $PEER_NAME does not answer, and its records are taken out"
  else
    note "failed: $PEER_NAME does not answer, and its records could not be taken out: journalctl -u linode-ha-dns-watch"
  fi
}

# A watch that starts again finds what it did before: a peer that is parked is put back by whoever watches when it answers.
if parked peer; then done_for_outage=yes; fi
while :; do
  turn
  sleep "$LOOK_SECONDS"
done
