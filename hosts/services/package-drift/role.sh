#!/usr/bin/env bash
# What is installed on this node, so that two nodes can be compared: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

role_apply() {
  local list
  install_files
  list=$(installed)
  if applying; then write_durably "$(state_file packages.compared)" <<<"$list"; fi
  # In one go: a process for each of hundreds takes a minute on a small host. Neither names nor versions can hold what JSON escapes.
  result_raw packages "{$(sed -E 's/^([^ ]+) (.*)$/"\1":"\2"/' <<<"$list" | paste -sd,)}"
}

installed() {
  # shellcheck disable=SC2016 # dpkg's own fields
  dpkg-query -W -f '${db:Status-Status} ${binary:Package} ${Version}\n' | sed -n 's/^installed //p' | sort
}

role_remove() {
  remove_files
  rm -f "$(state_file packages.compared)"
}

role_main "$@"
