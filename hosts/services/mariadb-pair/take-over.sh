#!/usr/bin/env bash
# Makes the replica the writer of its pair: applies all that it has received, stops replication, and writes.
# Usage: mariadb-take-over [--peer-off-since EPOCH] [--accept-loss] [--wait SECONDS]
#        mariadb-take-over --step-aside     on the writer: it writes no more, so that the replica can take over without a loss
# Refuses while the writer lives and writes, and where it is not proven that nothing acknowledged is missing here. The proof: semi-synchronous
# replication was at work at a moment, and all of the writer's log was here. After that moment the writer may acknowledge what is not here at
# the earliest when ackSeconds have passed. So it is enough that it was off by then: at once, or as --peer-off-since says (from the log of
# the fencing, for example). --accept-loss takes over whatever is missing. --wait: for the received log to be applied, default 60.
# Exit: 0 writes, 2 usage, 10 refused, 11 stale: something acknowledged may be missing, 12 not in time.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"

refuse() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s; nobody was made the writer\n' "$what" >&2
  for way in "$@"; do printf '  do: %s\n' "$way" >&2; done
  exit "$code"
}

usage() {
  printf 'usage: mariadb-take-over [--peer-off-since EPOCH] [--accept-loss] [--wait SECONDS] | --step-aside\n' >&2
  exit 2
}

OFF_SINCE="" ACCEPT=no WAIT=60 ASIDE=no
while (($# > 0)); do
  case $1 in
    --accept-loss) ACCEPT=yes ;;
    --step-aside) ASIDE=yes ;;
    --peer-off-since | --wait)
      if [[ ! ${2-} =~ ^[0-9]{1,10}$ ]]; then usage; fi
      if [[ $1 == --wait ]]; then WAIT=$2; else OFF_SINCE=$2; fi
      shift
      ;;
    *) usage ;;
  esac
  shift
done
if [[ -n $OFF_SINCE ]] && ((OFF_SINCE > $(date +%s))); then
  printf 'error: --peer-off-since %s is in the future\n' "$OFF_SINCE" >&2
  exit 2
fi
mariadb_settings
if [[ $TOPOLOGY != replica ]]; then refuse 10 "both nodes of this pair write at all times"; fi
mark_read
if [[ $MARK_STATE != open ]]; then refuse 11 "the data here is not in service (mark: $MARK_STATE)" "deploy the stack"; fi
server_up || refuse 10 "the server here does not answer" "systemctl status mariadb"
mkdir -p "$MARIADB_RUN"
exec 9>"$MARIADB_RUN/mariadb-role.lock"
flock -w 30 9 || refuse 12 "another take-over, or a start of replication, is at work here"
role_read

# since_boot EPOCH: that moment on the clock of the evidence.
since_boot() {
  local up
  read -r up _ <"${MARIADB_HA_UPTIME:-/proc/uptime}"
  printf '%s' "$((${up%.*} - ($(date +%s) - $1)))"
}

step_aside() {
  if [[ $ROLE != writer ]]; then refuse 10 "this node does not write"; fi
  # Waits for what is being committed; from then on nothing more is acknowledged.
  sql <<<'SET GLOBAL read_only = ON'
  role_write reader "$TERM_NUMBER"
  printf '%s writes no more; now on %s: mariadb-take-over\n' "$NODE_NAME" "$PEER_NAME"
}

open() {
  role_write writer "$((TERM_NUMBER + 1))"
  # Nobody is there to acknowledge; a replica that comes switches it on again.
  sql <<<'SET GLOBAL rpl_semi_sync_slave_enabled = OFF; SET GLOBAL rpl_semi_sync_master_enabled = OFF; SET GLOBAL read_only = OFF'
  printf '%s is the writer (term %s)\n' "$NODE_NAME" "$TERM_NUMBER"
}

