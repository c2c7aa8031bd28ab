#!/usr/bin/env bash
# One certificate that both nodes have, renewed by either: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/peer.sh
. "$LHA_STEP_DIR/lib/peer.sh"
: "${NAME:?}"

readonly COMMAND=/usr/local/sbin/ha-certificate STORE=/var/lib/linode-ha/certificates/$NAME
readonly TIMER=linode-ha-certificate@$NAME.timer

role_apply() {
  ensure_packages
  install_files
  reload_units
  accept_peer
  if [[ -x $COMMAND ]]; then bring; fi
  enable_unit "$TIMER"
  start_unit "$TIMER"
  result certificate "$STORE/live/fullchain.pem"
  result key "$STORE/live/privkey.pem"
}

# bring: there is a certificate for the names that are wanted: the peer's if it has one, or a new one.
bring() {
  local before status=0
  if "$COMMAND" status "$NAME" >/dev/null 2>&1; then return 0; fi
  if ! applying; then
    changed "would get a certificate"
    return 0
  fi
  before=$(readlink "$STORE/live" 2>/dev/null || :)
  "$COMMAND" renew "$NAME" || status=$?
  if ((status != 0)); then
    die "$((status == 12 ? EXIT_TIMED_OUT : EXIT_REFUSED))" "there is no certificate $NAME yet" "read the words above, then run the step again"
  fi
  if [[ $(readlink "$STORE/live") != "$before" ]]; then changed "got certificate $NAME"; fi
}

role_remove() {
  remove_unit "$TIMER"
  remove_files
  systemctl daemon-reload
  forget_peer
  result kept "$STORE"
}

role_main "$@"
