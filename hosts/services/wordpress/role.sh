#!/usr/bin/env bash
# WordPress on one of several web servers with one set of files: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${NAME:?}" "${HOST:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}"

readonly TOOL=/usr/local/lib/linode-ha/wordpress FOLDER=/etc/linode-ha/wordpress/$NAME
readonly TIMER=linode-ha-wordpress-cron@$NAME.timer

role_apply() {
  ensure_packages
  if applying && ! findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null; then
    die "$EXIT_REFUSED" "$MOUNTPOINT, where the site's files are to be, is not mounted" "see why: systemctl status $MOUNT_UNIT"
  fi
  install_files
  reload_units
  pool
  no_default_site
  if applying; then site; fi
  servers
  if applying; then ready; fi
}

fpm_unit() {
  basename "$(compgen -G '/usr/lib/systemd/system/php*-fpm.service' | sort -V | tail -n 1)"
}

# pool: PHP's folders have its version in their names, which the release decides.
pool() {
  local folder
  for folder in /etc/php/*/fpm/pool.d; do
    if [[ ! -d $folder ]]; then continue; fi
    if [[ $(readlink "$folder/linode-ha-$NAME.conf") != "$FOLDER/pool.conf" ]]; then
      if applying; then ln -sfn "$FOLDER/pool.conf" "$folder/linode-ha-$NAME.conf"; fi
      LHA_CHANGED_FILES+=("$folder/linode-ha-$NAME.conf")
      changed "linked $folder/linode-ha-$NAME.conf"
    fi
  done
}

# The distribution's own page would answer in the site's place.
no_default_site() {
  local link=/etc/nginx/sites-enabled/default
  if [[ $(readlink "$link") == /etc/nginx/sites-available/default ]]; then
    if applying; then rm "$link"; fi
    LHA_CHANGED_FILES+=("$link")
    changed "took the distribution's own site away"
  fi
}

site() {
  local made
  "$TOOL" "$NAME" folders || die "$EXIT_REFUSED" "the site's folders could not be made" "read the words above"
  made=$("$TOOL" "$NAME" install <"$LHA_BASE/secrets/$STEP/wordpress-admin") || {
    die "$EXIT_REFUSED" "the site is not in the database" "read the words above, mend it, then run the step again"
  }
  if [[ $made == created ]]; then changed "installed WordPress for $HOST"; fi
  result site "$made"
}

# servers: a changed file reaches them without a request that is lost.
servers() {
  local unit words
  for unit in "$(fpm_unit)" nginx.service; do
    if [[ -z $unit || $unit == . ]]; then continue; fi
    enable_unit "$unit"
    if ! applying; then continue; fi
    if [[ $unit == nginx.service ]]; then
      words=$(nginx -t 2>&1) || die "$EXIT_REFUSED" "nginx does not accept its configuration; what runs was not touched: $words" \
        "correct the value in the stack's configuration, run the step again"
    fi
    if systemctl is-active --quiet "$unit"; then
      if ((${#LHA_CHANGED_FILES[@]} > 0)); then
        systemctl reload "$unit" || die "$EXIT_REFUSED" "$unit did not take its new configuration" "systemctl status $unit"
        changed "reloaded $unit"
      fi
    else
      start_unit "$unit"
    fi
  done
  enable_unit "$TIMER"
  start_unit "$TIMER"
}

ready() {
  if wait_for 60 "the site to answer here" "$TOOL" "$NAME" health >/dev/null; then return 0; fi
  die "$EXIT_TIMED_OUT" "the site does not answer on this node within 60 s" "ask for it here: curl -i http://127.0.0.1/ha-health" \
    "journalctl -u nginx -u $(fpm_unit); /var/log/nginx/error.log"
}

role_remove() {
  local folder
  remove_unit "$TIMER"
  for folder in /etc/php/*/fpm/pool.d; do rm -f "$folder/linode-ha-$NAME.conf"; done
  remove_files
  systemctl daemon-reload
  if systemctl is-active --quiet nginx.service && nginx -t 2>/dev/null; then systemctl reload nginx.service; fi
  if systemctl is-active --quiet "$(fpm_unit)"; then systemctl reload "$(fpm_unit)"; fi
  result kept "the packages, the site's files on $MOUNTPOINT, and its tables"
}

role_main "$@"
