#!/usr/bin/env bash
# Usage: postgresql check | init
# check: whether the server is there and its settings are. init: makes the data on the mounted volume, with the account of the stack's site.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/linode-ha/services/postgresql
: "${DATADIR:?}" "${DATABASE:?}" "${DB_USER:?}"

# The distribution installs one version; its programs are in a folder of that name.
programs() {
  local folder found=""
  for folder in /usr/lib/postgresql/*/bin; do
    if [[ -x $folder/initdb ]]; then found=$folder; fi
  done
  if [[ -z $found ]]; then
    printf 'no PostgreSQL server is installed\n' >&2
    return 1
  fi
  printf '%s' "$found"
}

as_postgres() {
  (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "$@")
}

check() {
  local version
  version=$(as_postgres "$(programs)/postgres" --version) && [[ -n $version ]] && [[ -r /etc/linode-ha/postgresql/postgresql.conf ]]
}

# For standard input only: the password is in nobody's arguments.
statements() {
  local password
  password=$(<"${LHA_SECRETS:?}/postgresql-password")
  printf "CREATE ROLE \"%s\" LOGIN PASSWORD '%s';\n" "$DB_USER" "$password"
  printf 'CREATE DATABASE "%s" OWNER "%s";\n' "$DATABASE" "$DB_USER"
}

init() {
  local bin
  bin=$(programs)
  # Only what an unfinished run of this very step left can be here: the step looked before.
  rm -rf "$DATADIR"
  install -d -m 0700 -o postgres -g postgres "$DATADIR"
  as_postgres "$bin/initdb" --pgdata="$DATADIR" --encoding=UTF8 --locale=C.UTF-8 --auth-local=peer --auth-host=scram-sha-256 >/dev/null
  # A server for one session, without a socket: one statement a line, which an error must not repeat in a log.
  statements | as_postgres "$bin/postgres" --single -c exit_on_error=on -c log_min_error_statement=panic -D "$DATADIR" postgres >/dev/null
}

case ${1-} in
  check) check ;;
  init) init ;;
  start) exec "$(programs)/postgres" -D "$DATADIR" -c config_file=/etc/linode-ha/postgresql/postgresql.conf ;;
  *)
    printf 'usage: postgresql check | init | start\n' >&2
    exit 2
    ;;
esac
