#!/usr/bin/env bash
# One DRBD resource on this host: role.sh apply | check | remove.
# Never needs the peer, and never writes to a backing device unless it is proven blank or carries this resource's own metadata.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/blank.sh
. "$LHA_STEP_DIR/lib/blank.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
# shellcheck source=../lib/drbd-version.sh
. "$LHA_STEP_DIR/lib/drbd-version.sh"
: "${RESOURCE:?}" "${MINOR:?}" "${DEVICE:?}" "${DEVICE_WAIT:?}" "${SIZE_BYTES?}" "${STAMP:?}" "${ADOPT?}" "${INITIAL_SYNC:?}" "${KEEPER:?}"

readonly UNIT=linode-ha-drbd@$RESOURCE.service KEEPER_UNIT=linode-ha-drbd-keeper@$RESOURCE.service
readonly JUST_CREATED=0x0000000000000004 NO_UUID=0x0000000000000000
METADATA=kept

role_apply() {
  ensure_packages
  if ! command -v drbdadm >/dev/null; then return 0; fi # check mode on a host without the package: that is the whole answer
  require_modules drbd
  wait_for "$DEVICE_WAIT" "$DEVICE" test -b "$DEVICE" ||
    die "$EXIT_TIMED_OUT" "the backing device $DEVICE is not there after $DEVICE_WAIT s" \
      "attach the volume, or map the disk in the configuration profile; what is there: ls -l /dev/disk/by-id"
  check_size
  if applying; then modprobe drbd; fi
  drbd_version_fits ||
    die "$EXIT_REFUSED" "the loaded DRBD module is version ${DRBD_VERSION:-unknown}, which lacks options of this resource; no setting and no device was changed" \
      "boot the distribution's own kernel with its own module (8.4.11 in Debian 12 and 13)" \
      "if a module of DRBD 9 was installed beside it, remove that package (drbd-dkms), then: rmmod drbd && modprobe drbd"
  drbd_read "$MINOR"
  if [[ $DRBD_CS == Unconfigured || $DRBD_DISK == Diskless ]]; then
    look_at_metadata
  fi
  refuse_interruption
  install_files
  reload_units
  if [[ $FOUND == nothing ]]; then create_metadata; fi
  if applying; then write_durably "$(state_file "drbd-$RESOURCE.device")" <<<"$STAMP"; fi
  bring_up
  result metadata "$METADATA"
  result deviceUuid "$STAMP"
  result_raw backingBytes "$(blockdev --getsize64 "$DEVICE")"
}

check_size() {
  local size
  size=$(blockdev --getsize64 "$DEVICE")
  if [[ -n $SIZE_BYTES && $size != "$SIZE_BYTES" ]]; then
    die "$EXIT_REFUSED" "$DEVICE has $size bytes, but this resource is declared with $SIZE_BYTES on both nodes" \
      "give both nodes devices of the declared size"
  fi
}

# look_at_metadata: sets FOUND to "own" or "nothing" (then the device is proven blank), or stops. Reads only.
FOUND=own
look_at_metadata() {
  local dump uuid findings wipe="wipefs --all $DEVICE"
  wipe+=" && blkdiscard --zeroout $DEVICE"
  if dump=$(drbdmeta --force "$MINOR" v08 "$DEVICE" internal dump-md 2>/dev/null); then
    uuid=$(awk '$1 == "device-uuid" { gsub(";", "", $2); print tolower($2) }' <<<"$dump")
    if [[ $uuid == "$STAMP" ]]; then return 0; fi
    if [[ -n $ADOPT && $uuid == "$ADOPT" ]]; then
      STAMP=$uuid
      say "taking over the metadata $uuid on $DEVICE, as declared"
      return 0
    fi
    if never_used "$dump"; then
      findings=$(device_findings "$DEVICE" drbd)
      if [[ -z $findings ]]; then
        say "$DEVICE has metadata that was never used: an earlier run did not come further"
        FOUND=nothing
        return 0
      fi
    fi
    die "$EXIT_UNSAFE" "$DEVICE carries DRBD metadata of another resource (device-uuid ${uuid:-unknown}); nothing on it was changed" \
      "use another, empty volume or disk" \
      "if it is to be this resource with the data on it: declare adoptDeviceUuid \"${uuid:-0x…}\"" \
      "if nothing on it is needed any more, wipe it deliberately: $wipe"
  fi
  findings=$(device_findings "$DEVICE")
  if [[ -z $findings ]]; then
    FOUND=nothing
    return 0
  fi
  refuse_device "$DEVICE" "$findings" "no DRBD metadata can be put there without overwriting data" \
    "use another, empty volume or disk" \
    "keep the data: copy it elsewhere, deploy on an empty volume, copy it back; or shrink its file system and create the metadata by hand" \
    "if nothing on it is needed any more, wipe it deliberately: $wipe"
}

