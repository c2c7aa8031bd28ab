#!/usr/bin/env bash
# A service whose data is on a replicated volume and which a manager starts and stops: role.sh apply | check | remove.
# Installed on both nodes and never enabled. Its data is made once, on the node where the volume is Primary, and only where the volume is
# proven to hold none; a volume that holds something else is refused.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${SERVICE:?}" "${UNIT:?}" "${OTHER_UNITS?}" "${RESOURCE:?}" "${MINOR:?}" "${MOUNTPOINT:?}" "${FSTYPE:?}" "${MOUNT_OPTIONS:?}" "${DATA_PATHS:?}" "${ON_CHANGE:?}"

readonly HELPER=/usr/local/lib/linode-ha/services/$SERVICE
readonly MARK=$MOUNTPOINT/.linode-ha/$SERVICE
DATA=absent
PENDING=false

role_apply() {
  ensure_packages
  install_files
  reload_units
  never_at_boot
  if [[ ! -x $HELPER ]]; then return 0; fi # check mode on a host without it: that is the whole answer
  if ! "$HELPER" check; then
    die "$EXIT_REFUSED" "$SERVICE does not accept its configuration; what runs was not touched" \
      "read its words above, correct the value in the stack's configuration, run the step again"
  fi
  data_on_active_node
  take_changes_in
  result data "$DATA"
  result unit "$UNIT"
  result_raw restartPending "$PENDING"
}

# The package enables it and may have started it. What a manager runs by now stays untouched.
never_at_boot() {
  local other
  for other in $OTHER_UNITS; do
    disable_unit "$other"
    if systemctl is-active --quiet "$other"; then
      if applying; then systemctl stop "$other"; fi
      changed "stopped $other: $UNIT runs in its place"
    fi
  done
  disable_unit "$UNIT"
  if systemctl is-active --quiet "$UNIT" && ! on_volume; then
    if applying; then systemctl stop "$UNIT"; fi
    changed "stopped $UNIT: a manager starts it, where the volume is"
  fi
}

on_volume() {
  [[ $(findmnt -rno SOURCE -M "$MOUNTPOINT" 2>/dev/null || :) == "/dev/drbd$MINOR" ]]
}

managed_now() {
  systemctl is-active --quiet pacemaker.service || systemctl is-active --quiet heartbeat.service ||
    [[ -n $(systemctl list-units --no-legend --state=active,activating 'linode-ha-group@*' 2>/dev/null) ]]
}

data_on_active_node() {
  drbd_read "$MINOR"
  if [[ $DRBD_ROLE != Primary ]]; then return 0; fi
  if on_volume; then
    make_data
    return 0
  fi
  if findmnt -rno SOURCE -M "$MOUNTPOINT" >/dev/null; then
    die "$EXIT_REFUSED" "$MOUNTPOINT has something else mounted than /dev/drbd$MINOR" "unmount it: umount $MOUNTPOINT"
  fi
  # A manager that is at work is about to mount or unmount it: not our turn. A check changes nothing, not even a mount.
  if managed_now || ! applying; then return 0; fi
  mkdir -p "$MOUNTPOINT"
  mount -t "$FSTYPE" -o "$MOUNT_OPTIONS" "/dev/drbd$MINOR" "$MOUNTPOINT"
  trap 'umount "$MOUNTPOINT"' EXIT
  make_data
  trap - EXIT
  umount "$MOUNTPOINT"
}

make_data() {
  local path found=()
  DATA=kept
  case $(cat "$MARK" 2>/dev/null || :) in
    "done") return 0 ;;
    # Only what that run was about to make is its own: when the configuration names other paths since, all are looked at as at first.
    "begun $DATA_PATHS") say "an earlier run did not finish the data of $SERVICE: making it anew" ;;
    *)
      for path in $DATA_PATHS; do
        if holds_something "$path"; then found+=("$path"); fi
      done
      if ((${#found[@]} > 0)); then
        die "$EXIT_UNSAFE" "the volume of $SERVICE already holds something at ${found[*]}, which this step did not make; nothing was changed" \
          "if $SERVICE is to go on with it, say so: mkdir -p $MOUNTPOINT/.linode-ha && echo done >$MARK" \
          "if not, move it away: mv ${found[0]} ${found[0]}.before" \
          "or give the service another volume"
      fi
      ;;
  esac
  DATA=created
  if applying; then
    mkdir -p "$MOUNTPOINT/.linode-ha"
    write_durably "$MARK" <<<"begun $DATA_PATHS"
    say "making the data of $SERVICE on $MOUNTPOINT"
    LHA_SECRETS=$LHA_BASE/secrets/$STEP "$HELPER" init ||
      die "$EXIT_REFUSED" "the data of $SERVICE could not be made" "read its words above, then run the step again: it begins anew"
    sync -f "$MOUNTPOINT"
    write_durably "$MARK" <<<"done"
  fi
  changed "made the data of $SERVICE on $MOUNTPOINT"
}

# holds_something PATH: a file, or a folder with anything in it beside what a fresh file system has.
holds_something() {
  if [[ ! -d $1 ]]; then
    [[ -e $1 || -L $1 ]]
    return
  fi
  [[ -n $(find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name .linode-ha -print -quit) ]]
}

# Only the active node runs it. What can take a change in without an interruption does; for the rest a person chooses the moment.
take_changes_in() {
  if ((${#LHA_CHANGED_FILES[@]} == 0)) || ! systemctl is-active --quiet "$UNIT"; then return 0; fi
  if [[ $ON_CHANGE == reload ]]; then
    if applying; then systemctl reload "$UNIT"; fi
    changed "reloaded $UNIT"
    return 0
  fi
  PENDING=true
  say "$UNIT runs with its former settings until it is restarted; choose the moment, it interrupts the service"
}

role_remove() {
  if systemctl is-active --quiet "$UNIT"; then
    die "$EXIT_REFUSED" "$UNIT runs: its manager must stop it first" "remove the manager, or the service from its group, then try again"
  fi
  remove_files
  systemctl daemon-reload
  result kept "packages, and the data on $MOUNTPOINT"
}

role_main "$@"
