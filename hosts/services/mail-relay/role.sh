#!/usr/bin/env bash
# A node's mail goes to a smarthost, and waits on the node while that is away: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

readonly UNIT=nullmailer.service

role_apply() {
  ensure_packages
  install_files
  enable_unit "$UNIT"
  if systemctl is-active --quiet "$UNIT" && ((${#LHA_CHANGED_FILES[@]} > 0)); then
    restart_unit "$UNIT" "its settings changed; what waits in its queue stays there"
  else
    start_unit "$UNIT"
  fi
}

role_remove() {
  remove_unit "$UNIT"
  remove_files
  result kept "the package, and mail that waits in /var/spool/nullmailer"
}

role_main "$@"
