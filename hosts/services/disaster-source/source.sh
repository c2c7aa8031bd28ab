#!/usr/bin/env bash
# Usage: disaster-source NAME     (sshd runs it for the second site; SSH_ORIGINAL_COMMAND says what for)
# ready: whether what this node has is there. dump: the database with the position to go on from. replicate: the database server itself, for as long as the
# connection lasts. rsync --server --sender …: the files, to read and nothing else.
set -euo pipefail
export LC_ALL=C

refuse() {
  printf '%s: %s\n' "$(uname -n)" "$1" >&2
  exit "${2:-10}"
}

if (($# != 1)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]]; then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
# shellcheck source=/dev/null
. "${DISASTER_ROOT-}/etc/linode-ha/disaster/$1/source"
: "${DATABASE?}" "${PORT:?}" "${FOLDER?}" "${MOUNTPOINT?}"

database_there() {
  [[ -n $DATABASE ]] && mariadb --protocol=socket -N -e 'SELECT 1' >/dev/null 2>&1
}

files_there() {
  [[ -n $FOLDER ]] && findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null && [[ -d $FOLDER ]]
}

case ${SSH_ORIGINAL_COMMAND-} in
  ready)
    [[ -z $DATABASE ]] || database_there || refuse "its database server does not answer"
    [[ -z $FOLDER ]] || files_there || refuse "$FOLDER is not there"
    ;;
  dump)
    database_there || refuse "no database is copied from here, or its server does not answer"
    # Nothing is locked but for its first moment.
    exec mariadb-dump --protocol=socket --single-transaction --quick --routines --events --triggers --hex-blob \
      --master-data=2 --gtid "$DATABASE"
    ;;
  replicate)
    database_there || refuse "no database is copied from here, or its server does not answer"
    exec socat -T 3600 STDIO "TCP4:127.0.0.1:$PORT"
    ;;
  "rsync --server --sender "*)
    files_there || refuse "no files are copied from here, or they are not there"
    exec /usr/bin/rrsync -ro "$FOLDER"
    ;;
  *) refuse "the second site may ask for ready, dump, replicate and files only" ;;
esac
