#!/usr/bin/env bash
# drbdadm as dopd calls it when the peer, a Primary, has lost the replication: drbdadm outdate RESOURCE.
#
# The two sides notice a loss at different moments. While this one still takes itself for connected, the kernel changes nothing and calls that
# a success; dopd would report a side as outdated that is UpToDate. The Primary would go on writing, and this side could be promoted later
# without those writes. So this ends with 0 only when the kernel says that the side is Outdated, and waits a little for it to notice. A disk
# that the kernel does not have, drbdadm marks itself; its success is true then.
set -euo pipefail
readonly REAL=/usr/sbin/drbdadm RESOURCES=/etc/linode-ha/drbd
# Less than the 3 s that the peer waits for the answer; what it is told too late, it asks again.
readonly WAIT_MS=2500
if (($# != 2)) || [[ $1 != outdate ]]; then exec "$REAL" "$@"; fi
# shellcheck source=../lib/drbd.sh
. /usr/local/lib/linode-ha/drbd.sh
MINOR=""
# shellcheck source=/dev/null
. "$RESOURCES/$2"

uptime_ms() {
  local up
  read -r up _ </proc/uptime
  printf '%s' "$((10#${up/./}0))"
}

begun=$(uptime_ms)
while :; do
  drbd_read "$MINOR"
  if ! drbd_connected; then
    # Its own codes are dopd's to understand: 5 for a side that is Inconsistent anyway, 17 for a Primary.
    "$REAL" outdate "$2" || exit
    drbd_read "$MINOR"
    if [[ $DRBD_DISK == Outdated || $DRBD_DISK == Diskless || $DRBD_CS == Unconfigured ]]; then exit 0; fi
  fi
  if (($(uptime_ms) - begun >= WAIT_MS)); then
    logger -t linode-ha-fencing -p daemon.warning -- "$2: asked to mark this side outdated, but it is $(drbd_words): not done" || :
    exit 1
  fi
  sleep 0.1
done
