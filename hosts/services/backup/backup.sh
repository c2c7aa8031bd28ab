#!/usr/bin/env bash
# Usage: ha-backup NAME run | list | status | rehearse [SNAPSHOT]
# run: database and files of a node into a snapshot that nobody changes any more. list: the snapshots. status: how old the last good one is.
# rehearse: loads the database of a snapshot (the last) into a server of its own, which nobody reaches, and counts the files.
set -euo pipefail
export LC_ALL=C
umask 077
cd /

if (($# < 2 || $# > 3)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]] || [[ ! $2 =~ ^(run|list|status|rehearse)$ ]] || { (($# == 3)) && [[ $2 != rehearse ]]; }; then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
NAME=$1 CONFIG=${BACKUP_ROOT-}/etc/linode-ha/backup/$1
# shellcheck source=/dev/null
. "$CONFIG/settings"
: "${SOURCES:?}" "${BASE:?}" "${KEEP_DAYS:?}" "${ALARM_HOURS:?}" "${REHEARSAL_DAYS:?}" "${DATABASE?}" "${FILES:?}"
CURRENT=$BASE/current SNAPSHOTS=$BASE/snapshots
readonly DUMP_SECONDS=14400 FILES_SECONDS=28800

refuse() {
  printf 'error: %s\n  where: backup %s on %s\n  do: %s\n' "$1" "$NAME" "$(uname -n)" "$2" >&2
  exit "${3:-10}"
}

SSH=(ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o StrictHostKeyChecking=yes
  -o UserKnownHostsFile="$CONFIG/sources.known" -o IdentitiesOnly=yes -i "$CONFIG/source.key")

# choose_source: the first node that has what is to be backed up.
choose_source() {
  local pair words
  for pair in $SOURCES; do
    SOURCE=${pair%%@*} ADDRESS=${pair#*@}
    if words=$(timeout 60 "${SSH[@]}" "root@$ADDRESS" ready 2>&1); then return 0; fi
    printf '%s: %s\n' "$SOURCE" "${words:-does not answer}" >&2
  done
  refuse "no node can be backed up" "read the words above; then: systemctl start linode-ha-backup@$NAME"
}

good() {
  [[ -s $SNAPSHOTS/$1/manifest ]]
}

# The names sort by time.
last_good() {
  local each found=""
  for each in "$SNAPSHOTS"/*/; do
    each=$(basename "$each")
    if good "$each"; then found=$each; fi
  done
  [[ -n $found ]] && printf '%s\n' "$found"
}

seconds_of() {
  date -u -d "$(sed -E 's/^(....)(..)(..)T(..)(..)(..)Z$/\1-\2-\3 \4:\5:\6/' <<<"$1")" +%s
}

run() {
  local begun tables=0 sum="" count=0
  [[ $(stat -f -c %T "$BASE") == btrfs ]] || refuse "$BASE is not on btrfs, so that it has no snapshots" "mount a btrfs there"
  exec 9>"$BASE/lock"
  flock -n 9 || refuse "another run is at work" "wait for its end: journalctl -u linode-ha-backup@$NAME" 12
  mkdir -p "$SNAPSHOTS"
  if [[ ! -d $CURRENT ]]; then btrfs -q subvolume create "$CURRENT"; fi
  choose_source
  begun=$(date -u +%Y%m%dT%H%M%SZ)
  # A run that ends early must not leave a snapshot that looks whole.
  rm -f "$CURRENT/manifest"
  if [[ -n $DATABASE ]]; then
    timeout "$DUMP_SECONDS" "${SSH[@]}" "root@$ADDRESS" dump | gzip --rsyncable >"$CURRENT/database.sql.gz.new" ||
      refuse "the database of $SOURCE did not come" "read its words above"
    zcat "$CURRENT/database.sql.gz.new" | tail -n 1 | grep -q '^-- Dump completed' ||
      refuse "the database of $SOURCE did not come whole" "look at $SOURCE: journalctl -u mariadb"
    mv "$CURRENT/database.sql.gz.new" "$CURRENT/database.sql.gz"
    tables=$(zcat "$CURRENT/database.sql.gz" | grep -c '^CREATE TABLE ' || :)
    sum=$(sha256sum <"$CURRENT/database.sql.gz" | cut -d ' ' -f 1)
  fi
  if [[ $FILES == yes ]]; then
    mkdir -p "$CURRENT/files"
    # 24: files that went away meanwhile, as temporary ones do.
    timeout "$FILES_SECONDS" rsync -aHAX --numeric-ids --delete --delete-excluded --exclude='/.before-*' -e "${SSH[*]}" \
      "root@$ADDRESS:./" "$CURRENT/files/" || (($? == 24)) || refuse "the files of $SOURCE did not all come" "read the words above"
    count=$(find "$CURRENT/files" -type f | wc -l)
  fi
  printf 'source=%s\ntables=%s\ndump=%s\nfiles=%s\n' "$SOURCE" "$tables" "$sum" "$count" >"$CURRENT/manifest"
  sync -f "$CURRENT"
  btrfs -q subvolume snapshot -r "$CURRENT" "$SNAPSHOTS/$begun"
  printf '%s: %s tables and %s files of %s\n' "$begun" "$tables" "$count" "$SOURCE"
  thin
}

# thin: what is older than it is kept goes, but never the last good one.
thin() {
  local each last
  last=$(last_good)
  for each in "$SNAPSHOTS"/*/; do
    each=$(basename "$each")
    if [[ ! $each =~ ^[0-9]{8}T[0-9]{6}Z$ || $each == "$last" ]]; then continue; fi
    if (($(date +%s) - $(seconds_of "$each") > KEEP_DAYS * 86400)); then
      btrfs -q subvolume delete "$SNAPSHOTS/$each"
      printf '%s: gone after %s days\n' "$each" "$KEEP_DAYS"
    fi
  done
}

list() {
  local each
  for each in "$SNAPSHOTS"/*/; do
    each=$(basename "$each")
    if good "$each"; then printf '%s %s\n' "$each" "$(paste -sd' ' <"$SNAPSHOTS/$each/manifest")"; fi
  done
}

status() {
  local last age proven
  if ! last=$(last_good); then
    printf '%s: there is no backup yet\n' "$NAME"
    return 1
  fi
  age=$((($(date +%s) - $(seconds_of "$last")) / 3600))
  proven=$(cat "$BASE/rehearsed" 2>/dev/null || :)
  printf '%s: the last is %s h old (%s); last rehearsed: %s\n' "$NAME" "$age" "$last" "${proven:-never}"
  ((age <= ALARM_HOURS)) || return 1
  (($(date +%s) - $(unproven_since) <= REHEARSAL_DAYS * 2 * 86400))
}

# unproven_since: when a restore was last rehearsed; as long as none was, when the first backup was made.
unproven_since() {
  local each
  if stat -c %Y "$BASE/rehearsed" 2>/dev/null; then return 0; fi
  for each in "$SNAPSHOTS"/*/; do
    seconds_of "$(basename "$each")"
    return 0
  done
}

rehearse() {
  local snapshot=${1:-} folder work server tables want count begun=$SECONDS
  if [[ -z $snapshot ]]; then snapshot=$(last_good) || refuse "there is no backup yet" "ha-backup $NAME run"; fi
  good "$snapshot" || refuse "$snapshot is not a good snapshot" "ha-backup $NAME list" 2
  folder=$SNAPSHOTS/$snapshot
  want=$(sed -n 's/^files=//p' "$folder/manifest")
  if [[ $FILES == yes ]]; then
    count=$(find "$folder/files" -type f | wc -l)
    ((count == want)) || refuse "$snapshot has $count files, and should have $want" "look at $folder/files; try another snapshot" 1
  fi
  if [[ -n $DATABASE ]]; then
    [[ $(sha256sum <"$folder/database.sql.gz" | cut -d ' ' -f 1) == "$(sed -n 's/^dump=//p' "$folder/manifest")" ]] ||
      refuse "the database of $snapshot is damaged" "look at the disk: btrfs scrub start $BASE" 1
    work=$(mktemp -d "$BASE/rehearsal.XXXXXX")
    chown mysql:mysql "$work"
    chmod 0755 "$BASE"
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$work'" EXIT
    mariadb-install-db --no-defaults --user=mysql --datadir="$work/data" --skip-test-db >"$work/log" 2>&1 ||
      refuse "a database server for the rehearsal could not be made" "$(tail -n 1 "$work/log")"
    mariadbd --no-defaults --user=mysql --datadir="$work/data" --socket="$work/socket" --pid-file="$work/pid" --skip-networking \
      --innodb-buffer-pool-size=64M >>"$work/log" 2>&1 &
    server=$!
    until mariadb --no-defaults --socket="$work/socket" -e 'SELECT 1' >/dev/null 2>&1; do
      if ! kill -0 "$server" 2>/dev/null || ((SECONDS - begun > 300)); then
        kill "$server" 2>/dev/null || :
        refuse "the rehearsal's database server did not start within 300 s" "$(tail -n 3 "$work/log")" 12
      fi
      sleep 0.3
    done
    mariadb --no-defaults --socket="$work/socket" -e 'CREATE DATABASE rehearsal'
    if ! zcat "$folder/database.sql.gz" | mariadb --no-defaults --socket="$work/socket" rehearsal; then
      kill "$server"
      refuse "the database of $snapshot cannot be loaded" "try another one: ha-backup $NAME list" 1
    fi
    tables=$(mariadb --no-defaults --socket="$work/socket" -N -e "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'rehearsal' AND table_type = 'BASE TABLE'")
    mariadb --no-defaults --socket="$work/socket" -e SHUTDOWN
    wait "$server" || :
    want=$(sed -n 's/^tables=//p' "$folder/manifest")
    ((tables == want)) || refuse "$snapshot gave $tables tables, and should have given $want" "try another one: ha-backup $NAME list" 1
  fi
  printf '%s\n' "$snapshot" >"$BASE/rehearsed"
  printf '%s can be restored: %s tables, %s files\n' "$snapshot" "${tables:-no}" "${count:-no}"
}

case $2 in
  run) run ;;
  list) list ;;
  status) status ;;
  rehearse) rehearse "${3-}" ;;
esac
