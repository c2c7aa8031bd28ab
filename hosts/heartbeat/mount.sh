#!/bin/sh
# A file system as a job of haresources: linode-ha-mount::DEVICE::MOUNTPOINT::TYPE[::OPTIONS]. What Heartbeat's own Filesystem does, without its
# hundred processes: they are most of what a take-over takes.
set -eu
if [ "$#" -lt 4 ] || [ "$#" -gt 5 ]; then
  echo "usage: $0 DEVICE MOUNTPOINT TYPE [OPTIONS] start|stop|status" >&2
  exit 2
fi
device=$1 mountpoint=$2 type=$3
shift 3
options=""
if [ "$#" -eq 2 ]; then
  options=$1
  shift
fi
there() {
  findmnt -rn -S "$device" -M "$mountpoint" >/dev/null
}
case $1 in
  start)
    if there; then exit 0; fi
    mkdir -p "$mountpoint"
    # JFS alone leaves that to its fsck, which says 1 where it has mended something.
    if [ "$type" = jfs ]; then fsck.jfs -a "$device" >&2 || [ "$?" -eq 1 ]; fi
    # After a crash the journal is replayed by the mount itself; a file system that is marked bad is not mounted for writing on a guess.
    mount -t "$type" ${options:+-o "$options"} "$device" "$mountpoint"
    ;;
  stop)
    tries=0
    while there; do
      if umount "$mountpoint"; then continue; fi
      # Who still uses it is asked to end, then ended: the peer waits for the volume.
      tries=$((tries + 1))
      if [ "$tries" -gt 20 ]; then exit 1; fi
      signal=TERM
      if [ "$tries" -gt 3 ]; then signal=KILL; fi
      fuser -km "-$signal" "$mountpoint" >/dev/null 2>&1 || :
      sleep 1
    done
    ;;
  status)
    if there; then echo running; else
      echo stopped
      exit 3
    fi
    ;;
  *)
    echo "usage: $0 DEVICE MOUNTPOINT TYPE [OPTIONS] start|stop|status" >&2
    exit 2
    ;;
esac
