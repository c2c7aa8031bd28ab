#!/usr/bin/env bash
# Usage: mariadb-watch      (linode-ha-mariadb-watch.service; a pair with a replica only)
# On the replica: starts replication where it does not run, and notes whenever it is proven that nothing acknowledged is missing here.
# On the writer: lets it write once the peer has said that it does not, and closes it when the peer has taken over. Once the manager has
# confirmed that a silent replica was powered off, commits no longer wait for it.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

readonly EVIDENCE=$MARIADB_RUN/mariadb-evidence
# Well below ACK_SECONDS, and the tick of everything here.
readonly TICK=${MARIADB_HA_TICK:-2}

say() {
  printf '%s\n' "$*"
}

# Seconds since the boot: a clock that nobody sets.
uptime_seconds() {
  local up
  read -r up _ <"${MARIADB_HA_UPTIME:-/proc/uptime}"
  printf '%s' "${up%.*}"
}

reader() {
  local at status clients source received
  slave_read 2>/dev/null || return 0
  if [[ $(slave Slave_IO_Running) != Yes || $(slave Slave_SQL_Running) != Yes ]]; then
    # Only with the peer's answer: what was received and not applied yet is never dropped while it cannot be had again.
    if [[ $(slave Slave_IO_Running) != Connecting ]]; then "$MARIADB_LIB/replicate" ensure || :; fi
    return 0
  fi
  if [[ ! -e $MARIADB_RUN/mariadb-attached ]] && ! "$MARIADB_LIB/replicate" attach; then return 0; fi
  # The order matters: the clock, then what the writer has, then what is here.
  at=$(uptime_seconds)
  read -r status clients source < <(peer_sql "$TICK" 2>/dev/null <<<"SELECT
(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'RPL_SEMI_SYNC_MASTER_STATUS'),
(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'RPL_SEMI_SYNC_MASTER_CLIENTS'), @@gtid_binlog_pos") || return 0
  if [[ $status != ON || $clients != [1-9]* ]]; then return 0; fi
  slave_read 2>/dev/null || return 0
  received=$(slave Gtid_IO_Pos)
  if [[ $(slave Slave_IO_Running) != Yes ]] || ! covers "$received" "$source"; then return 0; fi
  printf 'at=%s\nreceived=%s\nserver=%s\n' "$at" "$received" "$(server_run)" >"$EVIDENCE.new"
  mv "$EVIDENCE.new" "$EVIDENCE"
}

writer() {
  local peer closed
  if [[ $(sql 2>/dev/null <<<'SELECT @@GLOBAL.read_only') == 0 ]]; then
    if ! closed=$(peer_sql "$TICK" 2>/dev/null <<<'SELECT @@GLOBAL.read_only'); then
      stop_waiting
      return 0
    fi
    word_of_peer
    # Cheap, and nearly always all: the peer does not write.
    if [[ $closed != 0 ]]; then return 0; fi
  fi
  peer=$(ask_peer state 2>/dev/null) || return 0
  exec 8>"$MARIADB_RUN/mariadb-role.lock"
  flock -n 8 || return 0
  role_read
  if [[ $ROLE == writer ]]; then judge "$peer"; fi
  exec 8>&-
}

# stop_waiting: of a replica that was powered off nothing is left by which it could take over on its own word: its proofs are of one boot. Until
# that is confirmed a commit waits as long as ever.
stop_waiting() {
  if [[ $(sql 2>/dev/null <<<'SELECT @@GLOBAL.rpl_semi_sync_master_enabled') != 1 ]] || ! fenced_since_word; then return 0; fi
  exec 8>"$MARIADB_RUN/mariadb-role.lock"
  flock -n 8 || return 0
  role_read
  # Once more, now that no replica can attach itself in between.
  if [[ $ROLE == writer ]] && fenced_since_word; then
    sql <<<'SET GLOBAL rpl_semi_sync_master_enabled = OFF'
    say "$PEER_NAME was powered off: nothing waits for its acknowledgements until it is back"
  fi
  exec 8>&-
}

# fenced_since_word: whether the cluster's manager, where there is one, has had the peer powered off after its last word. All it knows of: of
# fencings that are alike it shows the oldest otherwise.
fenced_since_word() {
  local word at
  word=$(cat "$PEER_WORD" 2>/dev/null || :)
  if [[ ! $word =~ ^[0-9]+$ ]]; then return 1; fi
  at=$(timeout -k 1 5 stonith_admin --history "$PEER_NAME" --verbose --output-as=xml 2>/dev/null |
    grep '<fence_event ' | grep ' status="success"' | grep -o ' completed="[^"]*"' | cut -d '"' -f 2 | sort | tail -n 1) || return 1
  at=$(date -d "$at" +%s 2>/dev/null) || return 1
  ((at >= word))
}

# judge PEER: what the peer says of itself decides whether this node writes.
judge() {
  local peer=$1
  if [[ $(value cluster <<<"$peer") == "$CLUSTER" && $(value role <<<"$peer") == writer ]] &&
    (($(value term <<<"$peer") > TERM_NUMBER)); then
    sql <<<'SET GLOBAL read_only = ON'
    role_write reader "$(value term <<<"$peer")"
    say "$PEER_NAME has taken over: this node writes no more. It may hold writes that $PEER_NAME lacks: see mariadb-reseed"
  elif [[ $(sql 2>/dev/null <<<'SELECT @@GLOBAL.read_only') == 1 ]]; then
    if [[ $(value role <<<"$peer") == writer && $(value term <<<"$peer") == "$TERM_NUMBER" && $(value mark <<<"$peer") == open ]]; then
      say "$PEER_NAME says that it is the writer too: neither is opened by itself"
      return 0
    fi
    # First the waiting for acknowledgements: nothing is acknowledged before the replica has it.
    word_of_peer
    sql <<<'SET GLOBAL rpl_semi_sync_slave_enabled = OFF; SET GLOBAL rpl_semi_sync_master_enabled = ON; SET GLOBAL read_only = OFF'
    say "open for writing: $PEER_NAME is $(value role <<<"$peer")"
  fi
}

mkdir -p "$MARIADB_RUN"
while :; do
  mark_read
  role_read
  if [[ $MARK_STATE == open ]] && server_up; then "$ROLE"; fi
  if [[ ${1-} == --once ]]; then exit 0; fi
  sleep "$TICK"
done
