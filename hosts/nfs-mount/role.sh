#!/usr/bin/env bash
# A folder of an NFS server that moves: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${SERVER:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}" "${WAIT_SECONDS:?}"

role_apply() {
  ensure_packages
  require_modules nfsv4
  install_files
  reload_units
  if ! mounted && [[ -d $MOUNTPOINT && -n $(find "$MOUNTPOINT" -mindepth 1 -maxdepth 1 -print -quit) ]]; then
    die "$EXIT_UNSAFE" "$MOUNTPOINT holds something that the mount would hide; nothing was mounted" \
      "move it away: mv $MOUNTPOINT $MOUNTPOINT.before"
  fi
  if applying; then mkdir -p "$MOUNTPOINT"; fi
  enable_unit "$MOUNT_UNIT"
  if mounted; then
    if file_changed "/etc/systemd/system/$MOUNT_UNIT"; then
      say "$MOUNTPOINT stays mounted as it was until it is mounted anew, which interrupts what uses it: systemctl restart $MOUNT_UNIT"
    fi
    return 0
  fi
  if applying; then
    # Not waited for by systemctl: the unit tries as long as it takes, and this step must not.
    systemctl start --no-block "$MOUNT_UNIT"
    if ! wait_for "$WAIT_SECONDS" "the NFS server at $SERVER" mounted; then
      journalctl -u "$MOUNT_UNIT" -n 10 --no-pager -o cat >&2 || :
      die "$EXIT_TIMED_OUT" "$MOUNTPOINT is not mounted after $WAIT_SECONDS s; its unit goes on trying" \
        "see whether the server runs and lets this host in: systemctl status linode-ha-nfs.service; exportfs -s, on its node"
    fi
  fi
  changed "mounted $SERVER on $MOUNTPOINT"
}

mounted() {
  [[ $(findmnt --kernel -rno FSTYPE -M "$MOUNTPOINT" 2>/dev/null || :) == nfs4 ]]
}

role_remove() {
  remove_unit "$MOUNT_UNIT"
  remove_files
  systemctl daemon-reload
}

role_main "$@"
