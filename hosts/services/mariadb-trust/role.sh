#!/usr/bin/env bash
# What one MariaDB server of a pair needs to know of the other: role.sh apply | check | remove.
# The peer's certificate, its SSH key (for a copy of the data and nothing else), and the passwords with which they meet.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/mariadb.sh
. "$LHA_STEP_DIR/lib/mariadb.sh"

role_apply() {
  local words
  install_files
  if file_changed '/etc/ssh/*' && applying; then
    if ! words=$(sshd -t 2>&1); then
      rm -f /etc/ssh/sshd_config.d/60-linode-ha-mariadb.conf
      die "$EXIT_REFUSED" "sshd does not accept the rule for the peer's key, which was taken away again: $words" \
        "see the host's own configuration: sshd -T"
    fi
    systemctl try-reload-or-restart ssh.service
  fi
  mariadb_settings
  if file_changed "$MARIADB_TLS/*" && applying && server_up; then sql <<<'FLUSH LOCAL SSL'; fi
}

role_remove() {
  remove_files
  if sshd -t 2>/dev/null; then systemctl try-reload-or-restart ssh.service; fi
}

role_main "$@"
