#!/usr/bin/env bash
# What is installed on this node, so that two nodes can be compared: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

role_apply() {
  local name version text=""
  install_files
  while read -r name version; do
    text+="${text:+,}$(json_string "$name"):$(json_string "$version")"
  done < <(installed)
  if applying; then installed | write_durably "$(state_file packages.compared)"; fi
  result_raw packages "{$text}"
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
