#!/usr/bin/env bash
# systemd units.

# reload_units: after unit files changed.
reload_units() {
  if file_changed '/etc/systemd/system/*' && applying; then systemctl daemon-reload; fi
}

# enable_unit UNIT: comes back by itself after a boot.
enable_unit() {
  if systemctl is-enabled --quiet "$1" 2>/dev/null; then return 0; fi
  if applying; then systemctl enable --quiet "$1"; fi
  changed "enabled $1"
}

disable_unit() {
  # A static unit, which nothing enables, counts as enabled for --quiet.
  if [[ $(systemctl is-enabled "$1" 2>/dev/null) != enabled* ]]; then return 0; fi
  if applying; then systemctl disable --quiet "$1"; fi
  changed "disabled $1"
}

# start_unit UNIT: running now; on failure says what the unit said.
start_unit() {
  if systemctl is-active --quiet "$1"; then return 0; fi
  if applying && ! systemctl start "$1"; then
    journalctl -u "$1" -n 20 --no-pager -o cat >&2 || :
    die "$EXIT_REFUSED" "unit $1 did not start" "read its words above, and: journalctl -u $1"
  fi
  changed "started $1"
}

# restart_unit UNIT WHY
restart_unit() {
  if applying && ! systemctl restart "$1"; then
    journalctl -u "$1" -n 20 --no-pager -o cat >&2 || :
    die "$EXIT_REFUSED" "unit $1 did not start again" "read its words above, and: journalctl -u $1"
  fi
  changed "restarted $1: $2"
}

# remove_unit UNIT: stopped and not started at boot. Succeeds where there is none.
remove_unit() {
  if systemctl is-active --quiet "$1"; then
    if ! systemctl stop "$1"; then
      die "$EXIT_REFUSED" "unit $1 did not stop" "see what keeps it: journalctl -u $1"
    fi
    changed "stopped $1"
  fi
  disable_unit "$1"
}
