#!/usr/bin/env bash
# Usage: bench/untilSsh.sh SSH_CONFIG NODE
# Tries to log in until that succeeds, at most 180 s, and prints when it did, in seconds since 1970.
set -euo pipefail
until ssh -F "$1" "$2" true 2>/dev/null; do
  if ((SECONDS > 180)); then
    printf '%s does not answer after 180 s:\n' "$2" >&2
    ssh -F "$1" "$2" true
  fi
  sleep 0.1
done
printf '%s\n' "$EPOCHREALTIME"
