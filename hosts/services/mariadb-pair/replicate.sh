#!/usr/bin/env bash
# Usage: replicate ensure | resume | attach
# ensure: replication from the peer runs; where it was never set up, or only lost its way, it is started. One that stopped at a conflict
# stays stopped: a person decides. resume: after a copy was made of one side for the other, whatever it had stopped at before.
# attach: has the writer wait for the replica here, where replication runs already.
# Exit: 0 it runs, 10 refused, 11 the two have parted, 12 it does not run in time.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

readonly WAIT=${MARIADB_HA_WAIT:-60}
readonly ATTACHED=$MARIADB_RUN/mariadb-attached
readonly PASSWORD_FILE=$MARIADB_ROOT/etc/linode-ha/mariadb-replication.password
readonly SOURCE_SUM=$MARIADB_ROOT/var/lib/linode-ha/state/mariadb-source.sum

refuse() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s\n' "$what" >&2
  for way in "$@"; do printf '  do: %s\n' "$way" >&2; done
  exit "$code"
}

running() {
  slave_read
  [[ $(slave Slave_IO_Running) == Yes && $(slave Slave_SQL_Running) == Yes ]]
}

# Where to go on from. The transactions of this node come back from the peer and are passed over; what has to be right is that the peer
# still has the position asked for: for this node's own domain therefore the one that the peer itself names.
start_position() {
  local theirs here at one domain list=()
  theirs=$(peer_sql 10 <<<'SELECT @@gtid_binlog_pos') ||
    refuse 12 "the server on $PEER_NAME does not answer to the health account at $PEER_ADDRESS:$PORT" \
      "on $PEER_NAME: systemctl status mariadb" "run the step trust on both nodes again: their certificates may have changed"
  here=$(sql <<<'SELECT @@gtid_binlog_pos')
  if [[ $TOPOLOGY == replica ]]; then
    printf '%s' "$here"
    return 0
  fi
  at=$(gtid_in "$theirs" "$OWN_DOMAIN")
  if (($(sequence "$at") > $(sequence "$(gtid_in "$here" "$OWN_DOMAIN")"))); then
    refuse 11 "$PEER_NAME has transactions of this node that this node has lost (there $at, here $here)" \
      "make this node anew from $PEER_NAME: mariadb-reseed --discard $NODE_NAME"
  fi
  if [[ -n $at ]]; then list+=("$at"); fi
  for one in ${here//,/ }; do
    domain=${one%%-*}
    if [[ $domain != "$OWN_DOMAIN" ]]; then list+=("$one"); fi
  done
  (
    IFS=,
    printf '%s' "${list[*]-}"
  )
}

start() {
  local at password
  # Never while a take-over is at work: the new writer would follow the old one.
  mkdir -p "$MARIADB_RUN"
  exec 8>"$MARIADB_RUN/mariadb-role.lock"
  flock -w 90 8 || refuse 12 "a take-over, or another start of replication, did not end within 90 s" "see what it does: ps -ef | grep mariadb-"
  role_read
  if [[ $TOPOLOGY == replica && $ROLE == writer ]]; then refuse 10 "this node is the writer: it follows nobody"; fi
  at=$(start_position)
  rm -f "$ATTACHED"
  password=$(<"$PASSWORD_FILE")
  # Set here and never in a file: a writer that restarts as an acknowledging replica takes back what was not acknowledged, which its
  # replica may have; and a replica that waits for acknowledgements applies nothing until their time is over.
  if [[ $TOPOLOGY == replica ]]; then
    sql <<<'SET GLOBAL rpl_semi_sync_master_enabled = OFF; SET GLOBAL rpl_semi_sync_slave_enabled = ON'
  fi
  # Strict mode would not let this node's own domain be set behind its log, which is what passing over its own transactions needs.
  sql <<SQL
STOP ALL SLAVES;
RESET SLAVE;
SET GLOBAL gtid_strict_mode = OFF;
SET GLOBAL gtid_slave_pos = '$at';
SET GLOBAL gtid_strict_mode = ON;
CHANGE MASTER TO MASTER_HOST = '$PEER_ADDRESS', MASTER_PORT = $PORT, MASTER_USER = 'ha_replication', MASTER_PASSWORD = '$password',
  MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 2, MASTER_HEARTBEAT_PERIOD = 2,
  MASTER_SSL = 1, MASTER_SSL_VERIFY_SERVER_CERT = 1, MASTER_SSL_CA = '$MARIADB_TLS/peer.crt',
  MASTER_SSL_CERT = '$MARIADB_TLS/node.crt', MASTER_SSL_KEY = '$MARIADB_TLS/node.key';
START SLAVE;
SQL
  mkdir -p "${SOURCE_SUM%/*}"
  (umask 077 && source_sum >"$SOURCE_SUM")
  exec 8>&-
}

# source_sum: what the replication was set up with; a changed address or password sets it up anew.
source_sum() {
  { printf '%s %s ' "$PEER_ADDRESS" "$PORT" && cat "$PASSWORD_FILE"; } | sha256sum
}

as_set_up() {
  [[ -r $SOURCE_SUM && $(<"$SOURCE_SUM") == "$(source_sum)" ]]
}

await() {
  local begun=$SECONDS
  until running; do
    if stopped_for_good || ((SECONDS - begun >= WAIT)); then break; fi
    sleep 0.3
  done
  if ! running; then explain; fi
  if [[ $TOPOLOGY == replica ]]; then attach; fi
}

# attach: the writer waits for this replica's acknowledgements again; and its term is known here before this node may ever take over.
attach() {
  local term
  if ! term=$(ask_peer attach | value term) || [[ ! $term =~ ^[0-9]+$ ]]; then
    refuse 12 "$PEER_NAME does not answer over SSH at $PEER_ADDRESS: it is not known how often it has taken over" "see there: journalctl -u ssh"
  fi
  role_read
  if [[ $ROLE == reader ]] && ((term > TERM_NUMBER)); then role_write reader "$term"; fi
  mkdir -p "$MARIADB_RUN"
  : >"$ATTACHED"
}

# stopped_for_good: no further waiting mends it.
stopped_for_good() {
  [[ $(slave Last_SQL_Errno) != 0 || $(slave Last_IO_Errno) == 1236 ]]
}

explain() {
  local positions
  positions="here $(sql <<<'SELECT @@gtid_binlog_pos'), $PEER_NAME $(peer_sql 5 2>/dev/null <<<'SELECT @@gtid_binlog_pos' || printf 'does not answer')"
  if [[ $(slave Last_SQL_Errno) != 0 ]]; then
    refuse 11 "replication from $PEER_NAME stopped at a conflict: $(slave Last_SQL_Error) ($positions)" \
      "find out which side's rows are right; what is only on the other must be carried over by hand" \
      "then on the node whose data is to be thrown away: mariadb-reseed --discard NODE"
  fi
  if [[ $(slave Last_IO_Errno) == 1236 ]]; then
    refuse 11 "$PEER_NAME cannot go on from where this node is: $(slave Last_IO_Error) ($positions)" \
      "on the node whose data is to be thrown away: mariadb-reseed --discard NODE"
  fi
  refuse 12 "replication from $PEER_NAME does not run after $WAIT s: $(slave Last_IO_Error) ($positions)" \
    "see both nodes' journals: journalctl -u mariadb"
}

ensure() {
  if running && as_set_up; then return 0; fi
  if [[ -n $SLAVE ]] && stopped_for_good; then explain; fi
  # One that is on its way to the peer keeps what it has received.
  if as_set_up && [[ $(slave Slave_IO_Running) == @(Connecting|Preparing) && $(slave Slave_SQL_Running) == Yes ]]; then
    await
    return 0
  fi
  start
  await
}

case ${1-} in
  ensure) ensure ;;
  resume)
    start
    await
    ;;
  attach) attach ;;
  *)
    printf 'usage: replicate ensure | resume | attach\n' >&2
    exit 2
    ;;
esac
