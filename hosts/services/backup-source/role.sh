#!/usr/bin/env bash
# A node that is backed up to another host, and restored from there: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/peer.sh
. "$LHA_STEP_DIR/lib/peer.sh"

role_apply() {
  ensure_packages
  install_files
  accept_peer
}

role_remove() {
  remove_files
  forget_peer
  result kept "what restores replaced, in /var/lib/linode-ha/backup"
}

role_main "$@"
