#!/usr/bin/env bash
# The data of one of two MariaDB servers, before they replicate: role.sh apply | check | remove.
# A server that was made empty and never was in service gets a copy of its peer's data if that has any. Whatever else is here stays as it is.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/mariadb.sh
. "$LHA_STEP_DIR/lib/mariadb.sh"
: "${DATABASE?}" "${DB_USER?}" "${CLIENTS?}"

readonly UNIT=mariadb.service
DATA=kept

role_apply() {
  install_files
  mariadb_settings
  mark_read
  case $MARK_STATE in
    open) ;;
    made | seeding) first_data ;;
    *)
      if ! applying; then return 0; fi
      die "$EXIT_REFUSED" "there is no data of mariadb in $DATADIR" "run the server's step first: linode-ha-step list"
      ;;
  esac
  if [[ $TOPOLOGY == replica && ! -e $ROLE_MARK ]] && applying; then role_write "$INITIAL_ROLE" 0; fi
  if applying || server_up; then
    fit
    accounts
  fi
  result data "$DATA"
}

first_data() {
  local peer theirs tables=0
  if [[ $MARK_STATE == made ]]; then
    tables=$(user_tables) || die "$EXIT_REFUSED" "the server does not answer" "see: systemctl status $UNIT"
    if ((tables > 0)); then
      die "$EXIT_UNSAFE" "this server holds $tables tables although it was never put into service; nothing was changed" \
        "if they are this pair's data: echo 'open $CLUSTER' >$MARK, then run the step again" \
        "if nobody needs them: stop $UNIT, mv $DATADIR $DATADIR.before, rm $MARK, and deploy again"
    fi
  fi
  peer=$(ask_peer state) ||
    die "$EXIT_REFUSED" "$PEER_NAME does not answer at $PEER_ADDRESS: whether it holds data is not known" \
      "try it on this host: ssh -i /etc/linode-ha/mariadb-copy.key root@$PEER_ADDRESS state" "deploy the stack when $PEER_NAME is there"
  theirs=$(value mark <<<"$peer")
  if [[ $theirs != none && $(value cluster <<<"$peer") != "$CLUSTER" ]]; then
    die "$EXIT_UNSAFE" "$PEER_NAME has the data of another pair; nothing was changed" "see its mark there: cat $MARK"
  fi
  case "$MARK_STATE/$theirs" in
    made/made) begin_empty ;;
    made/open | seeding/open)
      # Its log is whole from the beginning: whatever comes now, replication brings.
      if [[ $MARK_STATE == made && $(value tables <<<"$peer") == 0 && -z $(value gtid <<<"$peer") && $(value server <<<"$peer") == up ]]; then
        begin_empty
        return 0
      fi
      if [[ $TOPOLOGY == replica && $(value role <<<"$peer") != writer ]]; then
        die "$EXIT_UNSAFE" "this node is empty, and $PEER_NAME is a replica: it may lack writes that were acknowledged here; nothing was changed" \
          "decide on $PEER_NAME that it takes over (it refuses if it is stale): mariadb-take-over; then deploy again"
      fi
      copy_in "$(value term <<<"$peer")"
      ;;
    *)
      die "$EXIT_UNSAFE" "neither node has data in service (here $MARK_STATE, on $PEER_NAME $theirs); nothing was changed" \
        "put one of them right first: its marks and folders are in $BASE"
      ;;
  esac
}

# Both were made empty. Nothing that the packages' own scripts may have logged is to be replayed on the other.
begin_empty() {
  DATA=empty
  if applying; then
    sql <<<'RESET MASTER'
    mark_write open
  fi
  changed "put the empty data into service"
}

