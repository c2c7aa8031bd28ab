#!/usr/bin/env bash
# IPVS and IPv4 forwarding on a node that balances load at layer 4: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${MODULES:?}"

readonly FORWARD=/proc/sys/net/ipv4/ip_forward

role_apply() {
  local name names
  read -ra names <<<"$MODULES"
  ensure_packages
  require_modules "${names[@]}"
  install_files
  for name in "${names[@]}"; do
    if [[ -d /sys/module/$name ]]; then continue; fi
    if applying; then modprobe "$name"; fi
    changed "loaded $name"
  done
  if [[ $(<"$FORWARD") != 1 ]]; then
    if applying; then printf '1\n' >"$FORWARD"; fi
    changed "switched IPv4 forwarding on"
  fi
}

# Forwarding stays on until the next boot: something else may rely on it by now.
role_remove() {
  remove_files
}

role_main "$@"
