#!/usr/bin/env bash
# A file system on a device of the node's own: role.sh apply | check | remove.
# Made once, on a device proven blank; what is on any other stays, and is told.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/blank.sh
. "$LHA_STEP_DIR/lib/blank.sh"
: "${DEVICE:?}" "${TYPE:?}" "${LABEL:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}"

FILESYSTEM=kept

role_apply() {
  ensure_packages
  require_modules "$TYPE"
  if applying && ! wait_for 60 "$DEVICE to be attached" test -b "$DEVICE"; then
    die "$EXIT_TIMED_OUT" "$DEVICE is not there after 60 s" "see what is attached: lsblk; ls -l /dev/disk/by-id"
  fi
  install_files
  reload_units
  if [[ -b $DEVICE ]]; then file_system; fi
  if applying; then mkdir -p "$MOUNTPOINT"; fi
  enable_unit "$MOUNT_UNIT"
  if ! mounted && [[ -d $MOUNTPOINT && -n $(find "$MOUNTPOINT" -mindepth 1 -maxdepth 1 -print -quit) ]]; then
    die "$EXIT_UNSAFE" "$MOUNTPOINT holds something that the mount would hide; nothing was mounted" \
      "move it away: mv $MOUNTPOINT $MOUNTPOINT.before"
  fi
  start_unit "$MOUNT_UNIT"
  result filesystem "$FILESYSTEM"
  result unit "$MOUNT_UNIT"
}

mounted() {
  findmnt -rno SOURCE -M "$MOUNTPOINT" >/dev/null
}

fs_value() {
  blkid -p -o value -s "$1" "$DEVICE" || :
}

file_system() {
  local findings note
  if [[ $(fs_value TYPE) == "$TYPE" && $(fs_value LABEL) == "$LABEL" ]]; then return 0; fi
  findings=$(device_findings "$DEVICE")
  note=$(state_file "fs-local-$LABEL.formatting")
  # What this very step left unfinished on this very device is its own.
  if [[ -n $findings ]] && { [[ ! -e $note ]] || [[ $(<"$note") != "$(device_identity)" ]]; }; then
    refuse_device "$DEVICE" "$findings" "a file system $TYPE \"$LABEL\" is to be on it" \
      "use an empty volume or disk" \
      "if nothing on it is needed any more, wipe it deliberately: wipefs --all $DEVICE && blkdiscard --zeroout $DEVICE"
  fi
  FILESYSTEM=created
  if applying; then
    device_identity | write_durably "$note"
    say "making $TYPE \"$LABEL\" on $DEVICE"
    make_"$TYPE"
    sync "$DEVICE"
    rm -f "$note"
  fi
  changed "made $TYPE \"$LABEL\" on $DEVICE"
}

# device_identity: another volume of the same name and size has another serial number.
device_identity() {
  printf '%s %s %s\n' "$DEVICE" "$(lsblk -dno SERIAL "$DEVICE")" "$(blockdev --getsize64 "$DEVICE")"
}

make_btrfs() { mkfs.btrfs -q -f -K -L "$LABEL" "$DEVICE"; }
make_ext4() { mkfs.ext4 -q -F -E nodiscard -L "$LABEL" "$DEVICE"; }
make_xfs() { mkfs.xfs -q -f -K -L "$LABEL" "$DEVICE"; }

role_remove() {
  remove_unit "$MOUNT_UNIT"
  remove_files
  systemctl daemon-reload
  result kept "the file system on $DEVICE"
}

role_main "$@"
