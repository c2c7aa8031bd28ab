#!/usr/bin/env bash
# Makes this node's MariaDB data anew from its peer's, after the two have parted or this node was replaced.
# Usage: mariadb-reseed                    what would be thrown away; changes nothing
#        mariadb-reseed --discard NODE     does it; NODE is this node's own name, so that nobody does it on the wrong side
# The former data is kept beside the new. Exit: 0 done, 2 usage, 10 refused, 11 unsafe.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"

refuse() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s; nothing was changed\n' "$what" >&2
  for way in "$@"; do printf '  do: %s\n' "$way" >&2; done
  exit "$code"
}

DISCARD=""
case $#:${1-} in
  0:) ;;
  2:--discard) DISCARD=$2 ;;
  *)
    printf 'usage: mariadb-reseed [--discard NODE]\n' >&2
    exit 2
    ;;
esac
mariadb_settings
mark_read
if [[ $MARK_CLUSTER != "$CLUSTER" || ! $MARK_STATE =~ ^(open|seeding)$ ]]; then
  refuse 11 "the data on $BASE is not this pair's in service (mark: $MARK_STATE $MARK_CLUSTER)" "deploy the stack: it makes what is missing"
fi
if ! peer=$(ask_peer state); then
  refuse 10 "$PEER_NAME does not answer: there may be nothing to copy from" "put $PEER_NAME right first, or give up its data there instead"
fi
if [[ $(value cluster <<<"$peer") != "$CLUSTER" || $(value mark <<<"$peer") != open || $(value server <<<"$peer") != up ]]; then
  refuse 11 "$PEER_NAME has no data of this pair in service ($(paste -sd' ' <<<"$peer"))" "put $PEER_NAME right first"
fi
if [[ $TOPOLOGY == replica && $(value role <<<"$peer") != writer ]]; then
  refuse 11 "$PEER_NAME is the replica, and this node's data may be the newer" "if $PEER_NAME is to go on instead: mariadb-take-over there"
fi
there=$(value gtid <<<"$peer")
here=unknown
if server_up; then here=$(sql <<<'SELECT @@gtid_binlog_pos'); fi
printf 'position here (%s):  %s\nposition on %s: %s\n' "$NODE_NAME" "$here" "$PEER_NAME" "$there"
if [[ $here == unknown ]]; then
  printf 'the server here does not run: what only this node has is not known\n'
elif [[ $TOPOLOGY == multi-master ]]; then
  printf 'transactions of this node that %s does not have: %s\n' "$PEER_NAME" \
    "$(($(sequence "$(gtid_in "$here" "$OWN_DOMAIN")") - $(sequence "$(gtid_in "$there" "$OWN_DOMAIN")")))"
fi
if [[ -z $DISCARD ]]; then
  printf 'to throw the data of this node away: mariadb-reseed --discard %s\n' "$NODE_NAME"
  exit 0
fi
if [[ $DISCARD != "$NODE_NAME" ]]; then
  refuse 10 "this is $NODE_NAME, not $DISCARD" "run it on the node whose data is to be thrown away"
fi

systemctl stop mariadb.service
if [[ $MARK_STATE == open ]]; then
  kept=$DATADIR.before-$(date -u +%Y%m%dT%H%M%SZ)
  mark_write seeding
  mv "$DATADIR" "$kept"
  sync -f "$BASE"
  printf 'the former data is kept in %s\n' "$kept"
fi
# Both steps say what they do, and can be run again where they stop.
linode-ha-step "$SEED_STEP" apply
linode-ha-step "$REPLICATION_STEP" apply
printf 'done. When nobody needs the former data any more: rm -r %s.before-*\n' "$DATADIR"
