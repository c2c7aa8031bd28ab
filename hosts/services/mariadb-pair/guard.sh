#!/usr/bin/env bash
# Usage: guard
# Runs before the server starts: its own file system must be mounted, with data on it that is whole. A server that started on the empty
# folder below the mount point would take writes that nobody ever sees again; one on half a copy would serve it.
set -euo pipefail
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

refuse() {
  printf 'error: mariadb is not started: %s\n  do: %s\n' "$1" "$2" >&2
  exit 1
}

if [[ $MOUNTED == yes ]] && ! findmnt -rno SOURCE -M "$BASE" >/dev/null; then
  refuse "$BASE is not mounted" "see why: systemctl list-units --failed '*.mount'"
fi
mark_read
case $MARK_STATE in
  made | open) ;;
  seeding) refuse "a copy of $PEER_NAME's data is coming in, or did not come whole" "deploy the stack again: it is taken anew" ;;
  *) refuse "no data was made for it on $BASE" "deploy the stack, or linode-ha-step list and apply its step here" ;;
esac
if [[ $MARK_CLUSTER != "$CLUSTER" ]]; then
  refuse "the data on $BASE is of another pair ($MARK_CLUSTER, not $CLUSTER)" "give this node the volume that belongs to it"
fi
