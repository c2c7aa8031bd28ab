#!/usr/bin/env bash
# Usage: nfs check | init | start | stop
# check: whether the server accepts its settings. init: makes the folders on the mounted volume. start, stop: of linode-ha-nfs.service: the package's
# units in their order, and not before they are really there or gone.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/linode-ha/services/nfs
: "${EXPORT:?}" "${STATE:?}"
readonly ALLOWED=/run/linode-ha/nfs

check() {
  if ! modprobe -n -q nfsd && [[ ! -d /proc/fs/nfsd ]]; then
    printf 'the running kernel has no NFS server (module nfsd)\n' >&2
    return 1
  fi
  if [[ $(nfsconf --get nfsdcld storagedir) != "$STATE" ]]; then
    printf '/etc/nfs.conf or a file in /etc/nfs.conf.d says another storagedir than /etc/nfs.conf.d/linode-ha.conf\n' >&2
    return 1
  fi
}

init() {
  # Only what an unfinished run of this very step left can be here: the step looked before.
  rm -rf "$EXPORT" "$STATE"
  install -d -m 0755 "$EXPORT"
  install -d -m 0700 "$STATE"
}

start() {
  mkdir -p "${ALLOWED%/*}"
  : >"$ALLOWED"
  # Before the server: without it the kernel forgets who may have locks back.
  systemctl start nfsdcld.service
  systemctl start nfs-server.service
  if [[ $(</proc/fs/nfsd/threads) == 0 ]] || ! systemctl is-active --quiet nfsdcld.service nfs-server.service; then
    printf 'error: the NFS server does not run\n  do: journalctl -u nfs-server -u nfsdcld -u nfs-mountd\n' >&2
    return 1
  fi
}

# Nothing of it may hold the volume afterwards. The server's sockets go first: a client then waits, and is never told that its files are gone.
stop() {
  systemctl stop nfs-server.service
  systemctl stop nfs-mountd.service nfs-idmapd.service nfsdcld.service
  rm -f "$ALLOWED"
}

case ${1-} in
  check) check ;;
  init) init ;;
  start) start ;;
  stop) stop ;;
  *)
    printf 'usage: nfs check | init | start | stop\n' >&2
    exit 2
    ;;
esac