# proven: whether all that the peer acknowledged until it went off is here. Sets WHY.
proven() {
  local evidence at off
  WHY="no proof was ever noted since this server or its host started"
  if ! evidence=$(cat "$MARIADB_RUN/mariadb-evidence" 2>/dev/null); then return 1; fi
  if [[ $(value server <<<"$evidence") != "$(server_run)" ]]; then
    WHY="the server here was started anew since the last proof"
    return 1
  fi
  at=$(value at <<<"$evidence")
  if [[ -n $OFF_SINCE ]] && (($(since_boot "$OFF_SINCE") < at - 2)); then
    WHY="$PEER_NAME answered after the moment that --peer-off-since names"
    return 1
  fi
  off=$(since_boot "${OFF_SINCE:-$(date +%s)}")
  WHY="the last proof is $((off - at)) s older than the moment from which $PEER_NAME is known to be off, and it waits $ACK_SECONDS s for an acknowledgement"
  # Both are whole seconds, cut off: less than, not equal.
  ((off - at < ACK_SECONDS))
}

# has LIST: received, or written here already.
has() {
  slave_read
  covers "$(slave Gtid_IO_Pos)" "$1" || covers "$(sql <<<'SELECT @@gtid_binlog_pos')" "$1"
}

if [[ $ASIDE == yes ]]; then
  step_aside
  exit 0
fi
if [[ $ROLE == writer ]]; then
  if [[ $(sql <<<'SELECT @@GLOBAL.read_only') == 0 ]]; then
    printf '%s is the writer already (term %s)\n' "$NODE_NAME" "$TERM_NUMBER"
    exit 0
  fi
  if [[ $ACCEPT == no ]]; then
    refuse 11 "this node was the writer and does not know whether $PEER_NAME has taken over since" \
      "bring $PEER_NAME up: it says so by itself" "or, if it is gone for good: mariadb-take-over --accept-loss"
  fi
  open
  exit 0
fi

slave_read
if [[ $ACCEPT == no && -n $SLAVE && $(slave Last_SQL_Errno) != 0 ]]; then
  refuse 11 "this replica is stale: replication from $PEER_NAME stopped at: $(slave Last_SQL_Error)" \
    "put it right: mariadb-reseed" "or take over without what is missing: mariadb-take-over --accept-loss"
fi

target=""
if answer=$(peer_sql 5 2>/dev/null <<<'SELECT @@GLOBAL.read_only, @@gtid_binlog_pos'); then
  read -r closed target <<<"$answer"
  if [[ $closed == 0 ]]; then
    refuse 10 "$PEER_NAME lives and writes" "on $PEER_NAME: mariadb-take-over --step-aside"
  fi
  begun=$SECONDS
  until has "$target"; do
    if ((SECONDS - begun >= WAIT)); then
      if [[ $ACCEPT == yes ]]; then break; fi
      refuse 12 "$PEER_NAME has come to $target, and here is only $(sql <<<'SELECT @@gtid_binlog_pos') after $WAIT s"
    fi
    sleep 0.2
  done
elif ! proven && [[ $ACCEPT == no ]]; then
  refuse 11 "it is not proven that all that $PEER_NAME acknowledged is here: $WHY" \
    "if it is known since when $PEER_NAME has been off: mariadb-take-over --peer-off-since EPOCH" \
    "or take over without what is missing: mariadb-take-over --accept-loss"
fi

if [[ -n $SLAVE ]]; then
  # MariaDB drops what it has received when the first of two stopped threads starts: so the one that applies starts before the receiver stops.
  if [[ $(slave Slave_SQL_Running) != Yes ]]; then sql <<<'START SLAVE SQL_THREAD'; fi
  # Then the receiver: the end of the log is the end.
  sql <<<'STOP SLAVE IO_THREAD' 2>/dev/null
  slave_read
  received=$(slave Gtid_IO_Pos)
  if [[ -n $received && $(sql <<<"SELECT MASTER_GTID_WAIT('$received', $WAIT)") != 0 && $ACCEPT == no ]]; then
    slave_read
    sql <<<'START SLAVE IO_THREAD'
    refuse 12 "what was received ($received) is not applied after $WAIT s (at $(slave Gtid_Slave_Pos)): $(slave Last_SQL_Error)" \
      "give it longer: mariadb-take-over --wait $((WAIT * 5))"
  fi
  sql <<<'STOP SLAVE; RESET SLAVE ALL' 2>/dev/null
  printf 'applied all that was received: %s\n' "${received:-nothing}"
fi
open
