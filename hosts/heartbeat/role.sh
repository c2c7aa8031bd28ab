#!/usr/bin/env bash
# Heartbeat v1 on this host: role.sh apply | check | remove.
# Changed settings are taken by a running Heartbeat without giving up what it holds, one node after the other.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${PEER:?}" "${LAST:?}" "${FENCING:?}" "${RESOURCES?}" "${GROUPS_WANTED:?}" "${MANAGED_UNITS?}" "${SETTLE:?}"

readonly UNIT=heartbeat.service KEY=/etc/ha.d/authkeys PLUGIN=/usr/lib/stonith/plugins/external/linode
readonly HEARTBEAT=/usr/libexec/heartbeat/heartbeat

role_apply() {
  ensure_packages
  if [[ ! -x $HEARTBEAT ]]; then return 0; fi # check mode on a host without the packages: that is the whole answer
  require_parts
  mend_messages
  refuse_new_key
  refuse_interruption
  install_files
  reload_units
  release_units
  bring_up
  report
}

require_parts() {
  local unit
  if systemctl is-active --quiet pacemaker.service; then
    die "$EXIT_REFUSED" "Pacemaker runs on this host: two managers would move the same things" "remove one of them from the program first"
  fi
  if [[ $FENCING == yes && ! -x $PLUGIN ]]; then
    die "$EXIT_REFUSED" "fencing is declared, but $PLUGIN is not on this host" "deploy the fencing step of this node first"
  fi
  for unit in $MANAGED_UNITS; do
    if [[ $unit == linode-ha-links@* ]] || systemctl cat "$unit" >/dev/null 2>&1 || ! applying; then continue; fi
    die "$EXIT_REFUSED" "a group runs the service $unit, and this host has no such unit" \
      "correct the name (systemctl list-unit-files --type=service), or deploy what installs it before the manager"
  done
}

# mend_messages: Heartbeat's own scripts write a message to it in pieces. On a busy node it reads the first piece alone, drops the message and
# stays "in transition" for good after a take-over. In one write it arrives whole.
mend_messages() {
  # shellcheck disable=SC2016 # the file's own text
  local funcs=/etc/ha.d/shellfuncs pieces='^[[:space:]]*(echo ">>>"; cat -; echo "<<<")[[:space:]]*| cat - >> \$HA_FIFO$'
  if ! grep -q "$pieces" "$funcs" 2>/dev/null; then return 0; fi
  # shellcheck disable=SC2016 # the file's own text
  if applying; then sed -i "s/$pieces/"'\tprintf ">>>\\n%s\\n<<<\\n" "$(cat -)" >>$HA_FIFO/' "$funcs"; fi
  changed "mended ha_clustermsg in $funcs: it writes a message at once"
}

own_entry() {
  awk -v path="$1" -v field="$2" '$5 == path { print $field }' "$LHA_STEP_DIR/files.list"
}

differs() {
  [[ -e $1 ]] && ! same_content "$LHA_STEP_DIR/files/$(own_entry "$1" 4)" "$1" "$(own_entry "$1" 3)"
}

runs() {
  systemctl is-active --quiet "$UNIT"
}

peer_active() {
  [[ $(cl_status nodestatus "$PEER" 2>/dev/null) == active ]]
}

# refuse_new_key: nodes with different keys take each other for dead.
refuse_new_key() {
  if runs && differs "$KEY"; then
    die "$EXIT_REFUSED" "the key of the heartbeats changes while Heartbeat runs: both nodes would take all groups" \
      "on the node that carries nothing: systemctl stop $UNIT; then on the other; then deploy again"
  fi
}

