#!/usr/bin/env bash
# Usage: service-guard SERVICE MOUNTPOINT MINOR
# Runs before a service starts: it must find its replicated volume mounted, with the data that was made for it. A service that
# started on the empty folder below the mount point would take writes that nobody ever sees again.
set -euo pipefail
if (($# != 3)); then
  printf 'usage: service-guard SERVICE MOUNTPOINT MINOR\n' >&2
  exit 2
fi
if [[ $(findmnt -rno SOURCE -M "$2" 2>/dev/null || :) != "/dev/drbd$3" ]]; then
  printf 'error: %s is not started: %s is not mounted from /dev/drbd%s\n  do: start it through its manager, which mounts first\n' \
    "$1" "$2" "$3" >&2
  exit 1
fi
if [[ $(cat "$2/.linode-ha/$1" 2>/dev/null || :) != "done" ]]; then
  printf 'error: %s is not started: no data was made for it on %s\n  do: deploy the stack, or linode-ha-step list and apply its step here\n' \
    "$1" "$2" >&2
  exit 1
fi
