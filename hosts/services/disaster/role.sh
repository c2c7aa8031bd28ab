#!/usr/bin/env bash
# A second site, which follows the first: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${NAME:?}" "${DATABASE?}" "${DB_USER?}"

role_apply() {
  ensure_packages
  install_files
  reload_units
  if [[ -n $DATABASE ]]; then server; fi
  enable_unit "linode-ha-disaster-$NAME.socket"
  start_unit "linode-ha-disaster-$NAME.socket"
  if applying; then
    # A promoted site follows nobody any more: that is no failure of this step.
    if [[ ! -e /var/lib/linode-ha/disaster/$NAME/promoted ]]; then
      ha-disaster "$NAME" follow || die "$EXIT_REFUSED" "the database does not follow the first site" "read the words above"
      ha-disaster "$NAME" files || die "$EXIT_REFUSED" "the files of the first site did not come" "read the words above"
    fi
  fi
  enable_unit "linode-ha-disaster-files@$NAME.timer"
  start_unit "linode-ha-disaster-files@$NAME.timer"
}

server() {
  enable_unit mariadb.service
  if file_changed '/etc/mysql/*' && systemctl is-active --quiet mariadb.service; then
    restart_unit mariadb.service "its settings changed; nobody is served from here"
  else
    start_unit mariadb.service
  fi
  if applying; then accounts | mariadb --protocol=socket; fi
}

# The site's own account: what is replicated is its database alone. The password is in nobody's arguments.
accounts() {
  local password
  password=$(<"$LHA_BASE/secrets/$STEP/disaster-site")
  printf "SET sql_log_bin = 0;\nCREATE USER IF NOT EXISTS '%s'@'localhost';\nALTER USER '%s'@'localhost' IDENTIFIED BY '%s';\n" "$DB_USER" "$DB_USER" "$password"
  # shellcheck disable=SC2016 # the backquotes are SQL's
  printf 'GRANT ALL PRIVILEGES ON `%s`.* TO '"'%s'@'localhost';\n" "$DATABASE" "$DB_USER"
}

role_remove() {
  remove_unit "linode-ha-disaster-files@$NAME.timer"
  remove_unit "linode-ha-disaster-$NAME.socket"
  remove_files
  systemctl daemon-reload
  result kept "the database and the files"
}

role_main "$@"
