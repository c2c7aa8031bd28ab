#!/usr/bin/env bash
# Usage: nfs-mount-health MOUNTPOINT
# Whether the folder is mounted by NFS and its server answers within five seconds. What reads or writes there waits meanwhile, and loses nothing.
set -euo pipefail
if (($# != 1)); then
  printf 'usage: %s MOUNTPOINT\n' "${0##*/}" >&2
  exit 2
fi
# From the kernel's own list: asking the file system would wait for the server.
source=$(findmnt --kernel -rno SOURCE,FSTYPE -M "$1" 2>/dev/null || :)
if [[ $source != *" nfs4" ]]; then
  printf '%s is not mounted by NFS: systemctl status %s\n' "$1" "$(systemd-escape --path --suffix=mount "$1")"
  exit 1
fi
if ! timeout -k 1 5 stat --file-system --format=%T "$1/." >/dev/null 2>&1; then
  printf '%s: %s does not answer; what uses it waits\n' "$1" "${source% *}"
  exit 1
fi
printf '%s: %s answers\n' "$1" "${source% *}"
