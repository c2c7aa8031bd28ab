#!/usr/bin/env bash
# cibadmin, with the state of nodes in words where Pacemaker writes since when it is so. For crm-fence-peer, which puts it first in its PATH.
set -euo pipefail
"${CIBADMIN:-/usr/sbin/cibadmin}" "$@" | sed -E '/<node_state /{
  s/ in_ccm="0"/ in_ccm="false"/
  s/ in_ccm="[1-9][0-9]*"/ in_ccm="true"/
  s/ crmd="0"/ crmd="offline"/
  s/ crmd="[1-9][0-9]*"/ crmd="online"/
}'
