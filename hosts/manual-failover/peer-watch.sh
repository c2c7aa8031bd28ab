#!/usr/bin/env bash
# peer-watch GROUP: on the node where the group is not active.
# A Primary that loses only the replication goes on writing, and nobody tells this side, which would keep saying UpToDate. So where the
# replication broke while the peer was Primary, and the peer still answers at any of its addresses, this side calls itself Outdated: no take-over
# then, whatever anybody's word, until it has resynced. A peer that is off answers nowhere, and this side stays good.
set -euo pipefail
export LC_ALL=C

# Another root folder, and how often, for tests.
readonly ROOT=${HA_GROUP_ROOT:-} EVERY=${PEER_WATCH_EVERY:-1}
readonly RUN=$ROOT/run/linode-ha
# shellcheck source=../lib/drbd.sh
. "$ROOT/usr/local/lib/linode-ha/drbd.sh"

if (($# != 1)) || [[ ! $1 =~ ^[a-z0-9-]+$ || ! -r $ROOT/etc/linode-ha/groups/$1 ]]; then
  printf 'usage: peer-watch GROUP (one of: %s)\n' "$(ls "$ROOT/etc/linode-ha/groups")" >&2
  exit 2
fi
PEER=peer PEER_ADDRESSES="" RESOURCES=()
while read -r word rest; do
  case $word in
    peer) PEER=$rest ;;
    peer-addresses) PEER_ADDRESSES=$rest ;;
    run) if [[ $rest == drbd\ * ]]; then RESOURCES+=("${rest#drbd }"); fi ;;
  esac
done <"$ROOT/etc/linode-ha/groups/$1"

answers() {
  local address
  for address in $PEER_ADDRESSES; do
    if ping -q -c 1 -W 1 "$address" >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

# lost_a_primary RESOURCE MINOR: the kernel's last word on this parting. A peer that leaves in order is Secondary before it goes, which a look a
# second could miss.
lost_a_primary() {
  [[ $(dmesg | sed -nE "s/.*drbd ?($1|$2): .*peer\( ([A-Za-z]+) -> Unknown \).*/\2/p" | tail -n 1) == Primary ]]
}

# look RESOURCE MINOR
look() {
  drbd_read "$2"
  if drbd_connected; then
    if [[ -e $RUN/alone-$1 ]]; then rm -f "$RUN/alone-$1"; fi
    return 0
  fi
  if [[ $DRBD_CS == Unconfigured ]]; then return 0; fi
  if [[ ! -e $RUN/alone-$1 ]]; then date -u +%FT%TZ >"$RUN/alone-$1"; fi
  if [[ $DRBD_ROLE != Secondary || $DRBD_DISK != UpToDate ]] || ! lost_a_primary "$1" "$2" || ! answers; then return 0; fi
  # The answer took a moment.
  drbd_read "$2"
  if drbd_connected || [[ $DRBD_ROLE != Secondary || $DRBD_DISK != UpToDate ]]; then return 0; fi
  printf '%s: not connected, and %s lives and may be writing: this side is outdated from now on\n' "$1" "$PEER"
  drbdadm outdate "$1" || printf '%s: not marked outdated; tried again in a moment\n' "$1"
}

mkdir -p "$RUN"
while :; do
  for resource in "${RESOURCES[@]}"; do
    read -r name minor <<<"$resource"
    look "$name" "$minor"
  done
  sleep "$EVERY"
done
