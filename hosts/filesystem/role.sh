#!/usr/bin/env bash
# A file system on a single-primary DRBD device: role.sh apply | check | remove.
# Only the Primary can see the device; the other node just gets the mount unit.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/blank.sh
. "$LHA_STEP_DIR/lib/blank.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${RESOURCE:?}" "${MINOR:?}" "${TYPE:?}" "${LABEL:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}" "${MOUNT:?}"

readonly DEVICE=/dev/drbd$MINOR
FILESYSTEM=absent

role_apply() {
  ensure_packages
  require_modules "$TYPE"
  install_files
  reload_units
  if applying; then mkdir -p "$MOUNTPOINT"; fi
  drbd_read "$MINOR"
  if [[ $DRBD_ROLE == Primary ]]; then file_system; fi
  if [[ $MOUNT == promotion ]]; then
    enable_unit "$MOUNT_UNIT"
    if [[ $DRBD_ROLE == Primary ]]; then start_unit "$MOUNT_UNIT"; fi
  else
    disable_unit "$MOUNT_UNIT"
  fi
  result filesystem "$FILESYSTEM"
  result mountpoint "$MOUNTPOINT"
  result_raw mounted "$(findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null && printf true || printf false)"
  result unit "$MOUNT_UNIT"
}

fs_value() {
  blkid -p -o value -s "$1" "$DEVICE" || :
}

file_system() {
  local findings note
  FILESYSTEM=kept
  if [[ $(fs_value TYPE) == "$TYPE" && $(fs_value LABEL) == "$LABEL" ]]; then return 0; fi
  note=$(state_file "fs-$RESOURCE.formatting")
  findings=$(device_findings "$DEVICE")
  if [[ -n $findings ]] && { [[ ! -e $note ]] || [[ $(<"$note") != "$(drbdadm get-gi "$RESOURCE")" ]]; }; then
    refuse_device "$DEVICE" "$findings" "a file system $TYPE \"$LABEL\" is to be on it" \
      "use another resource with an empty device" \
      "to keep a file system that is there: declare its type and label ($(fs_value TYPE) \"$(fs_value LABEL)\")" \
      "if nothing on it is needed any more, wipe it deliberately: wipefs --all $DEVICE && blkdiscard --zeroout $DEVICE"
  fi
  FILESYSTEM=created
  if applying; then
    drbdadm get-gi "$RESOURCE" | write_durably "$note"
    say "making $TYPE \"$LABEL\" on $DEVICE"
    make_"$TYPE"
    sync "$DEVICE"
    rm -f "$note"
  fi
  changed "made $TYPE \"$LABEL\" on $DEVICE"
}

# Overwriting is right here: the device is blank, or carries what this very step left unfinished. Without discards, which would go over
# the network piece by piece.
make_ext4() { mkfs.ext4 -q -F -E nodiscard -L "$LABEL" "$DEVICE"; }
make_xfs() { mkfs.xfs -q -f -K -L "$LABEL" "$DEVICE"; }
make_btrfs() { mkfs.btrfs -q -f -K -L "$LABEL" "$DEVICE"; }
make_jfs() { mkfs.jfs -q -L "$LABEL" "$DEVICE"; }

role_remove() {
  remove_unit "$MOUNT_UNIT"
  remove_files
  systemctl daemon-reload
  result kept "the file system on $DEVICE"
}

role_main "$@"
