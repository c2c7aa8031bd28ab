#!/usr/bin/env bash
# Usage: bench/byHand/run.sh FOLDER NODE...
# Runs FOLDER/NODE.sh on each node at once, each over one SSH connection (FOLDER/ssh_config), from the moment on that it answers.
set -euo pipefail
folder=$1
shift

run_on() {
  local node=$1 code
  while :; do
    code=0
    ssh -F "$folder/ssh_config" "$node" bash -s <"$folder/$node.sh" >"$folder/$node.out" 2>"$folder/$node.err" || code=$?
    # 255 before the script's first word: the node does not answer yet.
    if [[ $code != 255 || -s $folder/$node.out ]] || ((SECONDS > 180)); then break; fi
    sleep 0.2
  done
  if ((code != 0)); then
    printf '%s ended with %s\n' "$node" "$code" >&2
    cat "$folder/$node.out" "$folder/$node.err" >&2
  fi
  return "$code"
}

jobs=()
for node in "$@"; do
  run_on "$node" &
  jobs+=("$!")
done
failed=0
for job in "${jobs[@]}"; do
  wait "$job" || failed=1
done
exit "$failed"
