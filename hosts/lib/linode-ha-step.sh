#!/usr/bin/env bash
# Runs one step of this host by hand, with the values and secrets of its last deployment.
#   linode-ha-step STEP apply | check | remove
#   linode-ha-step list
# check says what differs and changes nothing (exit 3 if something does). The last line is the result as JSON.
set -euo pipefail

steps=/var/lib/linode-ha/steps
if (($# == 1)) && [[ $1 == list ]]; then
  for script in "$steps"/*/role.sh; do
    if [[ -e $script ]]; then basename "$(dirname "$script")"; fi
  done
  exit 0
fi
if (($# != 2)) || [[ ! $2 =~ ^(apply|check|remove)$ ]] || [[ ! $1 =~ ^[a-z0-9-]+$ ]]; then
  printf 'usage: linode-ha-step STEP apply | check | remove\n       linode-ha-step list\n' >&2
  exit 2
fi
if ((EUID != 0)); then
  printf 'error: run this as root\n' >&2
  exit 2
fi
if [[ ! -e $steps/$1/role.sh ]]; then
  printf 'error: no step "%s" on this host\n  do: linode-ha-step list\n' "$1" >&2
  exit 2
fi
exec 9>"/var/lib/linode-ha/locks/$1"
if ! flock -w 900 9; then
  printf 'error: another run of step %s did not end within 15 minutes\n  do: look at it with ps, then try again\n' "$1" >&2
  exit 12
fi
exec bash "$steps/$1/role.sh" "$2" </dev/null
