#!/usr/bin/env bash
# Usage: wordpress NAME folders | install | cron | health
# folders: the site's own files on the shared file system. install: the tables and the first account, on the first node only; the others wait
# for them. cron: what WordPress has to do by itself, on one node at a time. health: whether a page with all that is below it can be served.
set -euo pipefail
export LC_ALL=C

if (($# != 2)) || [[ ! $1 =~ ^[a-z][a-z0-9-]*$ ]] || [[ ! $2 =~ ^(folders|install|cron|health)$ ]]; then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
NAME=$1
# shellcheck source=/dev/null
. "/etc/linode-ha/wordpress/$NAME/settings"
: "${HOST:?}" "${MOUNTPOINT:?}" "${FOLDER:?}" "${FIRST:?}" "${TRANSIENTS:?}"
readonly LIB=/usr/local/lib/linode-ha/wordpress-lib SHARED=/usr/share/wordpress/wp-content
readonly TABLES_SECONDS=120
# On another node's turn this one waits so long before it takes its place.
readonly STEP_IN_SECONDS=180 LEAST_SECONDS=45

refuse() {
  printf 'error: %s\n  do: %s\n' "$1" "$2" >&2
  exit "${3:-10}"
}

mounted() {
  findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null || refuse "$MOUNTPOINT is not mounted" "see why: systemctl status '*.mount'"
}

php() {
  runuser -u www-data -- env -i PATH=/usr/bin:/bin HTTP_HOST="$HOST" SERVER_NAME="$HOST" REQUEST_METHOD=GET REQUEST_URI=/ \
    SERVER_PROTOCOL=HTTP/1.1 WORDPRESS_CONFIG="$NAME" php "$@"
}

folders() {
  local part each
  mounted
  for part in "" /wp-content /wp-content/uploads /wp-content/plugins /wp-content/themes /wp-content/languages /wp-content/upgrade; do
    if [[ ! -d $FOLDER$part ]]; then install -d -m 0755 -o www-data -g www-data "$FOLDER$part"; fi
  done
  # What comes with packages is the same file on each node, and updated with them.
  for part in plugins themes; do
    for each in "$SHARED/$part"/*/; do
      each=${each%/}
      if [[ -d $each && ! -e $FOLDER/wp-content/$part/${each##*/} ]]; then
        ln -sfn "$each" "$FOLDER/wp-content/$part/${each##*/}"
      fi
    done
  done
  if [[ $TRANSIENTS == local ]]; then
    if ! cmp -s "$LIB/object-cache.php" "$FOLDER/wp-content/object-cache.php"; then
      install -m 0644 "$LIB/object-cache.php" "$FOLDER/wp-content/.object-cache.new"
      mv "$FOLDER/wp-content/.object-cache.new" "$FOLDER/wp-content/object-cache.php"
    fi
  else
    rm -f "$FOLDER/wp-content/object-cache.php"
  fi
  printf 'shared\n' >"$FOLDER/.linode-ha-site"
}

installed() {
  php "$LIB/install.php" ask >/dev/null
}

install_site() {
  local begun=$SECONDS
  mounted
  if installed; then
    printf 'kept\n'
    return 0
  fi
  if [[ $FIRST == yes ]]; then
    php "$LIB/install.php" install </dev/stdin >&2 || refuse "WordPress could not be installed" "read its words above"
    printf 'created\n'
    return 0
  fi
  until installed; do
    if ((SECONDS - begun >= TABLES_SECONDS)); then
      refuse "after $TABLES_SECONDS s the site's tables are still not in this node's database" "see whether it replicates: ha-health" 12
    fi
    sleep 1
  done
  printf 'kept\n'
}

cron() {
  local age
  # The node without the file system has nothing to do; its nginx is stopped as well.
  findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null || exit 0
  exec 9>"$FOLDER/.linode-ha-cron.lock"
  flock -n 9 || exit 0
  age=$(($(date +%s) - $(stat -c %Y "$FOLDER/.linode-ha-cron" 2>/dev/null || echo 0)))
  if ((age >= 0 && age < LEAST_SECONDS)); then exit 0; fi
  if [[ $FIRST != yes ]] && ((age >= 0 && age < STEP_IN_SECONDS)); then exit 0; fi
  # Stamped before: a job that never ends must not hide that this node has its turn.
  uname -n >"$FOLDER/.linode-ha-cron"
  php /usr/share/wordpress/wp-cron.php
}

health() {
  local code
  code=$(curl --silent --noproxy '*' --max-time 8 --output /dev/null --write-out '%{http_code}' http://127.0.0.1/ha-health) || :
  printf 'the site %s answers %s\n' "$HOST" "${code:-nothing}"
  [[ $code == 200 ]]
}

case $2 in
  folders) folders ;;
  install) install_site ;;
  cron) cron ;;
  health) health ;;
esac
