#!/usr/bin/env bash
# nginx before web servers, the same on both nodes: role.sh apply | check | remove.
# Never started at boot nor here: where the group runs, its manager starts it. Where it runs, a changed configuration reaches it without a
# request that is lost.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

readonly UNIT=nginx.service

role_apply() {
  local words link=/etc/nginx/sites-enabled/default
  ensure_packages
  install_files
  if [[ $(readlink "$link") == /etc/nginx/sites-available/default ]]; then
    if applying; then rm "$link"; fi
    LHA_CHANGED_FILES+=("$link")
    changed "took the distribution's own site away"
  fi
  disable_unit "$UNIT"
  if ! applying || ! command -v nginx >/dev/null; then return 0; fi
  words=$(nginx -t 2>&1) || die "$EXIT_REFUSED" "nginx does not accept its configuration; what runs was not touched: $words" \
    "correct the value in the stack's configuration, run the step again"
  if systemctl is-active --quiet "$UNIT" && ((${#LHA_CHANGED_FILES[@]} > 0)); then
    systemctl reload "$UNIT" || die "$EXIT_REFUSED" "$UNIT did not take its new configuration" "systemctl status $UNIT"
    changed "reloaded $UNIT"
  fi
}

# What runs goes on with what it has read until its manager stops it.
role_remove() {
  remove_files
  result kept "the package"
}

role_main "$@"
