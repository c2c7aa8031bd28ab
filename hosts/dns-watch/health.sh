#!/usr/bin/env bash
# How the watch over the zone's records is: what it last noted, unless that is old.
set -euo pipefail
readonly STATE=/run/linode-ha-dns-watch/state OLD_SECONDS=120

if [[ ! -r $STATE ]] || (($(date +%s) - $(stat -c %Y "$STATE") > OLD_SECONDS)); then
  printf 'nobody watches over the records: systemctl status linode-ha-dns-watch\n'
  exit 1
fi
words=$(<"$STATE")
printf '%s\n' "${words#*: }"
[[ $words == ok:* ]]
