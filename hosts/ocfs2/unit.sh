#!/usr/bin/env bash
# The o2cb stack of this host.
#   o2cb-unit up            modules, cluster and times of /etc/ocfs2/cluster.conf and /etc/default/o2cb
#   o2cb-unit down          takes the cluster out of the kernel again
#   o2cb-unit health DIR    one line of state; exit 1 unless an OCFS2 is mounted there and answers
set -euo pipefail

usage() {
  printf 'usage: %s up | down | health MOUNTPOINT\n' "${0##*/}" >&2
  exit 2
}

configfs=/sys/kernel/config

o2cb_up() {
  # shellcheck source=/dev/null
  . /etc/default/o2cb
  : "${O2CB_BOOTCLUSTER:?}" "${O2CB_HEARTBEAT_THRESHOLD:?}" "${O2CB_IDLE_TIMEOUT_MS:?}" "${O2CB_KEEPALIVE_DELAY_MS:?}"
  : "${O2CB_RECONNECT_DELAY_MS:?}"
  local cluster=$configfs/cluster/$O2CB_BOOTCLUSTER
  modprobe -a configfs ocfs2 ocfs2_dlmfs ocfs2_stack_o2cb
  mountpoint -q "$configfs" || mount -t configfs none "$configfs"
  # tunefs and fsck take the cluster's locks through this one.
  mkdir -p /dlm
  mountpoint -q /dlm || mount -t ocfs2_dlmfs ocfs2_dlmfs /dlm
  if [[ $(cat /sys/fs/ocfs2/cluster_stack) != o2cb ]]; then printf 'o2cb\n' >/sys/fs/ocfs2/cluster_stack; fi
  drop_moved_nodes "$cluster"
  o2cb register-cluster "$O2CB_BOOTCLUSTER"
  # Taken by the kernel only while no connection is up; the same on both nodes, or they refuse each other.
  set_value "$cluster/heartbeat/dead_threshold" "$O2CB_HEARTBEAT_THRESHOLD"
  # In this order each step keeps keep-alive < idle.
  if (($(cat "$cluster/idle_timeout_ms") < O2CB_IDLE_TIMEOUT_MS)); then
    set_value "$cluster/idle_timeout_ms" "$O2CB_IDLE_TIMEOUT_MS"
  fi
  set_value "$cluster/keepalive_delay_ms" "$O2CB_KEEPALIVE_DELAY_MS"
  set_value "$cluster/idle_timeout_ms" "$O2CB_IDLE_TIMEOUT_MS"
  set_value "$cluster/reconnect_delay_ms" "$O2CB_RECONNECT_DELAY_MS"
}

# drop_moved_nodes CLUSTER: a node whose address changed is entered anew; the kernel cannot change it in place.
drop_moved_nodes() {
  local node name wanted
  for node in "$1"/node/*/; do
    if [[ ! -d $node ]]; then continue; fi
    name=$(basename "$node")
    wanted=$(awk -v name="$name" '/^node:/ { address = "" } $1 == "ip_address" { address = $3 } $1 == "name" && $3 == name { print address }' \
      /etc/ocfs2/cluster.conf)
    if [[ $(cat "$node/ipv4_address") != "$wanted" ]]; then rmdir "$node"; fi
  done
}

set_value() {
  if [[ $(cat "$1") != "$2" ]]; then printf '%s\n' "$2" >"$1"; fi
}

o2cb_down() {
  # shellcheck source=/dev/null
  . /etc/default/o2cb
  if [[ -d $configfs/cluster/${O2CB_BOOTCLUSTER:?} ]]; then o2cb unregister-cluster "$O2CB_BOOTCLUSTER"; fi
}

o2cb_health() {
  if [[ $(findmnt -rno FSTYPE -M "$1") != ocfs2 ]]; then
    printf '%s is not mounted\n' "$1"
    return 1
  fi
  # A lost peer's locks block here until it is declared dead.
  if ! timeout 8 stat -f -c '%s mounted, %f of %b blocks free' "$1" | sed "s|^[0-9]*|$1|"; then
    printf '%s does not answer\n' "$1"
    return 1
  fi
}

case ${1:-} in
  up | down)
    if (($# != 1)); then usage; fi
    "o2cb_$1"
    ;;
  health)
    if (($# != 2)); then usage; fi
    o2cb_health "$2"
    ;;
  *) usage ;;
esac
