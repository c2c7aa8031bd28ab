#!/bin/sh
# An address as a job of haresources: linode-ha-address::ADDRESS/PREFIX/INTERFACE. For IPv6 usable at once, which Heartbeat's own IPv6addr is
# not: it waits eight seconds for its own advertisements. For IPv4 on `lo`, where nobody has to be told, without IPaddr2's many processes.
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
case $address in
  *:*) family=-6 whole=128 ;;
  *) family=-4 whole=32 ;;
esac
there() {
  [ -n "$(ip "$family" -o address show dev "$device" to "$address/$whole" 2>/dev/null)" ]
}
case $2 in
  start)
    if [ "$family" = -4 ]; then
      ip -4 address replace "$address/$prefix" dev "$device"
      exit
    fi
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
    if there; then ip "$family" address del "$address/$prefix" dev "$device"; fi
    ;;
  status)
    if there; then echo running; else
      echo stopped
      exit 3
    fi
    ;;
  *) usage ;;
esac
