#!/usr/bin/env bash
# One node of a fresh pair, as somebody who knows the commands would write it down: no second run, no refusals, no half-made states.
# What compares with it is in bench/measures/pair.ts. Before it on the same standard input come its variables and `put_files`.
set -euo pipefail
: "${NODE:?}" "${FIRST:?}" "${RESOURCE:?}" "${DEVICE:?}" "${MOUNTPOINT:?}" "${MOUNT_UNIT:?}" "${TIMEZONE:?}" "${PACKAGES:?}"

# put PATH MODE OWNER: standard input becomes the file.
put() {
  mkdir -p "${1%/*}"
  cat >"$1"
  chmod "$2" "$1"
  chown "$3" "$1"
}

# await SECONDS WHAT COMMAND...
await() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if ((SECONDS > end)); then
      printf '%s: not in time: %s\n' "$NODE" "$what" >&2
      exit 1
    fi
    sleep 0.2
  done
}

drbd_says() {
  grep -q "$1" /proc/drbd
}

# mkfs writes this folder last.
file_system_there() {
  [[ $(debugfs.ocfs2 -R 'ls /' /dev/drbd0 2>/dev/null) == *lost+found* ]]
}

main() {
  printf 'begun\n'
  export DEBIAN_FRONTEND=noninteractive
  # 2: done, with warnings.
  cloud-init status --wait >/dev/null || [[ $? == 2 ]]
  apt-get -q=2 update
  # shellcheck disable=SC2086 # a list of words
  apt-get -q=2 -y --no-install-recommends -o Dpkg::Use-Pty=0 install $PACKAGES >/dev/null
  put_files
  hostname "$NODE"
  ln -sfn "/usr/share/zoneinfo/$TIMEZONE" /etc/localtime
  systemctl daemon-reload
  systemctl enable --now --quiet chrony

  modprobe drbd
  await 60 "$DEVICE" test -b "$DEVICE"
  blkdiscard "$DEVICE"
  drbdmeta --force 0 v08 "$DEVICE" internal create-md >/dev/null
  systemctl enable --now --quiet "linode-ha-drbd@$RESOURCE"
  await 300 "the peer" drbd_says 'cs:Connected'
  if [[ $NODE == "$FIRST" ]]; then
    drbdadm -- --clear-bitmap new-current-uuid "$RESOURCE"
  fi
  await 300 "UpToDate/UpToDate" drbd_says 'ds:UpToDate/UpToDate'
  # The kernel refuses one of two that promote in the same moment.
  await 30 "being Primary" drbdadm primary "$RESOURCE"

  systemctl enable --now --quiet linode-ha-o2cb
  if [[ $NODE == "$FIRST" ]]; then
    await 60 "the peer to be Primary" drbd_says 'ro:Primary/Primary'
    mkfs.ocfs2 --quiet --node-slots 2 --label "$RESOURCE" --cluster-stack=o2cb --cluster-name=ha /dev/drbd0
    sync /dev/drbd0
  else
    await 300 "the file system" file_system_there
  fi
  mkdir -p "$MOUNTPOINT"
  systemctl enable --now --quiet "$MOUNT_UNIT"
  systemctl enable --now --quiet "linode-ha-drbd-keeper@$RESOURCE"
  printf 'done\n'
}

# The text itself is on standard input, and the commands must not read it.
main </dev/null
