#!/usr/bin/env bash
# What a second site may have of this node: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/peer.sh
. "$LHA_STEP_DIR/lib/peer.sh"
: "${DATABASE?}" "${ACCOUNT:?}"

role_apply() {
  ensure_packages
  install_files
  accept_peer
  if [[ -z $DATABASE ]] || ! applying; then return 0; fi
  if [[ $(mariadb --protocol=socket -N -e 'SELECT @@log_bin') != 1 ]]; then
    die "$EXIT_REFUSED" "the database server here keeps no log to follow" "use a database of the design replica or multi-master"
  fi
  # On a follower it arrives from the one that writes.
  if [[ $(mariadb --protocol=socket -N -e 'SELECT @@GLOBAL.read_only') != 0 ]]; then return 0; fi
  statements | mariadb --protocol=socket
}

# The password is in nobody's arguments. The server sees the second site come from the host itself.
statements() {
  local password
  password=$(<"$LHA_BASE/secrets/$STEP/disaster-replication")
  printf "CREATE USER IF NOT EXISTS '%s'@'127.0.0.1';\n" "$ACCOUNT"
  printf "ALTER USER '%s'@'127.0.0.1' IDENTIFIED BY '%s';\n" "$ACCOUNT" "$password"
  printf "GRANT REPLICATION SLAVE ON *.* TO '%s'@'127.0.0.1';\n" "$ACCOUNT"
}

role_remove() {
  if [[ -n $DATABASE && $(mariadb --protocol=socket -N -e 'SELECT @@GLOBAL.read_only' 2>/dev/null || :) == 0 ]]; then
    mariadb --protocol=socket <<<"DROP USER IF EXISTS '$ACCOUNT'@'127.0.0.1';"
  fi
  remove_files
  forget_peer
}

role_main "$@"
