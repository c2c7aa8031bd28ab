#!/usr/bin/env bash
# Usage: verify     (linode-ha-verify.service, on one node of a pair)
# Compares both sides of the volumes that are due, block by block, one after the other and while they are in use. Changes no data: what differs is
# noted, and a person decides (linode-ha verify).
set -euo pipefail
export LC_ALL=C

ROOT=${MONITORING_ROOT-}
# shellcheck source=../../lib/drbd.sh
. "$ROOT/usr/local/lib/linode-ha/drbd.sh"
# shellcheck source=/dev/null
. "$ROOT/etc/linode-ha/monitoring/settings"
: "${VERIFY:?}" "${VERIFY_HOURS:?}"
readonly STATE=$ROOT/var/lib/linode-ha/monitoring POLL=${MONITORING_POLL:-10}
mkdir -p "$STATE"
failed=no

verify() {
  local begun=$SECONDS
  drbd_read "$MINOR"
  if [[ $DRBD_CS != Connected || $DRBD_DISK != UpToDate || $DRBD_PEER_DISK != UpToDate ]]; then
    printf '%s is not verified now: %s\n' "$RESOURCE" "$(drbd_words)"
    return 1
  fi
  drbdadm verify "$RESOURCE"
  until
    drbd_read "$MINOR"
    [[ $DRBD_CS != Verify[ST] ]]
  do
    if ((SECONDS - begun > VERIFY_HOURS * 3600)); then
      printf '%s: not through after %s hours; it goes on in the kernel\n' "$RESOURCE" "$VERIFY_HOURS"
      return 1
    fi
    sleep "$POLL"
  done
  if [[ $DRBD_CS != Connected ]]; then
    printf '%s: the verification was cut short: %s\n' "$RESOURCE" "$(drbd_words)"
    return 1
  fi
  printf '%s\n' "$((DRBD_OUT_OF_SYNC * 1024))" >"$STATE/verified-$RESOURCE.new"
  mv "$STATE/verified-$RESOURCE.new" "$STATE/verified-$RESOURCE"
  printf '%s: %s KiB differ\n' "$RESOURCE" "$DRBD_OUT_OF_SYNC"
  ((DRBD_OUT_OF_SYNC == 0))
}

for RESOURCE in $VERIFY; do
  MINOR=$(sed -n 's/^MINOR=//p' "$ROOT/etc/linode-ha/drbd/$RESOURCE")
  verify || failed=yes
done
[[ $failed == no ]]
