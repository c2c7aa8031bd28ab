#!/usr/bin/env bash
# Usage: ha-restore NAME list | ha-restore NAME SNAPSHOT [--database] [--files] --replace NODE
# Brings the site back to what it was at a snapshot: the database, the files, or (without either word) both. Replaces what is there now, so it
# asks for this node's own name. What it replaces is kept in /var/lib/linode-ha/backup and in <folder>/.before-<time>.
# With two databases that both write, the other one follows by replication; with a shared file system the other node sees it at once.
set -euo pipefail
export LC_ALL=C
umask 077
cd /

usage() {
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
}
refuse() {
  printf 'error: %s\n  where: restore of %s on %s\n  do: %s\n' "$1" "${NAME-}" "$(uname -n)" "$2" >&2
  exit "${3:-10}"
}

if (($# < 2)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]]; then usage; fi
if ((EUID != 0)); then refuse "only root may do this" "run it as root"; fi
NAME=$1
CONFIG=/etc/linode-ha/backup/$NAME
if [[ ! -r $CONFIG/source ]]; then refuse "no backup of that name knows this node" "ls /etc/linode-ha/backup" 2; fi
# shellcheck source=/dev/null
. "$CONFIG/source"
: "${DATABASE?}" "${FOLDER?}" "${MOUNTPOINT?}" "${TARGET_NAME:?}" "${TARGET_ADDRESS:?}"

remote() {
  ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$CONFIG/target.known" \
    -o IdentitiesOnly=yes -i "$CONFIG/target.key" "root@$TARGET_ADDRESS" "$@"
}

# drops: what is there now goes, also what the snapshot does not know.
drops() {
  printf 'SET FOREIGN_KEY_CHECKS = 0;\n'
  mariadb --protocol=socket -N -e "SELECT CONCAT('DROP ', IF(table_type = 'VIEW', 'VIEW', 'TABLE'), ' IF EXISTS \`', table_name, '\`;')
FROM information_schema.tables WHERE table_schema = '$DATABASE'"
}

if [[ $2 == list ]]; then
  if (($# != 2)); then usage; fi
  remote list || refuse "$TARGET_NAME does not tell its snapshots" "read its words above; ssh $TARGET_ADDRESS"
  exit 0
fi
SNAPSHOT=$2 database=no files=no replace=""
shift 2
while (($# > 0)); do
  case $1 in
    --database) database=yes ;;
    --files) files=yes ;;
    --replace)
      replace=${2-}
      shift
      ;;
    *) usage ;;
  esac
  shift || usage
done
if [[ $database == no && $files == no ]]; then database=yes files=yes; fi
if [[ -z $DATABASE ]]; then database=no; fi
if [[ -z $FOLDER ]]; then files=no; fi
if [[ ! $SNAPSHOT =~ ^[0-9]{8}T[0-9]{6}Z$ ]]; then refuse "$SNAPSHOT is not a snapshot" "ha-restore $NAME list" 2; fi
if [[ $replace != "$(uname -n)" ]]; then
  refuse "this replaces what is on this node now, and was not confirmed" "ha-restore $NAME $SNAPSHOT --replace $(uname -n)" 11
fi
if [[ $files == yes && -n $MOUNTPOINT ]] && ! findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null; then
  refuse "$MOUNTPOINT is not mounted" "see why: systemctl list-units --failed '*.mount'"
fi

work=/var/lib/linode-ha/backup now=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || refuse "another restore is at work" "wait for its end"

if [[ $database == yes ]]; then
  dump=$work/$NAME-$SNAPSHOT.sql.gz
  remote "dump $SNAPSHOT" >"$dump.new" || refuse "$TARGET_NAME did not give the database of $SNAPSHOT" "ha-restore $NAME list"
  zcat "$dump.new" | tail -n 1 | grep -q '^-- Dump completed' || refuse "the database of $SNAPSHOT did not come whole; nothing was changed" "run it again"
  mv "$dump.new" "$dump"
fi
if [[ $files == yes ]]; then
  printf 'files of %s\n' "$SNAPSHOT" >&2
  rsync -aHAX --numeric-ids --delete --backup --backup-dir="$FOLDER/.before-$now" --exclude='/.before-*' \
    -e "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$CONFIG/target.known -o IdentitiesOnly=yes -i $CONFIG/target.key" \
    "root@$TARGET_ADDRESS:$SNAPSHOT/files/" "$FOLDER/" || refuse "the files did not all come; what came stays" "read the words above, run it again"
fi
if [[ $database == yes ]]; then
  printf 'database of %s\n' "$SNAPSHOT" >&2
  mariadb-dump --protocol=socket --single-transaction --quick --routines --events --triggers --hex-blob "$DATABASE" |
    gzip >"$work/$NAME-before-$now.sql.gz" || refuse "the database as it is now could not be kept; it was not touched" "read the words above"
  { drops && zcat "$dump"; } | mariadb --protocol=socket "$DATABASE" ||
    refuse "the database was not loaded whole" "as it was before: zcat $work/$NAME-before-$now.sql.gz | mariadb $DATABASE" 1
  rm -f "$dump"
fi
printf 'restored %s; kept: %s\n' "$SNAPSHOT" "$work/$NAME-before-$now.sql.gz $FOLDER/.before-$now"
