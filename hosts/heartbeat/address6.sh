#!/bin/sh
# An IPv6 address as a job of haresources: linode-ha-address6::ADDRESS/PREFIX/INTERFACE. Usable at once, which Heartbeat's own IPv6addr is
# not: it waits eight seconds for its own advertisements.
set -eu
usage() {
  echo "usage: $0 ADDRESS/PREFIX/INTERFACE start|stop|status" >&2
  exit 2
}
if [ "$#" -ne 2 ]; then usage; fi
address=${1%%/*}
rest=${1#*/}
prefix=${rest%%/*}
device=${rest#*/}
there() {
  [ -n "$(ip -6 -o address show dev "$device" to "$address/128" 2>/dev/null)" ]
}
case $2 in
  start)
    # The kernel tells the neighbours once, by ndisc_notify; a lost packet must not cost the address its traffic, so it is told again.
    # No look for a duplicate: Heartbeat has decided that the peer is gone, and the look takes a second.
    sysctl -q -w "net/ipv6/conf/$device/ndisc_notify=1"
    ip -6 address replace "$address/$prefix" dev "$device" nodad
    send_ua=/usr/libexec/heartbeat/send_ua
    if [ "$device" != lo ] && [ -x "$send_ua" ]; then
      setsid "$send_ua" -i 200 -c 5 "$address" "$prefix" "$device" </dev/null >/dev/null 2>&1 &
    fi
    ;;
  stop)
    if there; then ip -6 address del "$address/$prefix" dev "$device"; fi
    ;;
  status)
    if there; then echo running; else
      echo stopped
      exit 3
    fi
    ;;
  *) usage ;;
esac