# refuse_interruption: while Heartbeat takes new settings a node sends nothing for a moment. Nothing may be on its way then, and where
# this node carries a resource its peer must be able to take it.
refuse_interruption() {
  local entry minor rest
  if ! applying || ! runs || ! differs /etc/ha.d/ha.cf; then return 0; fi
  if ! peer_active; then
    die "$EXIT_REFUSED" "ha.cf changes, and $PEER sends no heartbeats: a Heartbeat that does not come back here would leave nobody" \
      "bring $PEER back first: systemctl start $UNIT, there"
  fi
  for entry in $RESOURCES; do
    rest=${entry#*=} minor=${entry##*=}
    drbd_read "$minor"
    if [[ $DRBD_ROLE == Primary && $DRBD_CS/$DRBD_DISK/$DRBD_PEER_DISK != Connected/UpToDate/UpToDate ]]; then
      die "$EXIT_REFUSED" "ha.cf changes, and $PEER could not take over ${rest%%=*}: $(drbd_words)" \
        "wait until both sides are UpToDate, then deploy again"
    fi
  done
}

release_units() {
  local unit
  for unit in $MANAGED_UNITS; do disable_unit "$unit"; done
  if [[ $MANAGED_UNITS == *linode-ha-links@* ]]; then enable_unit linode-ha-links-reset.service; fi
}

bring_up() {
  enable_unit "$UNIT"
  if runs && file_changed /etc/ha.d/ha.cf; then
    reload
  elif runs && file_changed /etc/ha.d/haresources; then
    say "haresources is read at the next move: nothing is started or stopped now"
  else
    if ! runs; then demote_unused; fi
    start_unit "$UNIT"
  fi
  # A first Heartbeat answers nobody before its peer is there, or the initial dead time over: the second node's step waits for both.
  if ! applying || [[ $LAST == no ]]; then return 0; fi
  wait_for "$SETTLE" "heartbeat to answer" answers ||
    die "$EXIT_TIMED_OUT" "heartbeat does not answer after $SETTLE s" "read: journalctl -u $UNIT -n 50"
  wait_for "$SETTLE" "heartbeats of $PEER" peer_active ||
    die "$EXIT_TIMED_OUT" "no heartbeat of $PEER within $SETTLE s" \
      "see that it runs there: systemctl status $UNIT; and that its UDP port (udpport in ha.cf) passes both ways, firewall included"
  POLL=1 wait_for "$SETTLE" "every group to run" settled ||
    die "$EXIT_TIMED_OUT" "not every group runs after $SETTLE s" "read on both nodes: journalctl -u $UNIT -n 100"
}

# demote_unused: Heartbeat judges by a group's first job whether the group runs. A resource that is Primary since its first sync, and that
# nobody uses, would be taken for a group that is up.
demote_unused() {
  local entry minor name
  for entry in $RESOURCES; do
    minor=${entry##*=} name=${entry#*=} name=${name%=*}
    drbd_read "$minor"
    if [[ $DRBD_ROLE != Primary ]] || findmnt -rn -S "/dev/drbd$minor" >/dev/null; then continue; fi
    if applying; then
      drbdadm secondary "$name" || die "$EXIT_REFUSED" "$name is Primary here and in use, but not by its file system" \
        "see by what: fuser -vm /dev/drbd$minor; end it, then run this step again"
    fi
    changed "demoted $name: Heartbeat promotes it"
  done
}

answers() {
  cl_status hbstatus >/dev/null 2>&1
}

silent() {
  ! answers
}

# reload: Heartbeat's own; it starts itself anew, keeps what it holds, and is silent for a second or two. Only when it is back may its peer
# do the same.
reload() {
  local words
  changed "reloaded heartbeat: ha.cf changed"
  if ! applying; then return 0; fi
  words=$("$HEARTBEAT" -r 2>&1) || die "$EXIT_REFUSED" "heartbeat refuses its new settings: $words" "read /etc/ha.d/ha.cf"
  wait_for 10 "the reload to begin" silent || say "no pause was seen: it was shorter than a look"
  wait_for 60 "heartbeat to be back" back ||
    die "$EXIT_TIMED_OUT" "heartbeat did not come back within 60 s of its reload" "read: journalctl -u $UNIT -n 50"
}

back() {
  answers && peer_active && [[ $(cl_status rscstatus 2>/dev/null) =~ ^(none|local|foreign|all)$ ]]
}

# settled: nothing is on its way, and each group's first DRBD resource is Primary on one node.
settled() {
  local group
  case $(cl_status rscstatus 2>/dev/null) in none | local | foreign | all) ;; *) return 1 ;; esac
  for group in $GROUPS_WANTED; do
    if has_drbd "$group" && [[ -z $(place "$group") ]]; then return 1; fi
  done
}

has_drbd() {
  [[ " $RESOURCES" == *" $1="* ]]
}

# place GROUP: the node whose side of the group's first DRBD resource is Primary.
place() {
  local entry
  for entry in $RESOURCES; do
    if [[ ${entry%%=*} != "$1" ]]; then continue; fi
    drbd_read "${entry##*=}"
    if [[ $DRBD_ROLE == Primary ]]; then printf '%s' "$NODE"; elif [[ $DRBD_PEER_ROLE == Primary ]]; then printf '%s' "$PEER"; fi
    return 0
  done
}

report() {
  local group places=()
  for group in $GROUPS_WANTED; do
    if has_drbd "$group"; then places+=("$(json_string "$group"):$(json_string "$(place "$group")")"); fi
  done
  result holds "$(cl_status rscstatus 2>/dev/null || printf unknown)"
  result_raw peerActive "$(peer_active && printf true || printf false)"
  result_raw groups "{$(
    IFS=,
    printf '%s' "${places[*]-}"
  )}"
}

# Stopping Heartbeat stops, here, all that it holds; the peer takes it over if it still runs there.
role_remove() {
  remove_unit "$UNIT"
  disable_unit linode-ha-links-reset.service
  remove_files
  systemctl daemon-reload
}

role_main "$@"
