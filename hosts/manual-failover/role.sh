#!/usr/bin/env bash
# One group that a person moves, on this host: role.sh apply | check | remove.
# Starts the group on its preferred node the first time, where that is safe; never moves or stops what runs.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${GROUP:?}" "${PEER:?}" "${PREFERRED:?}" "${RESOURCES?}" "${MANAGED_UNITS?}"

readonly UNIT=linode-ha-group@$GROUP.service WATCH=linode-ha-peer-watch@$GROUP.service TOOL=/usr/local/sbin/ha-group

role_apply() {
  ensure_packages
  require_parts
  refuse_change_of_what_runs
  install_files
  reload_units
  release_units
  enable_unit "$UNIT"
  watch_peer
  first_start
  result_raw active "$([[ -x $TOOL ]] && "$TOOL" status "$GROUP" >/dev/null 2>&1 && printf true || printf false)"
}

require_parts() {
  local unit
  for unit in pacemaker.service heartbeat.service; do
    if systemctl is-active --quiet "$unit"; then
      die "$EXIT_REFUSED" "$unit runs on this host: it would move what only a person is to move" "remove one of the two from the program first"
    fi
  done
  for unit in $MANAGED_UNITS; do
    if [[ $unit == linode-ha-links@* ]] || systemctl cat "$unit" >/dev/null 2>&1 || ! applying; then continue; fi
    die "$EXIT_REFUSED" "the group runs the service $unit, and this host has no such unit" \
      "correct the name (systemctl list-unit-files --type=service), or deploy what installs it before the group"
  done
}

# refuse_change_of_what_runs: a member that is taken out of the list while it runs would never be stopped.
refuse_change_of_what_runs() {
  local list=/etc/linode-ha/groups/$GROUP index line
  if ! applying || [[ ! -e $list || ! -x $TOOL ]]; then return 0; fi
  index=$(awk -v path="$list" '$5 == path { print $4 }' "$LHA_STEP_DIR/files.list")
  while read -r line; do
    if grep -qxF "run $line" "$LHA_STEP_DIR/files/$index"; then continue; fi
    if "$TOOL" status "$GROUP" | grep -qE "^started +$(printf '%s' "$line" | sed 's/[].[*^$+?(){}|\\/]/\\&/g')( |\$)"; then
      die "$EXIT_REFUSED" "the group's member \"$line\" is to change or go, and it runs on this node" \
        "stop the group in a quiet hour (ha-group stop $GROUP), deploy again, then: ha-group start $GROUP"
    fi
  done < <(sed -n 's/^run //p' "$list")
}

release_units() {
  local unit
  for unit in $MANAGED_UNITS; do disable_unit "$unit"; done
  if [[ $MANAGED_UNITS == *linode-ha-links@* ]]; then enable_unit linode-ha-links-reset.service; fi
}

# watch_peer: before the first start. It reads its own script and the group's file once, so that a change of them is a restart; nothing stands on it.
watch_peer() {
  enable_unit "$WATCH"
  if systemctl is-active --quiet "$WATCH" && { file_changed /usr/local/lib/linode-ha/peer-watch || file_changed "/etc/linode-ha/groups/$GROUP"; }; then
    restart_unit "$WATCH" "what it reads changed"
  else
    start_unit "$WATCH"
  fi
}

# first_start: later it is a person's, or the boot's, to start. The unit is started everywhere: by it a shutdown stops the group in order.
first_start() {
  local begun
  begun=$(state_file "group-$GROUP.begun")
  if [[ $NODE == "$PREFERRED" && ! -e $begun ]]; then
    if applying && elsewhere; then
      say "the group is active on $PEER: nothing to start here"
    elif applying; then
      "$TOOL" start "$GROUP" ||
        die "$EXIT_REFUSED" "the group did not start on its preferred node" "read the words above, then run this step again"
      changed "started group $GROUP on this node"
    else
      changed "start group $GROUP on this node"
    fi
  fi
  if applying; then : >"$begun"; fi
}

elsewhere() {
  local entry
  for entry in $RESOURCES; do
    drbd_read "${entry##*=}"
    if [[ $DRBD_PEER_ROLE == Primary ]]; then return 0; fi
  done
  return 1
}

role_remove() {
  if [[ -x $TOOL && -e /etc/linode-ha/groups/$GROUP ]]; then
    "$TOOL" stop "$GROUP" || die "$EXIT_REFUSED" "the group did not stop" "read the words above, then run this again"
    changed "stopped group $GROUP"
  fi
  remove_unit "$UNIT"
  remove_unit "$WATCH"
  remove_files
  systemctl daemon-reload
  rm -f "$LHA_BASE/state/group-$GROUP.begun"
}

role_main "$@"
