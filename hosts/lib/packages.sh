#!/usr/bin/env bash
# Debian packages and kernel modules.

readonly POLICY=/usr/sbin/policy-rc.d
readonly POLICY_MARK='# linode-ha: services start when their role says so, not when they are unpacked'

package_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing_packages() {
  local name
  for name in $PACKAGES; do
    if ! package_installed "$name"; then printf '%s ' "$name"; fi
  done
}

# ensure_packages: installs those of $PACKAGES that are missing; the list of packages is fetched only if it must be.
ensure_packages() {
  local missing
  missing=$(missing_packages)
  if [[ -z $missing ]]; then return 0; fi
  if applying; then
    # One run of apt at a time, whichever steps are at work. Released with the subshell, also when it is killed.
    (
      exec 8>"$LHA_BASE/locks/.apt"
      if ! flock -n 8; then
        say "another step is installing packages: waiting up to 10 minutes for it"
        flock -w 600 8 || die "$EXIT_TIMED_OUT" "another step kept the package system for 10 minutes" \
          "see what it does: ps -ef | grep apt-get"
      fi
      install_packages "$missing"
    )
  fi
  changed "installed ${missing% }"
}

# install_packages NAMES: under the lock.
install_packages() {
  local names word tries=0
  read -ra names <<<"$1"
  clean_policy
  if [[ -n $(dpkg --audit) ]]; then
    say "finishing an installation that was interrupted"
    DEBIAN_FRONTEND=noninteractive dpkg --configure -a </dev/null
  fi
  trap clean_policy EXIT
  if [[ ! -e $POLICY ]]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
    chmod 0755 "$POLICY"
  fi
  say "installing ${names[*]}"
  if all_known "${names[@]}" && apt_install "${names[@]}"; then return 0; fi
  until apt_get update; do
    if ((++tries >= 3)); then
      die "$EXIT_REFUSED" "apt-get update failed $tries times" "check the host's way to its package mirror: apt-get update"
    fi
    say "apt-get update failed; trying again in 5 s"
    sleep 5
  done
  if ! apt_install "${names[@]}"; then
    for word in "${names[@]}"; do
      if ! all_known "$word"; then
        die "$EXIT_REFUSED" "package $word is in none of the host's package sources" \
          "use an image of Debian 12 or 13 with its 'main' section in /etc/apt/sources.list*"
      fi
    done
    die "$EXIT_REFUSED" "apt-get could not install: ${names[*]}" "read apt's words above, mend them, then run the step again"
  fi
}

apt_install() {
  apt_get install --no-install-recommends "$@"
}

# all_known NAMES...: whether apt knows a version of each to install.
all_known() {
  local name
  for name in "$@"; do
    if [[ $(apt-cache policy "$name") != *Candidate:\ [0-9]* ]]; then return 1; fi
  done
}

# apt_get WORDS...: its many words are shown only when it fails.
apt_get() {
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  return 1
}

# clean_policy: takes away our policy-rc.d, also one that a killed run left; never somebody else's.
clean_policy() {
  if grep -qsF "$POLICY_MARK" "$POLICY"; then rm -f "$POLICY"; fi
}

# require_modules NAMES...: refuses where the running kernel lacks a module, and says how to get a kernel that has it.
require_modules() {
  local name lacking=()
  for name in "$@"; do
    if [[ -d /sys/module/$name ]] || modprobe -n -q "$name"; then continue; fi
    lacking+=("$name")
  done
  if ((${#lacking[@]} == 0)); then return 0; fi
  if [[ -d /lib/modules/$(uname -r) ]]; then
    die "$EXIT_REFUSED" "the running kernel $(uname -r) has no module: ${lacking[*]}" \
      "install the full kernel (apt-get install linux-image-$(dpkg --print-architecture)), remove the cloud flavour, reboot, run the step again"
  fi
  die "$EXIT_REFUSED" "the running kernel $(uname -r) is not the distribution's and has no module: ${lacking[*]}" \
    "boot the distribution's own kernel: on Linode set the configuration profile's kernel to linode/grub2 and reboot"
}
