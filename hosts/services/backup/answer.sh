#!/usr/bin/env bash
# Usage: backup-answer NAME   (sshd runs it for a node that restores; SSH_ORIGINAL_COMMAND says what for)
# list: the snapshots. dump SNAPSHOT: its database. rsync --server --sender …: its files, to read and nothing else.
set -euo pipefail
export LC_ALL=C

if (($# != 1)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]]; then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
NAME=$1
# shellcheck source=/dev/null
. "/etc/linode-ha/backup/$NAME/settings"
: "${BASE:?}"
asked=${SSH_ORIGINAL_COMMAND-}
if [[ $asked == list ]]; then
  exec /usr/local/sbin/ha-backup "$NAME" list
elif [[ $asked =~ ^dump\ ([0-9]{8}T[0-9]{6}Z)$ && -s $BASE/snapshots/${BASH_REMATCH[1]}/manifest ]]; then
  exec cat "$BASE/snapshots/${BASH_REMATCH[1]}/database.sql.gz"
elif [[ $asked == "rsync --server --sender "* ]]; then
  exec /usr/bin/rrsync -ro "$BASE/snapshots"
fi
printf '%s: a node may ask for list, for the dump of a snapshot, and for files only\n' "$(uname -n)" >&2
exit 10
