#!/usr/bin/env bash
# Usage: lighttpd check | init
# check: whether the server accepts its settings. init: makes the folders of the sites on the mounted volume, each with a first page.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/linode-ha/services/lighttpd
: "${ROOTS:?}" "${LOGS:?}"

check() {
  local words
  if ! words=$(lighttpd -t -f /etc/linode-ha/lighttpd.conf 2>&1); then
    printf '%s\n' "$words" >&2
    return 1
  fi
}

init() {
  local root
  install -d -m 0750 -o www-data -g www-data "$LOGS"
  for root in $ROOTS; do
    install -d -m 0755 -o www-data -g www-data "$root"
    if [[ ! -e $root/index.php ]]; then
      # shellcheck disable=SC2016 # PHP, not shell
      printf '%s\n' '<?php header("Content-Type: text/plain"); echo "served by ", php_uname("n"), "\n";' >"$root/index.php"
      chown www-data:www-data "$root/index.php"
    fi
  done
}

case ${1-} in
  check) check ;;
  init) init ;;
  *)
    printf 'usage: lighttpd check | init\n' >&2
    exit 2
    ;;
esac
