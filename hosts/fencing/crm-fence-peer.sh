#!/usr/bin/env bash
# DRBD's fence-peer handler for a pair under Pacemaker: the one of drbd-utils, for any version of Pacemaker. The kernel calls this when a
# Primary has lost its peer, whose writes wait meanwhile, and when a side without a peer is to be promoted.
#
# Theirs looks in the cluster's state for words, in_ccm="true" and crmd="online". Pacemaker 2.1.5 and later write the second since when it is
# so, or 0; a node that is off and fenced then looks as if somebody might still fence it, and they wait until their time is up.
#
# When its time is up, theirs places its constraint and answers 5: unreachable, taken for dead. DRBD then goes on writing, while the fencing
# of this very node may be under way: what it acknowledges is lost, and both sides have data of their own. And whoever asks again finds the
# constraint, and is told that all is well (4). So its time is never up: it is ended from here before, without a constraint, and 5 never
# reaches DRBD. Until the peer is fenced (7), or reachable and kept from promotion (4), a Primary's writes wait, and nobody is promoted.
#
# crm-fence-peer --timeout SECONDS: what a promotion may wait. A Primary waits as long as DRBD listens.
set -euo pipefail
# The kernel starts its helpers with nothing open.
if [[ ! -e /dev/fd/0 ]]; then exec </dev/null; fi
if [[ ! -e /dev/fd/1 ]]; then exec >/dev/null; fi
if [[ ! -e /dev/fd/2 ]]; then exec 2>/dev/null; fi
export PATH=/usr/local/lib/linode-ha/cib-words:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

readonly HANDLER=/usr/lib/drbd/crm-fence-peer.sh
# drbdadm gives its handlers 600 s.
readonly PRIMARY_SECONDS=540
# More than anybody waits.
readonly NEVER=86400
# shellcheck source=../lib/drbd.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/drbd.sh"

say() {
  logger -t linode-ha-fencing -p daemon.crit -- "${DRBD_RESOURCE:-?}: $*" || :
  printf '%s: %s\n' "${DRBD_RESOURCE:-?}" "$*" >&2
}

if (($# != 2)) || [[ $1 != --timeout || ! $2 =~ ^[1-9][0-9]*$ ]]; then
  say "usage: ${0##*/} --timeout SECONDS"
  exit 1
fi
limit=$2
role=Secondary
for minor in ${DRBD_MINOR:-}; do
  drbd_read "$minor"
  if [[ $DRBD_ROLE == Primary ]]; then role=Primary limit=$PRIMARY_SECONDS; fi
done

code=0
timeout --kill-after 5 "$limit" "$HANDLER" --timeout "$NEVER" --dc-timeout "$NEVER" || code=$?
case $code in
  # 124 and 137: ended from here.
  5 | 124 | 137) ;;
  *) exit "$code" ;;
esac
if [[ $role == Primary ]]; then
  say "the peer is NOT confirmed off: writes stay FROZEN until it is back; by hand: make sure that it is off, then drbdadm resume-io $DRBD_RESOURCE"
else
  say "the peer is NOT confirmed off: this side is not promoted"
fi
exit 1
