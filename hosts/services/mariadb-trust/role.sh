#!/usr/bin/env bash
# What one MariaDB server of a pair needs to know of the other: role.sh apply | check | remove.
# The peer's certificate, its SSH key (for a copy of the data and nothing else), and the passwords with which they meet.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/mariadb.sh
. "$LHA_STEP_DIR/lib/mariadb.sh"
# shellcheck source=../../lib/peer.sh
. "$LHA_STEP_DIR/lib/peer.sh"

role_apply() {
  install_files
  accept_peer
  mariadb_settings
  if file_changed "$MARIADB_TLS/*" && applying && server_up; then sql <<<'FLUSH LOCAL SSL'; fi
}

role_remove() {
  remove_files
  forget_peer
}

role_main "$@"
