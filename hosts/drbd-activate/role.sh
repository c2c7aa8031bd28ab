#!/usr/bin/env bash
# A DRBD resource from two configured sides to one in use: role.sh apply | check | remove.
# Never forces a Primary unless both sides are fresh and blank, and never invalidates or discards anything.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${RESOURCE:?}" "${MINOR:?}" "${FIRST:?}" "${PREFERRED?}" "${MODE:?}" "${INITIAL_SYNC:?}" "${CONNECT_WAIT:?}" "${STALL_WAIT:?}"

readonly KEEPER_UNIT=linode-ha-drbd-keeper@$RESOURCE.service
SYNC=none

role_apply() {
  drbd_read "$MINOR"
  if [[ $DRBD_CS == Unconfigured ]]; then
    die "$EXIT_REFUSED" "resource $RESOURCE is not configured on this host" \
      "start it: systemctl start linode-ha-drbd@$RESOURCE; if that fails run the drbd step again"
  fi
  if applying; then
    wait_for "$CONNECT_WAIT" "the peer of $RESOURCE" connected_or_parted || not_connected
    if [[ $DRBD_CS == StandAlone ]]; then parted; fi
    compare_sizes
    first_sync
    watch_sync
    promote
  elif ! drbd_connected || [[ $DRBD_DISK/$DRBD_PEER_DISK != UpToDate/UpToDate ]]; then
    changed "bring $RESOURCE to UpToDate/UpToDate (now $(drbd_words))"
  fi
  report
}

connected_or_parted() {
  drbd_read "$MINOR"
  drbd_connected || [[ $DRBD_CS == StandAlone ]]
}

kernel_words() {
  journalctl -k -n 400 --no-pager -o cat 2>/dev/null |
    grep -E "$RESOURCE|drbd$MINOR" |
    grep -iE 'split-brain|unrelated|too small|authentication|cram|incompatible|aborting|not the same|refus' | tail -n 5 || :
}

not_connected() {
  local words
  words=$(kernel_words)
  die "$EXIT_TIMED_OUT" "resource $RESOURCE has no connection to its peer after $CONNECT_WAIT s: $(drbd_words)${words:+. The kernel says: $words}" \
    "see that the peer runs its side: systemctl status linode-ha-drbd@$RESOURCE there" \
    "see that the port passes both ways between the addresses in /etc/drbd.d/$RESOURCE.res, firewall included" \
    "then run this step again: what was done stays done"
}

parted() {
  local words
  words=$(kernel_words)
  die "$EXIT_UNSAFE" "resource $RESOURCE refuses its peer (StandAlone): $(drbd_words)${words:+. The kernel says: $words}" \
    "nothing was forced or discarded, both sides keep their data" \
    "after a split brain: decide which side's writes to give up; there: systemctl stop linode-ha-drbd-keeper@$RESOURCE; drbdadm secondary $RESOURCE; drbdadm connect --discard-my-data $RESOURCE; on the other: drbdadm connect $RESOURCE" \
    "unrelated data: one of the devices belongs to something else; give this resource an empty one in its place"
}

# compare_sizes: DRBD takes the lesser of two fresh sides in silence; that the peer's is smaller shows in the size of the device.
compare_sizes() {
  local sectors usable device
  # shellcheck source=/dev/null
  sectors=$(. "/etc/linode-ha/drbd/$RESOURCE" && blockdev --getsz "${DEVICE:?}")
  device=$(device_sectors)
  # Internal metadata of DRBD 8.4: a bit for each 4 KiB in whole 4 KiB blocks, 32 KiB of activity log, 4 KiB of superblock.
  # shellcheck disable=SC2017 # whole blocks are meant: the rounding is the point
  usable=$((sectors / 8 * 8 - ((sectors / 8 + 32767) / 32768 * 8 + 72)))
  if ((device > 0 && device < usable)); then
    die "$EXIT_REFUSED" "the peer's device of $RESOURCE is smaller: $((device * 512)) of $((usable * 512)) bytes can be used here" \
      "give both nodes devices of exactly the same size"
  fi
}

# A Secondary's device cannot be opened, its size can be read.
device_sectors() {
  cat "/sys/class/block/drbd$MINOR/size"
}

