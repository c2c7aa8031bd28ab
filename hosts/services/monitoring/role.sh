#!/usr/bin/env bash
# What tells others how a host is: Prometheus' exporter, the check of Nagios and its kin, mail: role.sh apply | check | remove.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${MAIL_TO?}" "${VERIFY?}"

readonly EXPORTER=prometheus-node-exporter.service

role_apply() {
  local timers=(linode-ha-monitoring.timer) timer
  ensure_packages
  if [[ -n $MAIL_TO ]] && applying && ! command -v mail >/dev/null; then
    die "$EXIT_REFUSED" "mail is to be sent to $MAIL_TO, and this host has no program for that" "give it a MailRelay, and this component its steps in \"after\""
  fi
  if [[ -z $VERIFY ]]; then remove_timer linode-ha-verify.timer; fi
  install_files
  reload_units
  enable_unit "$EXPORTER"
  if file_changed /etc/default/prometheus-node-exporter && systemctl is-active --quiet "$EXPORTER"; then
    restart_unit "$EXPORTER" "its settings changed"
  else
    start_unit "$EXPORTER"
  fi
  if [[ -n $VERIFY ]]; then timers+=(linode-ha-verify.timer); fi
  for timer in "${timers[@]}"; do
    enable_unit "$timer"
    if file_changed "/etc/systemd/system/$timer" && systemctl is-active --quiet "$timer"; then
      restart_unit "$timer" "its times changed"
    else
      start_unit "$timer"
    fi
  done
}

# remove_timer UNIT: one that an earlier version of the step started. The peer has it now, or nobody.
remove_timer() {
  if [[ -e /etc/systemd/system/$1 ]] && applying; then remove_unit "$1"; fi
}

role_remove() {
  local unit
  for unit in linode-ha-monitoring.timer linode-ha-verify.timer "$EXPORTER"; do remove_unit "$unit"; done
  remove_files
  systemctl daemon-reload
  rm -rf "$LHA_BASE/monitoring" /var/lib/prometheus/node-exporter/linode-ha.prom
  result kept "the packages"
}

role_main "$@"
