#!/usr/bin/env bash
# OCFS2 over a dual-primary DRBD device: role.sh apply | check | remove.
# The first node makes the file system, and only on a device proven blank; the other waits for it.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/blank.sh
. "$LHA_STEP_DIR/lib/blank.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${RESOURCE:?}" "${MINOR:?}" "${CLUSTER:?}" "${LABEL:?}" "${SLOTS:?}" "${FIRST:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}"
: "${ROOT_OWNER?}" "${ROOT_MODE?}" "${WAIT:?}"

readonly DEVICE=/dev/drbd$MINOR
FILESYSTEM=kept

role_apply() {
  ensure_packages
  if ! command -v mkfs.ocfs2 >/dev/null; then return 0; fi # check mode on a host without the package: that is the whole answer
  require_modules ocfs2 ocfs2_stack_o2cb
  install_files
  reload_units
  start_stack
  wait_for "$WAIT" "resource $RESOURCE to be Primary here" usable ||
    die "$EXIT_TIMED_OUT" "resource $RESOURCE is not Primary and UpToDate on this node after $WAIT s: $(drbd_words)" \
      "run its steps first; see: journalctl -u linode-ha-drbd-keeper@$RESOURCE"
  file_system
  mount_it
  root_folder
  result filesystem "$FILESYSTEM"
  result uuid "$(fs_value UUID)"
  result label "$(fs_value LABEL)"
  result mountpoint "$MOUNTPOINT"
  result_raw mounted "$(findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null && printf true || printf false)"
  result unit "$MOUNT_UNIT"
}

start_stack() {
  local unit
  # The distribution's own scripts would do the same at their own time; one of them is enough.
  for unit in o2cb.service ocfs2.service; do
    disable_unit "$unit"
  done
  enable_unit linode-ha-o2cb.service
  if systemctl is-active --quiet linode-ha-o2cb.service &&
    { file_changed '/etc/ocfs2/cluster.conf' || file_changed '/etc/default/o2cb'; }; then
    refuse_live_times
    if applying; then /usr/local/lib/linode-ha/o2cb-unit up; fi
    changed "entered the new cluster configuration"
  else
    start_unit linode-ha-o2cb.service
  fi
}

# refuse_live_times: both nodes must change their times together, and neither can while the file system is in use.
refuse_live_times() {
  if file_changed '/etc/default/o2cb' && findmnt -rno TARGET -t ocfs2 >/dev/null; then
    die "$EXIT_REFUSED" "the times of o2cb change, which the kernel takes only while no OCFS2 is mounted on either node" \
      "the files are in place: unmount on both nodes, systemctl restart linode-ha-o2cb there, mount again; or reboot both at the same time"
  fi
}

usable() {
  drbd_read "$MINOR"
  [[ $DRBD_ROLE/$DRBD_DISK == Primary/UpToDate ]]
}

fs_value() {
  blkid -p -o value -s "$1" "$DEVICE" || :
}

file_system() {
  local note findings
  note=$(state_file "ocfs2-$LABEL.formatting")
  if finished; then
    if applying; then rm -f "$note"; fi
    return 0
  fi
  findings=$(device_findings "$DEVICE")
  if [[ -n $findings ]] && ! ours_half_made "$note"; then
    refuse_device "$DEVICE" "$findings" "an OCFS2 \"$LABEL\" is to be on it" \
      "use another resource with an empty device" \
      "to keep an OCFS2 that is there: declare its own label" \
      "if nothing on it is needed any more, wipe it deliberately: wipefs --all $DEVICE && blkdiscard --zeroout $DEVICE"
  fi
  if [[ $NODE == "$FIRST" ]]; then
    make_file_system "$note"
  elif applying; then
    POLL=2 wait_for "$WAIT" "$FIRST to make the file system" finished ||
      die "$EXIT_TIMED_OUT" "$FIRST has not made the file system \"$LABEL\" within $WAIT s" \
        "run its step there: linode-ha-step $STEP apply; then this one again"
  fi
}

