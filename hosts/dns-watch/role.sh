#!/usr/bin/env bash
# The watch over the records of both nodes in a zone: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

readonly UNIT=linode-ha-dns-watch.service DNS=/usr/local/lib/linode-ha/linode-dns SETTINGS=/etc/linode-ha/dns-watch/dns

role_apply() {
  local words
  ensure_packages
  install_files
  reload_units
  # A token or a zone that will not do is found now, and not when it is needed.
  if applying && ! words=$("$DNS" "$SETTINGS" state); then
    die "$EXIT_REFUSED" "the records of the zone cannot be watched" "read the words above, mend it, then run the step again"
  fi
  result state "${words-}"
  enable_unit "$UNIT"
  if systemctl is-active --quiet "$UNIT" && ((${#LHA_CHANGED_FILES[@]} > 0)); then
    restart_unit "$UNIT" "its settings changed"
  else
    start_unit "$UNIT"
  fi
}

role_remove() {
  remove_unit "$UNIT"
  # Nobody would put back what this node took out.
  if [[ -x $DNS && -r $SETTINGS ]]; then "$DNS" "$SETTINGS" show-peer || say "the peer's records may still be taken out"; fi
  remove_files
  systemctl daemon-reload
}

role_main "$@"
