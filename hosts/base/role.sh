#!/usr/bin/env bash
# Names, hosts file, time and health command of a node: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${HOSTNAME_WANTED:?}" "${BOOT_WAIT:?}" "${TIMEZONE:?}"

role_apply() {
  local release
  release=$(. /etc/os-release && printf '%s/%s' "$ID" "${VERSION_ID:-}")
  case $release in
    debian/12 | debian/13) ;;
    *) die "$EXIT_REFUSED" "this host runs $release; the roles are made for debian/12 and debian/13" "use image linode/debian12 or linode/debian13" ;;
  esac
  wait_for_first_boot
  install_files
  if [[ $(uname -n) != "$HOSTNAME_WANTED" ]]; then
    if applying; then hostname "$HOSTNAME_WANTED"; fi
    changed "named this host $HOSTNAME_WANTED"
  fi
  ensure_packages
  if applying || package_installed chrony; then
    enable_unit chrony.service
    start_unit chrony.service
    if file_changed '/etc/chrony/*' && applying; then chronyc -n reload sources; fi
  fi
  ensure_timezone
  result hostname "$(uname -n)"
  result kernel "$(uname -r)"
  result release "${release#*/}"
}

ensure_timezone() {
  local zone=/usr/share/zoneinfo/$TIMEZONE
  if [[ ! -f $zone ]] && applying; then
    die "$EXIT_REFUSED" "there is no time zone $TIMEZONE" "choose one that timedatectl list-timezones shows, for example Etc/UTC"
  fi
  if [[ $(readlink /etc/localtime) != "$zone" ]]; then
    if applying; then ln -sfn "$zone" /etc/localtime; fi
    changed "set the time zone to $TIMEZONE"
  fi
}

# wait_for_first_boot: until cloud-init is through, which may still be installing, naming and growing.
wait_for_first_boot() {
  local status=0
  if ! command -v cloud-init >/dev/null; then return 0; fi
  timeout "$BOOT_WAIT" cloud-init status --wait >/dev/null || status=$?
  case $status in
    0) ;;
    2) say "cloud-init ended with warnings: cloud-init status --long" ;;
    124) die "$EXIT_TIMED_OUT" "the first boot has not finished after $BOOT_WAIT s" "see what it does: cloud-init status --long; systemctl list-jobs" ;;
    *) die "$EXIT_REFUSED" "cloud-init failed (exit $status)" "see: cloud-init status --long; /var/log/cloud-init.log" ;;
  esac
}

# The host keeps its name, its hosts file and its clock: without them it would be worse off than before.
role_remove() {
  rm -f "$(state_file "$STEP.files")"
}

role_main "$@"