# finished: the file system is there and complete. mkfs writes lost+found last of all; where somebody took that away, a mount (in the slot
# map) or other content tells the same.
finished() {
  [[ $(fs_value TYPE)/$(fs_value LABEL) == ocfs2/$LABEL ]] || return 1
  [[ $(debugfs.ocfs2 -R 'ls /' "$DEVICE" 2>/dev/null | awk '$NF != "." && $NF != ".." && NF >= 4' | wc -l) -gt 0 ]] ||
    [[ $(mounted.ocfs2 -f "$DEVICE" | tail -n +2) =~ [[:space:]]$NODE|[[:space:]]$FIRST ]]
}

# ours_half_made NOTE: whether what is on the device is what the peer's or our own mkfs is making or left unfinished. Our note names the
# generation of the data: nothing but mkfs has written since.
ours_half_made() {
  if [[ $NODE != "$FIRST" ]]; then
    # Between a blank device and a finished one; anything else has another type or label.
    [[ $(fs_value TYPE)/$(fs_value LABEL) =~ ^(ocfs2/$LABEL|/)$ && -z $(lsblk -rno PTTYPE "$DEVICE") ]]
  else
    [[ -e $1 && $(<"$1") == "$(drbdadm get-gi "$RESOURCE")" ]]
  fi
}

make_file_system() {
  local note=$1
  drbd_read "$MINOR"
  if [[ $DRBD_CS/$DRBD_DISK/$DRBD_PEER_DISK != Connected/UpToDate/UpToDate ]]; then
    die "$EXIT_REFUSED" "a file system is made only while both sides are UpToDate, but $RESOURCE is $(drbd_words)" "wait for the sync, then run this step again"
  fi
  FILESYSTEM=created
  if applying; then
    drbdadm get-gi "$RESOURCE" | write_durably "$note"
    say "making OCFS2 \"$LABEL\" on $DEVICE"
    # Without --force, so that mkfs has its own say; what it would ask about, our own half-made attempt, is taken away first.
    wipefs --all --quiet "$DEVICE"
    # Without discards, which would go over the network piece by piece, to tell a device proven blank that it is blank.
    mkfs.ocfs2 --quiet --nodiscard --node-slots "$SLOTS" --label "$LABEL" --cluster-stack=o2cb --cluster-name="$CLUSTER" "$DEVICE" </dev/null
    sync "$DEVICE"
    rm -f "$note"
  fi
  changed "made OCFS2 \"$LABEL\" on $DEVICE"
}

mount_it() {
  enable_unit "$MOUNT_UNIT"
  if applying; then mkdir -p "$MOUNTPOINT"; fi
  if systemctl is-active --quiet "$MOUNT_UNIT" && file_changed "*/$MOUNT_UNIT"; then
    changed "new mount options of $MOUNTPOINT: they count from the next mount on"
  fi
  start_unit "$MOUNT_UNIT"
}

root_folder() {
  if ! findmnt -rno TARGET -M "$MOUNTPOINT" >/dev/null; then return 0; fi
  if [[ -n $ROOT_OWNER && $(stat -c %U:%G "$MOUNTPOINT") != "$(full_owner "$ROOT_OWNER")" ]]; then
    if applying; then chown "$ROOT_OWNER" "$MOUNTPOINT"; fi
    changed "gave $MOUNTPOINT to $ROOT_OWNER"
  fi
  if [[ -n $ROOT_MODE && $(stat -c %04a "$MOUNTPOINT") != "$ROOT_MODE" ]]; then
    if applying; then chmod "$ROOT_MODE" "$MOUNTPOINT"; fi
    changed "set mode $ROOT_MODE of $MOUNTPOINT"
  fi
}

role_remove() {
  remove_unit "$MOUNT_UNIT"
  if ! findmnt -rno TARGET -t ocfs2 >/dev/null; then remove_unit linode-ha-o2cb.service; fi
  remove_files
  systemctl daemon-reload
  result kept "the file system on $DEVICE"
}

role_main "$@"
