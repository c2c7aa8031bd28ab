#!/bin/sh
# A systemd unit as a job of haresources: linode-ha-unit::UNIT. Heartbeat looks for "running" in what status says.
set -eu
if [ "$#" -ne 2 ]; then
  echo "usage: $0 UNIT start|stop|status" >&2
  exit 2
fi
case $2 in
  start)
    # What failed too often a while ago must not be refused now.
    systemctl reset-failed "$1" 2>/dev/null || :
    systemctl start "$1"
    ;;
  stop) systemctl stop "$1" ;;
  status)
    if systemctl is-active --quiet "$1"; then echo running; else
      echo stopped
      exit 3
    fi
    ;;
  *)
    echo "usage: $0 UNIT start|stop|status" >&2
    exit 2
    ;;
esac