# never_used DUMP: metadata as create-md leaves it: no Primary and no sync has ever been.
never_used() {
  [[ $(tr -d ' \n\t' <<<"$1") == *"uuid{$JUST_CREATED;$NO_UUID;$NO_UUID;$NO_UUID;flags0x00000000;}"* ]]
}

# create_metadata: on a device proven blank. The stamp is written by restoring our own dump with another device-uuid; a kill in between
# leaves metadata that was never used, which look_at_metadata knows.
create_metadata() {
  local dump
  METADATA=created
  if applying; then
    rm -f "$(state_file "drbd-$RESOURCE.discarded")"
    if [[ $INITIAL_SYNC == skip-if-blank ]] && blkdiscard "$DEVICE" 2>/dev/null; then
      write_durably "$(state_file "drbd-$RESOURCE.discarded")" <<<"$STAMP"
    fi
    drbdmeta --force "$MINOR" v08 "$DEVICE" internal create-md >/dev/null
    dump=$(drbdmeta --force "$MINOR" v08 "$DEVICE" internal dump-md | sed -E "s/^(device-uuid) 0x[0-9A-Fa-f]+;/\1 $STAMP;/")
    write_durably "$(state_file "drbd-$RESOURCE.md")" <<<"$dump"
    drbdmeta --force "$MINOR" v08 "$DEVICE" internal restore-md "$(state_file "drbd-$RESOURCE.md")" >/dev/null
  fi
  changed "created DRBD metadata on $DEVICE"
}

# refuse_interruption: two Primaries that part even for a moment have split brain. A change that the kernel can only take by
# disconnecting needs one of them to step back first.
refuse_interruption() {
  local running wanted
  if ! applying || [[ $DRBD_ROLE/$DRBD_PEER_ROLE != Primary/Primary ]]; then return 0; fi
  running=$(drbdsetup show "$MINOR" | addresses)
  wanted=$(addresses <"$LHA_STEP_DIR/files/$(resource_index)")
  if [[ $running == "$wanted" ]]; then return 0; fi
  die "$EXIT_REFUSED" "an address of $RESOURCE changes while both nodes are Primary: reconnecting now would split the brain" \
    "stop what uses it on one node, there: systemctl stop $UNIT; then deploy again"
}

# addresses: those of both sides, in either notation.
addresses() {
  sed -nE 's/^[[:space:]]*address[[:space:]]+(.*);$/\1/p' | sort
}

resource_index() {
  awk -v path="/etc/drbd.d/$RESOURCE.res" '$5 == path { print $4 }' "$LHA_STEP_DIR/files.list"
}

bring_up() {
  if ! applying && ! systemctl cat "$UNIT" >/dev/null 2>&1; then return 0; fi
  disable_unit drbd.service
  enable_unit "$UNIT"
  if [[ $DRBD_CS != Unconfigured && $DRBD_DISK != Diskless ]] && file_changed "/etc/drbd.d/*"; then
    if applying; then drbd_adjust "$RESOURCE"; fi
    changed "adjusted $RESOURCE to its new settings"
  fi
  if systemctl is-active --quiet "$UNIT" && [[ $DRBD_CS == Unconfigured || $DRBD_DISK == Diskless ]]; then
    restart_unit "$UNIT" "the resource was not configured"
  else
    start_unit "$UNIT"
  fi
  if [[ $KEEPER == no ]]; then
    remove_unit_if_there "$KEEPER_UNIT"
    return 0
  fi
  enable_unit "$KEEPER_UNIT"
  if systemctl is-active --quiet "$KEEPER_UNIT" && file_changed '/usr/local/lib/linode-ha/*'; then
    restart_unit "$KEEPER_UNIT" "its program changed"
  elif ! keeper_done; then
    start_unit "$KEEPER_UNIT"
  fi
}

# keeper_done: a keeper that promotes only at boot ends when it has decided.
keeper_done() {
  # shellcheck source=/dev/null
  [[ $(. "/etc/linode-ha/drbd/$RESOURCE" && printf '%s' "$PROMOTE") == boot ]] &&
    [[ $(systemctl show -P ExecMainStatus "$KEEPER_UNIT")/$(systemctl show -P ExecMainCode "$KEEPER_UNIT") == 0/1 ]]
}

remove_unit_if_there() {
  if applying; then remove_unit "$1"; fi
}

role_remove() {
  remove_unit "$KEEPER_UNIT"
  remove_unit "$UNIT"
  remove_files
  systemctl daemon-reload
  rm -f "$LHA_BASE/state/drbd-$RESOURCE".{device,discarded,md,alone}
  result_raw kept "$(json_string "the data and metadata on $DEVICE")"
}

role_main "$@"
