#!/usr/bin/env bash
# What the units of a DRBD resource do on this host.
#   drbd-unit up RES      backing device there, resource configured, connecting to the peer; at a boot under Pacemaker the device only
#   drbd-unit adjust RES  as configured again, without an interruption
#   drbd-unit down RES    demoted and unconfigured; remembers whether this node was alone
#   drbd-unit keep RES    promotes whenever that is safe, then starts what stands on the resource
#   drbd-unit health RES  one line of state; exit 1 unless both sides are UpToDate
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/drbd.sh
. "$here/drbd.sh"

if (($# != 2)) || [[ ! $1 =~ ^(up|adjust|down|keep|health)$ ]] || [[ ! -r /etc/linode-ha/drbd/$2 ]]; then
  printf 'usage: %s up | adjust | down | keep | health RESOURCE (one of: %s)\n' "${0##*/}" "$(ls /etc/linode-ha/drbd)" >&2
  exit 2
fi
# shellcheck source=/dev/null
. "/etc/linode-ha/drbd/$2"
: "${RESOURCE:?}" "${MINOR:?}" "${DEVICE:?}" "${DEVICE_WAIT:?}" "${PROMOTE:?}" "${DEGRADED_WAIT:?}"
alone=/var/lib/linode-ha/state/drbd-$RESOURCE.alone

unit_up() {
  local begun=$SECONDS
  modprobe drbd
  until [[ -b $DEVICE ]]; do
    if ((SECONDS - begun >= DEVICE_WAIT)); then
      printf '%s is not there after %s s: is the disk or volume attached?\n' "$DEVICE" "$DEVICE_WAIT" >&2
      exit 1
    fi
    sleep 0.5
  done
  if [[ $PROMOTE == manager ]] && booting_under_pacemaker; then
    printf '%s is left to Pacemaker, which brings it up when this node is a member again\n' "$RESOURCE"
    return 0
  fi
  drbd_adjust "$RESOURCE"
}

unit_adjust() {
  drbd_adjust "$RESOURCE"
}

# booting_under_pacemaker: a Primary that crashed and is back before its peer has taken over must not meet it: its data count as the newer
# ones, the peer would be their Inconsistent target in the midst of the take-over, and nobody could be promoted until all is copied.
booting_under_pacemaker() {
  systemctl is-enabled --quiet pacemaker.service 2>/dev/null &&
    ! systemctl is-active --quiet pacemaker.service &&
    [[ $(systemctl is-system-running 2>/dev/null) == @(initializing|starting) ]]
}

unit_down() {
  local tries=0
  drbd_read "$MINOR"
  # The kernel remembers being alone only over a crash; a reboot in good order needs this note (see unit_keep).
  if [[ $DRBD_ROLE == Primary && $DRBD_DISK == UpToDate ]] && ! drbd_connected; then
    : >"$alone"
    sync -d "$alone"
  fi
  until drbdadm secondary "$RESOURCE"; do
    if ((++tries >= 20)); then
      printf '%s is still in use:\n' "/dev/drbd$MINOR" >&2
      fuser -vm "/dev/drbd$MINOR" >&2 || :
      exit 1
    fi
    sleep 1
  done
  drbdadm down "$RESOURCE"
}

# Never forces. A node promotes when it is UpToDate and either sees its peer, or has waited for it as long as the configuration says:
# wfc-timeout after being with the peer, degr-wfc-timeout when it was already alone. After a split brain (StandAlone) it waits for a person.
unit_keep() {
  local waited=no seen="" now
  while :; do
    drbd_read "$MINOR"
    now="$DRBD_CS $DRBD_ROLE/$DRBD_PEER_ROLE $DRBD_DISK/$DRBD_PEER_DISK"
    if [[ $seen != "$now" ]]; then
      seen=$now
      drbd_words
      printf '\n'
    fi
    if [[ -e $alone ]] && drbd_connected; then rm -f "$alone"; fi
    if [[ $DRBD_ROLE == Primary ]]; then
      waited=no
      start_what_stands_on_it
      if [[ $PROMOTE == boot ]]; then return 0; fi
      sleep 2
    elif [[ $PROMOTE == boot && $DRBD_PEER_ROLE == Primary ]]; then
      printf 'the peer is Primary: nothing to do here\n'
      return 0
    elif [[ $DRBD_DISK != UpToDate ]]; then
      sleep 1
    elif [[ $DRBD_CS == Connected || $DRBD_CS == SyncSource ]] || [[ $DRBD_CS == WFConnection && $waited == yes ]]; then
      looked=-100
      drbdadm primary "$RESOURCE" || sleep 2
    elif [[ $DRBD_CS == WFConnection ]]; then
      wait_for_peer
      waited=yes
    else
      sleep 2
    fi
  done
}

# wait_for_peer: returns when the peer is there or when this node may go on without it.
wait_for_peer() {
  if [[ -e $alone ]] && ((DEGRADED_WAIT > 0)); then
    timeout "$DEGRADED_WAIT" drbdadm wait-connect "$RESOURCE" || :
  else
    drbdadm wait-connect "$RESOURCE" || :
  fi
}

# A unit that failed is tried again; one that a person stopped is left alone. Looked at every ten seconds: each look starts processes.
looked=-100
start_what_stands_on_it() {
  local target=linode-ha-storage@$RESOURCE.target unit
  if ((SECONDS - looked < 10)); then return 0; fi
  looked=$SECONDS
  if ! systemctl is-active --quiet "$target"; then
    systemctl start --no-block "$target"
    return
  fi
  for unit in "/etc/systemd/system/$target.wants/"*; do
    if [[ -e $unit ]] && systemctl is-failed --quiet "${unit##*/}"; then
      systemctl start --no-block "${unit##*/}"
    fi
  done
}

unit_health() {
  drbd_read "$MINOR"
  drbd_words
  printf '\n'
  [[ $DRBD_CS == Connected && $DRBD_DISK == UpToDate && $DRBD_PEER_DISK == UpToDate ]] || return 1
  [[ $PROMOTE != always || $DRBD_ROLE == Primary ]]
}

"unit_$1"
