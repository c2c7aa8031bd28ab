#!/usr/bin/env bash
# Usage: apache check | init
# check: whether the server accepts its settings. init: makes the folders of the sites on the mounted volume, and where its configuration
# lives there too, a copy of this node's.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/linode-ha/services/apache
: "${ROOTS:?}" "${LOGS:?}" "${CONFIGURATION?}"

check() {
  local words
  if ! words=$(apache2ctl -t 2>&1); then
    printf '%s\n' "$words" >&2
    return 1
  fi
}

init() {
  local root
  install -d -m 0750 -o root -g adm "$LOGS"
  for root in $ROOTS; do
    install -d -m 0755 -o www-data -g www-data "$root"
    if [[ ! -e $root/index.php ]]; then
      # shellcheck disable=SC2016 # PHP, not shell
      printf '%s\n' '<?php header("Content-Type: text/plain"); echo "served by ", php_uname("n"), "\n";' >"$root/index.php"
      chown www-data:www-data "$root/index.php"
    fi
  done
  if [[ -n $CONFIGURATION ]]; then
    # Only what an unfinished run of this very step left can be there: the step looked before.
    rm -rf "$CONFIGURATION"
    cp -a "$(readlink -f /etc/apache2)" "$CONFIGURATION"
    install -m 0644 /etc/linode-ha/apache/include.conf "$CONFIGURATION/conf-enabled/linode-ha.conf"
  fi
}

case ${1-} in
  check) check ;;
  init) init ;;
  *)
    printf 'usage: apache check | init\n' >&2
    exit 2
    ;;
esac
