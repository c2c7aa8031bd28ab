#!/usr/bin/env bash
# DRBD's handlers for a pair under Pacemaker, as drbd-utils has them, for any version of Pacemaker: the kernel calls this when a Primary has
# lost its peer, and when a side without a peer is to be promoted. Its answer is theirs.
#
# They look in the cluster's state for words, in_ccm="true" and crmd="online". Pacemaker 2.1.5 and later write the second since when it is
# so, or 0; a node that is off and fenced then looks as if somebody might still fence it, and they wait until their time is up.
set -euo pipefail
# The kernel starts its helpers with nothing open.
if [[ ! -e /dev/fd/0 ]]; then exec </dev/null; fi
if [[ ! -e /dev/fd/1 ]]; then exec >/dev/null; fi
if [[ ! -e /dev/fd/2 ]]; then exec 2>/dev/null; fi
export PATH=/usr/local/lib/linode-ha/cib-words:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec /usr/lib/drbd/crm-fence-peer.sh "$@"
