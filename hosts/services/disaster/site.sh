#!/usr/bin/env bash
# Usage: ha-disaster NAME status | follow | files | promote --replace NODE [--although-it-lives]
# A second site. status: how far it is behind. follow: the database follows the first site, copied whole the first time. files: fetches them now.
# promote: this host becomes the site. It asks for this node's own name, and refuses while the first site still answers: both would be written to.
set -euo pipefail
export LC_ALL=C
umask 022
cd /

usage() {
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
}
if (($# < 2)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]]; then usage; fi
ROOT=${DISASTER_ROOT-}
NAME=$1 CONFIG=$ROOT/etc/linode-ha/disaster/$1 STATE=$ROOT/var/lib/linode-ha/disaster/$1
verb=$2
shift 2

refuse() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s\n  where: second site %s on %s\n' "$what" "$NAME" "$(uname -n)" >&2
  for way in "$@"; do printf '  do: %s\n' "$way" >&2; done
  exit "$code"
}

if [[ ! -r $CONFIG/settings ]]; then refuse 2 "there is none of that name" "ls /etc/linode-ha/disaster"; fi
# shellcheck source=/dev/null
. "$CONFIG/settings"
: "${DATABASES?}" "${FILES?}" "${DATABASE?}" "${FOLDER?}" "${TUNNEL_PORT:?}" "${ACCOUNT:?}" "${ALARM_SECONDS:?}" "${START?}"
mkdir -p "$STATE"

remote() {
  local address=$1
  shift
  ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$CONFIG/known" -o IdentitiesOnly=yes -i "$CONFIG/key" "root@$address" "$@"
}

# answering NODES...: the address of the first that is ready; each is NAME@ADDRESS.
answering() {
  local pair
  for pair; do
    if ssh_ready "${pair#*@}"; then
      printf '%s\n' "${pair#*@}"
      return 0
    fi
  done
  return 1
}

ssh_ready() {
  remote "$1" ready >/dev/null 2>&1 </dev/null
}

sql() {
  mariadb --protocol=socket --batch --skip-column-names
}

slave() {
  mariadb --protocol=socket --batch --vertical <<<'SHOW ALL SLAVES STATUS' | sed -n "s/^ *$1: //p" | head -n 1
}

promoted() {
  [[ -e $STATE/promoted ]]
}

follow() {
  local at source password dump=$STATE/copy.sql
  if [[ -z $DATABASE ]]; then return 0; fi
  if promoted; then refuse 11 "this host is the site by now, and follows nobody" "to make it a second site again: give it an empty database, remove $STATE/promoted"; fi
  if [[ $(slave Slave_IO_Running) == Yes && $(slave Slave_SQL_Running) == Yes ]]; then return 0; fi
  if [[ ! -e $STATE/copied ]]; then
    if [[ $(sql <<<"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$DATABASE'") != 0 && ! -e $STATE/copying ]]; then
      refuse 11 "database $DATABASE already holds something, which this command did not copy; nothing was changed" "move it away, or give the second site a host of its own"
    fi
    source=$(read_nodes "$DATABASES") || refuse 12 "no node of the first site can be copied from" "see why: ssh from here; ha-health there"
    : >"$STATE/copying"
    (umask 077 && remote "$source" dump </dev/null >"$dump") || refuse 12 "the database did not come" "read the words above, then: ha-disaster $NAME follow"
    if ! tail -n 1 "$dump" | grep -q '^-- Dump completed'; then refuse 12 "the database did not come whole" "ha-disaster $NAME follow"; fi
    at=$(sed -nE "s/^-- SET GLOBAL gtid_slave_pos='([0-9,-]*)';$/\1/p" "$dump" | head -n 1)
    if [[ ! $at =~ ^[0-9]+-[0-9]+-[0-9]+(,[0-9]+-[0-9]+-[0-9]+)*$ ]]; then refuse 12 "the copy does not say at which position it was taken" "look at $dump"; fi
    # The statements of the copy are no writes of this site's own.
    # shellcheck disable=SC2016 # the backquotes are SQL's
    { printf 'STOP ALL SLAVES; SET sql_log_bin = 0; DROP DATABASE IF EXISTS `%s`; CREATE DATABASE `%s`; USE `%s`;\n' "$DATABASE" "$DATABASE" "$DATABASE" && cat "$dump"; } | sql
    sql <<<"RESET SLAVE ALL; SET GLOBAL gtid_slave_pos = '$at';"
    rm -f "$dump" "$STATE/copying"
    printf '%s\n' "$at" >"$STATE/copied"
  fi
  password=$(<"$CONFIG/replication.secret")
  sql <<SQL
STOP ALL SLAVES;
CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $TUNNEL_PORT, MASTER_USER = '$ACCOUNT', MASTER_PASSWORD = '$password',
  MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 10, MASTER_HEARTBEAT_PERIOD = 10, MASTER_SSL = 0;
START SLAVE;
SQL
}

# read_nodes LIST: the first of the list that is ready.
read_nodes() {
  local nodes
  read -ra nodes <<<"$1"
  answering "${nodes[@]}"
}

# tunnel: standard input and output become the connection to a database of the first site (linode-ha-disaster-tunnel@.service).
tunnel() {
  local source
  source=$(read_nodes "$DATABASES") || refuse 12 "no node of the first site answers" "wait: it is tried again"
  exec ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$CONFIG/known" -o IdentitiesOnly=yes -i "$CONFIG/key" "root@$source" replicate
}

files() {
  local source
  if [[ -z $FOLDER ]]; then return 0; fi
  if promoted; then refuse 11 "this host is the site by now: its files are its own" "nothing"; fi
  exec 9>"$STATE/files.lock"
  flock -n 9 || return 0
  source=$(read_nodes "$FILES") || refuse 12 "no node of the first site has the files" "wait: it is tried again"
  mkdir -p "$FOLDER"
  # 24: files that went away meanwhile, as temporary ones do.
  rsync -aHAX --numeric-ids --delete --exclude='/.before-*' --exclude='*/.linode-ha-cron*' -e "ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$CONFIG/known -o IdentitiesOnly=yes -i $CONFIG/key" \
    "root@$source:./" "$FOLDER/" || (($? == 24)) || refuse 12 "the files did not all come" "read the words above"
  date +%s >"$STATE/files.new"
  mv "$STATE/files.new" "$STATE/files"
}

status() {
  local wrong=() lag age
  if promoted; then
    printf 'this host is the site since %s\n' "$(<"$STATE/promoted")"
    return 0
  fi
  if [[ -n $DATABASE ]]; then
    lag=$(slave Seconds_Behind_Master)
    if [[ ! $lag =~ ^[0-9]+$ ]]; then
      wrong+=("the database does not follow: $(slave Last_IO_Error) $(slave Last_SQL_Error)")
    elif ((lag > ALARM_SECONDS)); then
      wrong+=("the database is $lag s behind")
    fi
  fi
  if [[ -n $FOLDER ]]; then
    age=$(($(date +%s) - $(cat "$STATE/files" 2>/dev/null || printf 0)))
    if ((age > ALARM_SECONDS)); then wrong+=("the files are $age s old, or were never fetched"); fi
  fi
  if ((${#wrong[@]} > 0)); then
    (
      IFS=';'
      printf '%s\n' "${wrong[*]}"
    )
    return 1
  fi
  printf 'second site %s: database %s s behind, files %s s old\n' "$NAME" "${lag:-none}" "${age:-none}"
}

promote() {
  local replace="" lives=no received source unit units
  while (($# > 0)); do
    case $1 in
      --replace)
        replace=${2-}
        shift
        ;;
      --although-it-lives) lives=yes ;;
      *) usage ;;
    esac
    shift || usage
  done
  if promoted; then
    printf 'this host is the site already, since %s\n' "$(<"$STATE/promoted")"
    return 0
  fi
  if [[ $replace != "$(uname -n)" ]]; then
    refuse 11 "this host would become the site, and that was not confirmed" "ha-disaster $NAME promote --replace $(uname -n)"
  fi
  if [[ -n $DATABASE && ! -e $STATE/copied ]]; then refuse 11 "there is no whole copy of the database here yet" "ha-disaster $NAME follow"; fi
  if [[ $lives == no ]] && source=$(read_nodes "$DATABASES $FILES"); then
    refuse 10 "the first site lives ($source answers): both would be written to" \
      "stop it first (pulumi destroy it, or power its database and web servers off)" \
      "or, if nobody can reach it any more: add --although-it-lives"
  fi
  systemctl stop "linode-ha-disaster-files@$NAME.timer"
  if [[ -n $DATABASE ]]; then
    # MariaDB drops what it has received when the first of two stopped threads starts: so the one that applies starts before the other stops.
    if [[ $(slave Slave_SQL_Running) != Yes ]]; then
      if [[ $(slave Slave_IO_Running) == No ]]; then
        refuse 12 "replication was stopped here, and what was received and not applied would be dropped by starting it" \
          "if that is all that is left: mariadb -e 'START SLAVE'; then this command again"
      fi
      sql <<<'START SLAVE SQL_THREAD'
    fi
    sql <<<'STOP SLAVE IO_THREAD' 2>/dev/null || :
    received=$(slave Gtid_IO_Pos)
    if [[ -n $received && $(sql <<<"SELECT MASTER_GTID_WAIT('$received', 600)") != 0 ]]; then
      refuse 12 "what was received ($received) is not applied after 600 s: $(slave Last_SQL_Error)" "ha-disaster $NAME promote again, once that is put right"
    fi
    # Before it is written to: a restart must find the same.
    printf '# This second site was promoted.\n[mariadbd]\nread_only = OFF\n' >"$ROOT/etc/mysql/mariadb.conf.d/96-linode-ha-promoted.cnf"
    sync "$ROOT/etc/mysql/mariadb.conf.d/96-linode-ha-promoted.cnf"
    sql <<<'STOP ALL SLAVES; RESET SLAVE ALL; SET GLOBAL read_only = OFF'
  fi
  date -u +%FT%TZ >"$STATE/promoted"
  systemctl disable --quiet "linode-ha-disaster-files@$NAME.timer" "linode-ha-disaster-$NAME.socket" || :
  systemctl stop "linode-ha-disaster-$NAME.socket" || :
  read -ra units <<<"$START"
  for unit in ${units[@]+"${units[@]}"}; do systemctl start "$unit"; done
  printf '%s is the site now: database at %s, files of %s\n' "$(uname -n)" "${received:-nothing}" \
    "$(date -u -d "@$(cat "$STATE/files" 2>/dev/null || printf 0)" +%FT%TZ)"
  printf 'next: let the names lead here\n'
}

case $verb:$# in
  status:0 | follow:0 | files:0 | tunnel:0) "$verb" ;;
  promote:*) promote "$@" ;;
  *) usage ;;
esac