# first_sync: only where both sides are fresh. DRBD connects two Inconsistent sides only if neither was ever used: a side with any history
# either becomes the source by itself (UpToDate) or is refused, so our own unused identifiers speak for the peer's too; and the peer's role
# configures it only on a device proven blank.
first_sync() {
  local identifiers
  drbd_read "$MINOR"
  if [[ $DRBD_CS/$DRBD_DISK/$DRBD_PEER_DISK != Connected/Inconsistent/Inconsistent ]]; then return 0; fi
  if [[ $NODE != "$FIRST" ]]; then
    say "both sides are fresh: $FIRST leads"
    wait_for "$STALL_WAIT" "$FIRST to start the first sync" first_sync_begun ||
      die "$EXIT_TIMED_OUT" "$FIRST has not started the first sync of $RESOURCE within $STALL_WAIT s" \
        "run its step there: linode-ha-step $STEP apply; then this one again"
    return 0
  fi
  identifiers=$(drbdadm get-gi "$RESOURCE")
  if [[ ! $identifiers =~ ^0000000000000004:0000000000000000:0000000000000000:0000000000000000: ]]; then
    die "$EXIT_UNSAFE" "resource $RESOURCE is Inconsistent on both sides, but this one has been used before ($identifiers): what holds the data cannot be told" \
      "find the side whose data is to be kept; on it, and only if that is certain: drbdadm primary --force $RESOURCE"
  fi
  if [[ ! -f $LHA_BASE/state/drbd-$RESOURCE.device ]]; then
    die "$EXIT_UNSAFE" "the metadata of $RESOURCE was not created by its step on this host" "run the drbd step of $RESOURCE first"
  fi
  if [[ $INITIAL_SYNC == skip-if-blank && -f $LHA_BASE/state/drbd-$RESOURCE.discarded ]]; then
    drbdadm -- --clear-bitmap new-current-uuid "$RESOURCE"
    SYNC=skipped
    changed "declared both blank sides of $RESOURCE equal: no first sync is needed"
  else
    drbdadm primary --force "$RESOURCE"
    SYNC=full
    changed "started the first sync of $RESOURCE from this node"
  fi
}

first_sync_begun() {
  drbd_read "$MINOR"
  [[ $DRBD_DISK != Inconsistent || $DRBD_PEER_DISK != Inconsistent ]]
}

# watch_sync: until both sides are UpToDate. A sync may take hours; it may not stand still.
watch_sync() {
  local least="" moved=$SECONDS told=-100
  while :; do
    drbd_read "$MINOR"
    if [[ $DRBD_DISK/$DRBD_PEER_DISK == UpToDate/UpToDate ]] && drbd_connected; then return 0; fi
    if [[ $DRBD_CS == StandAlone ]]; then parted; fi
    if [[ $DRBD_CS == Sync* && $SYNC == none ]]; then SYNC=resync; fi
    if [[ -z $least ]] || ((DRBD_OUT_OF_SYNC < least)); then
      least=$DRBD_OUT_OF_SYNC
      moved=$SECONDS
    fi
    if ((SECONDS - moved >= STALL_WAIT)); then
      die "$EXIT_TIMED_OUT" "the sync of $RESOURCE has not come further for $STALL_WAIT s: $(drbd_words)" \
        "see the peer and the network between the nodes; then run this step again"
    fi
    if ((SECONDS - told >= 5)); then
      told=$SECONDS
      say "$(drbd_words) $DRBD_SYNC"
    fi
    sleep 0.5
  done
}

# promote: in dual-primary mode the keeper does it, as after every boot; one Primary is promoted here if there is none.
promote() {
  case $MODE in
    dual)
      if ! systemctl is-active --quiet "$KEEPER_UNIT"; then
        die "$EXIT_REFUSED" "the unit that promotes $RESOURCE is stopped" "systemctl start $KEEPER_UNIT, then run this step again"
      fi
      wait_for "$CONNECT_WAIT" "both sides of $RESOURCE to be Primary" both_primary ||
        die "$EXIT_TIMED_OUT" "resource $RESOURCE is not Primary on both nodes after $CONNECT_WAIT s: $(drbd_words)" \
          "on the node that is Secondary: journalctl -u $KEEPER_UNIT"
      ;;
    *)
      drbd_read "$MINOR"
      if [[ $DRBD_ROLE == Primary || $DRBD_PEER_ROLE == Primary ]]; then return 0; fi
      if [[ $NODE == "$PREFERRED" ]] && [[ $MODE == boot || $SYNC != none || ! -e $LHA_BASE/state/drbd-$RESOURCE.promoted ]]; then
        drbdadm primary "$RESOURCE"
        : >"$LHA_BASE/state/drbd-$RESOURCE.promoted"
        changed "promoted $RESOURCE on this node"
      fi
      ;;
  esac
}

both_primary() {
  drbd_read "$MINOR"
  [[ $DRBD_ROLE/$DRBD_PEER_ROLE == Primary/Primary ]]
}

report() {
  drbd_read "$MINOR"
  result role "$DRBD_ROLE"
  result peerRole "$DRBD_PEER_ROLE"
  result disk "$DRBD_DISK"
  result peerDisk "$DRBD_PEER_DISK"
  result connection "$DRBD_CS"
  result device "/dev/drbd$MINOR"
  result_raw sizeBytes "$(($(device_sectors) * 512))"
  result sync "$SYNC"
}

# Nothing of this step stays on a host; what runs belongs to the drbd step.
role_remove() {
  :
}

role_main "$@"
