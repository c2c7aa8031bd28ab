#!/usr/bin/env bash
# Usage: mariadb-health
# One line on this server of a pair and its replication; exit 1 unless all is well. A conflict is told with both sides' positions.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

# Of the ten seconds that a check has, a server that hangs must not take all.
sql() {
  timeout -k 1 3 mariadb --batch --skip-column-names --socket="$SOCKET" "$@"
}

readonly CERTIFICATE_WARNING=$((60 * 24 * 3600))
WRONG=()

finish() {
  if ((${#WRONG[@]} > 0)); then
    (
      IFS=';'
      printf '%s\n' "${WRONG[*]}"
    )
    exit 1
  fi
  printf '%s\n' "$1"
  exit 0
}

mark_read
if [[ $MARK_STATE != open ]]; then
  WRONG+=("the data is not in service (mark: $MARK_STATE)")
  finish ""
fi
if ! server_up; then
  WRONG+=("the server does not answer")
  finish ""
fi
role_read
HERE=$(sql <<<'SELECT @@gtid_binlog_pos')
THERE=$(peer_sql 3 2>/dev/null <<<'SELECT @@gtid_binlog_pos' || printf unknown)
readonly HERE THERE
positions="here $HERE, $PEER_NAME $THERE"

following() {
  local behind
  slave_read
  if [[ -z $SLAVE ]]; then
    WRONG+=("replication from $PEER_NAME is not set up ($positions)")
    return 0
  fi
  if [[ $(slave Last_SQL_Errno) != 0 ]]; then
    WRONG+=("REPLICATION STOPPED AT A CONFLICT with $PEER_NAME, both sides differ from here on: $(slave Last_SQL_Error) ($positions); a person must decide: mariadb-reseed")
  elif [[ $(slave Last_IO_Errno) == 1236 ]]; then
    WRONG+=("$PEER_NAME cannot go on from where this node is: $(slave Last_IO_Error) ($positions); a person must decide: mariadb-reseed")
  elif [[ $(slave Slave_SQL_Running) != Yes ]]; then
    WRONG+=("replication from $PEER_NAME is switched off ($positions)")
  elif [[ $(slave Slave_IO_Running) != Yes ]]; then
    WRONG+=("no connection to $PEER_NAME: $(slave Last_IO_Error) ($positions)")
  else
    behind=$(slave Seconds_Behind_Master)
    if [[ ! $behind =~ ^[0-9]+$ ]] || ((behind > LAG_SECONDS)); then
      WRONG+=("$behind s behind $PEER_NAME, more than $LAG_SECONDS ($positions)")
    fi
  fi
}

lost_own() {
  local there
  if [[ $THERE == unknown ]]; then return 0; fi
  there=$(gtid_in "$THERE" "$OWN_DOMAIN")
  # Read before the peer was asked, so that what was written in between is no loss.
  if (($(sequence "$there") > $(sequence "$(gtid_in "$(sql <<<'SELECT @@gtid_binlog_pos')" "$OWN_DOMAIN")"))); then
    WRONG+=("this node has LOST transactions that $PEER_NAME has from it ($positions); a person must decide: mariadb-reseed")
  fi
}

writing() {
  local acknowledged
  if [[ $(sql <<<'SELECT @@GLOBAL.read_only') != 0 ]]; then
    WRONG+=("the writer is read-only until $PEER_NAME has said that it does not write; if that is gone for good: mariadb-take-over")
  fi
  acknowledged=$(sql <<<"SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_master_status', 'Rpl_semi_sync_master_clients')" | cut -f 2 | paste -sd' ')
  if [[ $acknowledged != [1-9]*" ON" ]]; then
    WRONG+=("no replica acknowledges: what is written now would be lost with this node ($positions)")
  fi
}

case $TOPOLOGY in
  multi-master)
    following
    lost_own
    unfit=$(unfit_tables | paste -sd, || :)
    if [[ -n $unfit ]]; then WRONG+=("tables that replication cannot carry: $unfit"); fi
    ;;
  replica)
    case $ROLE in
      writer) writing ;;
      *) following ;;
    esac
    ;;
esac
if ! openssl x509 -in "$MARIADB_TLS/node.crt" -noout -checkend "$CERTIFICATE_WARNING" >/dev/null 2>&1; then
  WRONG+=("the certificate of this node ends within 60 days: give the component another certificateRound")
fi
finish "$TOPOLOGY, $ROLE: $positions"
