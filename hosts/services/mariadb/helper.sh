#!/usr/bin/env bash
# Usage: mariadb check | init
# check: whether the server accepts its settings. init: makes the data on the mounted volume, with the account of the stack's site.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/linode-ha/services/mariadb
: "${DATADIR:?}" "${DATABASE?}" "${DB_USER?}" "${CLIENTS?}"

check() {
  local words
  if ! words=$(mariadbd --verbose --help 2>&1 >/dev/null); then
    printf '%s\n' "$words" >&2
    return 1
  fi
}

# The account's statements, for the server's standard input only: the password is in nobody's arguments.
statements() {
  local password client
  password=$(<"${LHA_SECRETS:?}/mariadb-password")
  printf 'FLUSH PRIVILEGES;\n'
  # shellcheck disable=SC2016 # the backquotes are SQL's
  printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$DATABASE"
  for client in $CLIENTS; do
    printf "CREATE USER IF NOT EXISTS '%s'@'%s' IDENTIFIED BY '%s';\n" "$DB_USER" "$client" "$password"
    # shellcheck disable=SC2016
    printf 'GRANT ALL PRIVILEGES ON `%s`.* TO '"'%s'@'%s';\n" "$DATABASE" "$DB_USER" "$client"
  done
}

init() {
  # Only what an unfinished run of this very step left can be here: the step looked before.
  rm -rf "$DATADIR"
  install -d -m 0700 -o mysql -g mysql "$DATADIR"
  mariadb-install-db --user=mysql --datadir="$DATADIR" --auth-root-authentication-method=socket --skip-test-db >/dev/null
  if [[ -n $DATABASE ]]; then
    statements | mariadbd --user=mysql --datadir="$DATADIR" --bootstrap --skip-networking >/dev/null
  fi
}

case ${1-} in
  check) check ;;
  init) init ;;
  *)
    printf 'usage: mariadb check | init\n' >&2
    exit 2
    ;;
esac
