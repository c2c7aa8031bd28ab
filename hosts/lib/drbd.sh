#!/usr/bin/env bash
# The state of one DRBD resource, as the kernel says it. Also installed on the host, for the units there; stands alone.

# drbd_read MINOR: sets DRBD_CS DRBD_ROLE DRBD_PEER_ROLE DRBD_DISK DRBD_PEER_DISK, DRBD_OUT_OF_SYNC (KiB) and
# DRBD_SYNC (progress in the kernel's words, or nothing).
# One read of /proc/drbd, so that the values belong together.
drbd_read() {
  local minor=$1 line found=""
  DRBD_CS=Unconfigured DRBD_ROLE=Unknown DRBD_PEER_ROLE=Unknown DRBD_DISK=DUnknown DRBD_PEER_DISK=DUnknown
  DRBD_SYNC="" DRBD_OUT_OF_SYNC=0
  if [[ ! -r /proc/drbd ]]; then return 0; fi
  while IFS= read -r line; do
    if [[ $line =~ ^\ *([0-9]+):\ cs:([A-Za-z]+)(\ ro:([A-Za-z]+)/([A-Za-z]+)\ ds:([A-Za-z]+)/([A-Za-z]+))? ]]; then
      if [[ -n $found ]]; then return 0; fi
      if [[ ${BASH_REMATCH[1]} != "$minor" ]]; then continue; fi
      found=yes
      DRBD_CS=${BASH_REMATCH[2]}
      if [[ -n ${BASH_REMATCH[3]} ]]; then
        DRBD_ROLE=${BASH_REMATCH[4]} DRBD_PEER_ROLE=${BASH_REMATCH[5]}
        DRBD_DISK=${BASH_REMATCH[6]} DRBD_PEER_DISK=${BASH_REMATCH[7]}
      fi
    elif [[ -n $found && $line =~ (sync\'ed:.*|verified:.*|finish:.*) ]]; then
      DRBD_SYNC+="${BASH_REMATCH[1]} "
    elif [[ -n $found && $line =~ \ oos:([0-9]+) ]]; then
      # shellcheck disable=SC2034 # for whoever reads this library
      DRBD_OUT_OF_SYNC=${BASH_REMATCH[1]}
    fi
  done </proc/drbd
}

# drbd_connected: whether the last read saw both sides talking, resyncing or not.
drbd_connected() {
  case $DRBD_CS in
    Connected | SyncSource | SyncTarget | PausedSyncS | PausedSyncT | VerifyS | VerifyT | Ahead | Behind) return 0 ;;
    WFBitMapS | WFBitMapT | WFSyncUUID | StartingSyncS | StartingSyncT) return 0 ;;
    *) return 1 ;;
  esac
}

# drbd_words: the last read in a line, as operators know it.
drbd_words() {
  printf 'cs:%s ro:%s/%s ds:%s/%s' "$DRBD_CS" "$DRBD_ROLE" "$DRBD_PEER_ROLE" "$DRBD_DISK" "$DRBD_PEER_DISK"
}

# drbd_adjust RESOURCE: has the kernel do as configured. drbdadm gives each command of its five seconds, however busy the host is: what such a
# one left undone the next run finds. When one fails it is shown whole, with the secret of the replication among its words: never here.
drbd_adjust() {
  local tries=0 words code
  while :; do
    code=0
    words=$(drbdadm adjust "$1" 2>&1) || code=$?
    if [[ -n $words ]]; then sed -E "s/(--shared-secret=)(\"[^\"]*\"|'[^']*'|[^[:space:]]*)/\1(secret)/g" <<<"$words" >&2; fi
    if ((code == 0)); then return 0; fi
    if [[ $words != *"did not terminate within"* ]] || ((++tries >= 5)); then return "$code"; fi
    sleep 1
  done
}