# copy_in TERM: as the reader of a pair with a replica, whose writer has come to that term.
copy_in() {
  DATA=copied
  if applying; then
    mark_write seeding
    systemctl stop "$UNIT"
    # Left by a run that did not come to its end; nobody else writes there.
    rm -rf "$DATADIR.incoming"
    "$MARIADB_LIB/copy" fetch "$DATADIR.incoming" ||
      die "$EXIT_REFUSED" "the data of $PEER_NAME could not be copied" "read the words above, then run the step again"
    "$MARIADB_LIB/copy" settle "$DATADIR.incoming" ||
      die "$EXIT_REFUSED" "the copied data could not be put to its position" "read the words above, then run the step again"
    # Proven empty, or an earlier copy that never was in service.
    rm -rf "$DATADIR"
    mv "$DATADIR.incoming" "$DATADIR"
    if [[ $TOPOLOGY == replica ]]; then role_write reader "$1"; fi
    printf '%s\n' "$PEER_NAME" >"$BASE/.linode-ha/mariadb-resume"
    sync -f "$BASE"
    mark_write open
    systemctl start "$UNIT" || die "$EXIT_REFUSED" "mariadb did not start on the copied data" "see: journalctl -u $UNIT"
  fi
  changed "copied the data of $PEER_NAME"
}

fit() {
  local unfit
  unfit=$(unfit_tables) || die "$EXIT_REFUSED" "the server does not answer" "see: systemctl status $UNIT"
  if [[ -z $unfit ]]; then return 0; fi
  die "$EXIT_REFUSED" "these tables cannot be carried to the other node row by row: $(paste -sd';' <<<"$unfit" | sed 's/;/; /g')" \
    "give each a primary key: ALTER TABLE … ADD COLUMN id BIGINT AUTO_INCREMENT PRIMARY KEY; and ALTER TABLE … ENGINE=InnoDB" \
    "then run the step again"
}

# Not logged: each side has the same statements from its own step. Built in, so that no password is an argument of a process.
accounts() {
  local text before sum file
  text=$(account_statements)
  sum=$(sha256sum <<<"$text")
  file=$(state_file mariadb-accounts)
  before=$(cat "$file" 2>/dev/null || :)
  if [[ $before == "$sum" && $DATA == kept ]]; then return 0; fi
  if applying; then
    sql <<<"$text"
    (umask 077 && write_durably "$file" <<<"$sum")
  fi
  changed "set the accounts of mariadb"
}

account_statements() {
  local replication health site client secrets=$LHA_BASE/secrets/$STEP
  replication=$(<"$secrets/mariadb-replication")
  health=$(<"$secrets/mariadb-health")
  site=$(<"$secrets/mariadb-password")
  printf 'SET SESSION sql_log_bin = 0;\n'
  # What a copy brought along is of this node itself, seen from the peer.
  printf "DROP USER IF EXISTS 'ha_replication'@'%s', 'ha_health'@'%s';\n" "$ADDRESS" "$ADDRESS"
  account ha_replication "$PEER_ADDRESS" "$replication" "REQUIRE SUBJECT '/CN=$PEER_NAME'"
  printf "GRANT REPLICATION SLAVE ON *.* TO 'ha_replication'@'%s';\n" "$PEER_ADDRESS"
  account ha_health "$PEER_ADDRESS" "$health" "REQUIRE SUBJECT '/CN=$PEER_NAME'"
  account ha_health localhost "$health" "REQUIRE NONE"
  for client in "$PEER_ADDRESS" localhost; do
    printf "GRANT BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'ha_health'@'%s';\n" "$client"
  done
  # shellcheck disable=SC2016 # the backquotes are SQL's
  printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$DATABASE"
  for client in $CLIENTS; do
    account "$DB_USER" "$client" "$site" ""
    # shellcheck disable=SC2016
    printf 'GRANT ALL PRIVILEGES ON `%s`.* TO '"'%s'@'%s';\n" "$DATABASE" "$DB_USER" "$client"
  done
}

# account USER HOST PASSWORD REQUIREMENT
account() {
  printf "CREATE USER IF NOT EXISTS '%s'@'%s';\n" "$1" "$2"
  printf "ALTER USER '%s'@'%s' IDENTIFIED BY '%s' %s;\n" "$1" "$2" "$3" "$4"
}

role_remove() {
  remove_files
  rm -f "$(state_file mariadb-accounts)"
}

role_main "$@"
