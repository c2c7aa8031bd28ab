#!/usr/bin/env bash
# What the peer's key may do on this host, and nothing else (sshd runs it in place of whatever was asked for):
#   state    the mark on the data, the number of applications' tables, positions, role, size: NAME=VALUE lines
#   copy     a consistent copy of the data on standard output (mbstream); replication from the peer stops for it
#   resume   replication from the peer starts again where the copy was taken
#   attach   a replica is there: acknowledgements wait for it again; says how often this pair was taken over: term=NUMBER
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

refuse() {
  printf '%s: %s\n' "$NODE_NAME" "$1" >&2
  exit "${2:-10}"
}

state() {
  mark_read
  role_read
  printf 'cluster=%s\nmark=%s\nrole=%s\nterm=%s\n' "$MARK_CLUSTER" "$MARK_STATE" "$ROLE" "$TERM_NUMBER"
  printf 'bytes=%s\n' "$(du -sb --exclude='mariadb-bin.*' --exclude='relay*' "$DATADIR" 2>/dev/null | cut -f 1)"
  if ! server_up; then
    printf 'server=down\n'
    return 0
  fi
  printf 'server=up\ntables=%s\ngtid=%s\n' "$(user_tables)" "$(sql <<<'SELECT @@gtid_binlog_pos')"
}

copy() {
  local log=$MARIADB_RUN/mariadb-copy.log
  mark_read
  if [[ $MARK_STATE != open ]]; then refuse "its data is not in service (mark: $MARK_STATE): nothing is copied from it"; fi
  server_up || refuse "its server does not answer: systemctl status mariadb"
  mkdir -p "$MARIADB_RUN"
  exec 9>"$MARIADB_RUN/mariadb-copy.lock"
  flock -n 9 || refuse "another copy is being taken from it"
  # What arrives from the peer during the copy would be here and not in the copy: the peer would use those numbers again.
  sql <<<'STOP ALL SLAVES' 2>"$log"
  trap 'sql <<<"START ALL SLAVES" >/dev/null 2>&1 || :' EXIT
  if ! mariadb-backup --backup --stream=mbstream --user=root --socket="$SOCKET" 2>>"$log"; then
    tail -n 5 "$log" >&2
    refuse "mariadb-backup failed; all its words are in $log there"
  fi
  # Whoever took the copy has this side resume when its own server is up.
  trap - EXIT
}

case ${SSH_ORIGINAL_COMMAND:-${1-}} in
  state) state ;;
  copy) copy ;;
  resume) exec "$MARIADB_LIB/replicate" resume ;;
  attach)
    mkdir -p "$MARIADB_RUN"
    exec 8>"$MARIADB_RUN/mariadb-role.lock"
    flock -w 10 8 || refuse "another take-over, or a change of who writes, is at work there" 12
    word_of_peer
    sql <<<'SET GLOBAL rpl_semi_sync_master_enabled = ON'
    role_read
    printf 'term=%s\n' "$TERM_NUMBER"
    ;;
  *)
    printf 'usage: donor state | copy | resume | attach\n' >&2
    exit 2
    ;;
esac
