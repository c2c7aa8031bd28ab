#!/usr/bin/env bash
# Replication between two MariaDB servers, as one of them takes it from the other: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/mariadb.sh
. "$LHA_STEP_DIR/lib/mariadb.sh"
: "${WATCH_UNIT?}"

role_apply() {
  install_files
  reload_units
  if [[ ! -r $MARIADB_SETTINGS ]]; then return 0; fi
  mariadb_settings
  if [[ -n $WATCH_UNIT ]]; then
    enable_unit "$WATCH_UNIT"
    if { file_changed '/etc/systemd/system/*' || file_changed "$MARIADB_LIB/watch"; } && applying && systemctl is-active --quiet "$WATCH_UNIT"; then
      restart_unit "$WATCH_UNIT" "its unit or its program changed"
    fi
    start_unit "$WATCH_UNIT"
  fi
  role_read
  if [[ $TOPOLOGY == multi-master || $ROLE == reader ]]; then follow; else opened; fi
  result role "$ROLE"
  result position "$(sql <<<'SELECT @@gtid_binlog_pos' 2>/dev/null || :)"
}

# opened: the service that watches lets the writer write once the peer has said that it does not.
opened() {
  if ! applying || wait_for 60 "word from $PEER_NAME that it does not write" writes; then return 0; fi
  die "$EXIT_TIMED_OUT" "this node, the writer, is still read-only after 60 s: $PEER_NAME does not say that it does not write" \
    "see why: journalctl -u $WATCH_UNIT; and on $PEER_NAME: journalctl -u ssh" "if $PEER_NAME is gone for good: mariadb-take-over --accept-loss"
}

writes() {
  # It may have found out meanwhile that it is the writer no more.
  role_read
  [[ $ROLE == reader || $(sql <<<'SELECT @@GLOBAL.read_only') == 0 ]]
}

# follow: whatever stops it is told by the program that sets it up.
follow() {
  local status=0 note=$BASE/.linode-ha/mariadb-resume
  if running; then
    if [[ ! -e $note ]] || ! applying; then return 0; fi
  elif ! applying; then
    changed "would start replication from $PEER_NAME"
    return 0
  fi
  "$MARIADB_LIB/replicate" ensure || status=$?
  if ((status != 0)); then
    die "$((status == 11 ? EXIT_UNSAFE : EXIT_REFUSED))" "replication from $PEER_NAME does not run" "read the words above"
  fi
  if [[ -e $note ]]; then
    if [[ $TOPOLOGY == multi-master ]] && ! ask_peer resume; then
      die "$EXIT_REFUSED" "$PEER_NAME did not go on after its data was copied" "read its words above, then run the step again"
    fi
    rm -f "$note"
  fi
  changed "started replication from $PEER_NAME"
}

running() {
  slave_read 2>/dev/null && [[ $(slave Slave_IO_Running) == Yes && $(slave Slave_SQL_Running) == Yes ]]
}

role_remove() {
  if [[ -n $WATCH_UNIT ]]; then remove_unit "$WATCH_UNIT"; fi
  if [[ -r $MARIADB_SETTINGS ]]; then
    mariadb_settings
    if server_up; then sql <<<'STOP ALL SLAVES; RESET SLAVE ALL'; fi
  fi
  remove_files
  systemctl daemon-reload
}

role_main "$@"
