#!/usr/bin/env bash
# Usage: backup-source NAME   (sshd runs it for the backup's host; SSH_ORIGINAL_COMMAND says what for)
# ready: whether this node has what is to be backed up. dump: the database, consistent, as SQL. rsync --server --sender …: the files, to read
# and nothing else.
set -euo pipefail
export LC_ALL=C

refuse() {
  printf '%s: %s\n' "$(uname -n)" "$1" >&2
  exit 10
}

if (($# != 1)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]]; then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
# shellcheck source=/dev/null
. "/etc/linode-ha/backup/$1/source"
: "${DATABASE?}" "${FOLDER?}" "${MOUNTPOINT?}"

database_there() {
  [[ -z $DATABASE ]] || mariadb --protocol=socket -N -e "SELECT 1 FROM information_schema.schemata WHERE schema_name = '$DATABASE'" 2>/dev/null | grep -q 1
}

files_there() {
  [[ -z $FOLDER ]] || { { [[ -z $MOUNTPOINT ]] || findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null; } && [[ -d $FOLDER ]]; }
}

case ${SSH_ORIGINAL_COMMAND-} in
  ready)
    database_there || refuse "its database $DATABASE does not answer"
    files_there || refuse "$FOLDER is not there"
    ;;
  dump)
    [[ -n $DATABASE ]] || refuse "no database is backed up from here"
    # Nothing is locked but for its first moment. Where there is a log, the dump tells its position in it.
    position=()
    if [[ $(mariadb --protocol=socket -N -e 'SELECT @@log_bin') == 1 ]]; then position=(--master-data=2 --gtid); fi
    exec mariadb-dump --protocol=socket --single-transaction --quick --routines --events --triggers --hex-blob \
      ${position[@]+"${position[@]}"} "$DATABASE"
    ;;
  "rsync --server --sender "*)
    [[ -n $FOLDER ]] || refuse "no files are backed up from here"
    files_there || refuse "$FOLDER is not there"
    exec /usr/bin/rrsync -ro "$FOLDER"
    ;;
  *) refuse "the backup's host may ask for ready, dump and files only" ;;
esac
