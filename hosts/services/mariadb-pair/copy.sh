#!/usr/bin/env bash
# Usage: copy fetch FOLDER | settle FOLDER
# fetch: a copy of the peer's data into a folder that does not exist yet. settle: gives that copy the peer's positions, so that this host
# goes on numbering where its former self had come to. Neither touches the data in service.
set -euo pipefail
export LC_ALL=C
# shellcheck source=../../lib/mariadb.sh
. "${MARIADB_HA_ROOT-}/usr/local/lib/linode-ha/mariadb/common.sh"
mariadb_settings

refuse() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-10}"
}

fetch() {
  local folder=$1 state need room log=$MARIADB_RUN/mariadb-prepare.log
  if [[ -e $folder ]]; then refuse "$folder exists already" 11; fi
  state=$(ask_peer state) || refuse "$PEER_NAME does not answer over SSH at $PEER_ADDRESS"
  if [[ $(value cluster <<<"$state") != "$CLUSTER" || $(value mark <<<"$state") != open ]]; then
    refuse "$PEER_NAME has no data of this pair in service: $(paste -sd' ' <<<"$state")" 11
  fi
  # A tenth more: redo logs grow while the copy is made ready.
  need=$(($(value bytes <<<"$state") * 11 / 10))
  room=$(df --output=avail -B1 "$BASE" | tail -n 1 | tr -d ' ')
  if ((room < need)); then
    refuse "the copy needs $((need >> 20)) MiB, and $BASE has $((room >> 20)) MiB free"
  fi
  mkdir -p "$MARIADB_RUN"
  install -d -m 0700 "$folder"
  printf 'copying up to %s MiB from %s\n' "$((need >> 20))" "$PEER_NAME" >&2
  if ! ask_peer copy | mbstream -x -C "$folder"; then
    rm -rf "$folder"
    refuse "the copy from $PEER_NAME did not come whole; nothing of it was kept"
  fi
  if ! mariadb-backup --prepare --target-dir="$folder" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    refuse "the copy could not be made ready; all words are in $log"
  fi
  chown -R mysql:mysql "$folder"
}

# positions FOLDER: the list of GTIDs that the copy was taken at. The file's name has changed with MariaDB 11.
positions() {
  local file
  for file in "$1"/mariadb_backup_binlog_info "$1"/xtrabackup_binlog_info; do
    if [[ -r $file ]]; then
      cut -f 3 "$file" | tr -d '\n '
      return 0
    fi
  done
  refuse "$1 does not say at which position it was taken"
}

settle() {
  local folder=$1 at server begun=$SECONDS
  local socket=$folder/settle.sock
  at=$(positions "$folder")
  if [[ ! $at =~ ^([0-9]+-[0-9]+-[0-9]+(,[0-9]+-[0-9]+-[0-9]+)*)?$ ]]; then refuse "\"$at\" is no position"; fi
  mkdir -p "$MARIADB_RUN"
  # Nobody else reaches this server, and it replicates from nobody.
  mariadbd --user=mysql --datadir="$folder" --socket="$socket" --pid-file="$folder/settle.pid" \
    --skip-networking --skip-slave-start >"$MARIADB_RUN/mariadb-settle.log" 2>&1 &
  server=$!
  until SOCKET=$socket server_up; do
    if ! kill -0 "$server" 2>/dev/null || ((SECONDS - begun > 600)); then
      kill "$server" 2>/dev/null || :
      tail -n 5 "$MARIADB_RUN/mariadb-settle.log" >&2
      refuse "the copied data did not start within 600 s"
    fi
    sleep 0.3
  done
  SOCKET=$socket sql <<<"STOP ALL SLAVES; RESET SLAVE ALL; RESET MASTER;
SET GLOBAL gtid_binlog_state = '$at'; SET GLOBAL gtid_slave_pos = '$at'; SHUTDOWN"
  wait "$server"
  rm -f "$socket" "$folder/settle.pid"
  sync -f "$folder"
  printf '%s\n' "$at"
}

if (($# != 2)) || [[ ! $1 =~ ^(fetch|settle)$ || $2 != /* ]]; then
  printf 'usage: copy fetch FOLDER | settle FOLDER\n' >&2
  exit 2
fi
"$1" "$2"
