#!/usr/bin/env bash
# A host that backs nodes up: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/peer.sh
. "$LHA_STEP_DIR/lib/peer.sh"
: "${NAME:?}" "${BASE:?}"

role_apply() {
  local unit fresh=no
  if ! command -v mariadbd >/dev/null; then fresh=yes; fi
  ensure_packages
  # Only its programs are wanted, for rehearsals. A server that was here before is somebody's.
  if [[ $fresh == yes ]]; then disable_unit mariadb.service; fi
  install_files
  reload_units
  accept_peer
  if applying; then
    mkdir -p "$BASE"
    if [[ $(stat -f -c %T "$BASE") != btrfs ]]; then
      die "$EXIT_REFUSED" "$BASE is not on btrfs, so that it has no snapshots" "mount a btrfs there, or give this host a device for it"
    fi
  fi
  for unit in "linode-ha-backup@$NAME.timer" "linode-ha-backup-rehearsal@$NAME.timer"; do
    enable_unit "$unit"
    start_unit "$unit"
  done
}

role_remove() {
  local unit
  for unit in "linode-ha-backup@$NAME.timer" "linode-ha-backup-rehearsal@$NAME.timer"; do remove_unit "$unit"; done
  remove_files
  systemctl daemon-reload
  forget_peer
  result kept "$BASE with all snapshots"
}

role_main "$@"
