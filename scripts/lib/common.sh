# shellcheck shell=bash
# What the scripts of this folder share. Source it; it needs `set -euo pipefail` in its caller.

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() {
  printf '==> %s\n' "$*" >&2
}

# What is wrong, then what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  printf '       %s\n' "$2" >&2
  exit 1
}

# Runs a command with root's rights, and with this user's environment, so that caches and the lab's state stay in one place.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -E env "PATH=$PATH" "HOME=$HOME" "$@"
  else
    die "root is needed for: $*" "Run this as root, or install sudo."
  fi
}

require_node() {
  command -v node >/dev/null ||
    die "Node.js is missing" "Install Node.js 20 or later, for example from https://nodejs.org or with: apt-get install nodejs npm (Debian 13)."
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  ((major >= 20)) || die "Node.js $(node --version) is too old" "Install Node.js 20 or later."
  command -v npm >/dev/null || die "npm is missing" "Install it beside Node.js: apt-get install npm, or use Node.js from https://nodejs.org."
}

# ensure_commands COMMAND=PACKAGE...: installs the packages whose command is missing; without any, it does nothing at all.
ensure_commands() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  ((${#missing[@]} > 0)) || return 0
  install_packages "${missing[@]}"
}

# unpack_commands FOLDER COMMAND=PACKAGE...: what is missing, unpacked there and put into PATH. For packages that would start a server.
unpack_commands() {
  local folder=$1 pair file
  shift
  mkdir -p "$folder"
  export PATH="$PATH:$folder/usr/bin:$folder/usr/sbin"
  for pair in "$@"; do
    if command -v "${pair%%=*}" >/dev/null; then continue; fi
    command -v apt-get >/dev/null || die "missing: ${pair%%=*}" "Install ${pair#*=} with this system's package manager; only Debian's is known here."
    say "unpacking ${pair#*=}"
    (cd "$folder" && { apt-get download -q=2 "${pair#*=}" 2>/dev/null || { as_root apt-get update -q=2 && apt-get download -q=2 "${pair#*=}"; }; })
    for file in "$folder/${pair#*=}"_*.deb; do dpkg --extract "$file" "$folder"; done
  done
}

# Debian would run it as a service of this machine: only the program is wanted.
readonly unwanted_service=nginx-light:nginx.service

# install_packages PACKAGE...: those that are known to be missing.
install_packages() {
  local missing=("$@")
  command -v apt-get >/dev/null || die "missing: ${missing[*]}" "Install them with this system's package manager; only Debian's is known here."
  say "installing ${missing[*]}"
  if [[ " ${missing[*]} " == *" ${unwanted_service%%:*} "* && -d /run/systemd/system ]]; then
    as_root systemctl mask --quiet "${unwanted_service#*:}"
  fi
  as_root apt-get update -q=2
  # In runlevel 1 nothing is started where there is no systemd either.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 PREVLEVEL=1 apt-get install -y -q=2 --no-install-recommends "${missing[@]}"
}

# The browser that tests drive a site with, and what tells it whose certificates to believe.
ensure_browser() {
  ensure_commands chromium=chromium chromedriver=chromium-driver certutil=libnss3-tools
}

# Installs the npm packages of the lock file unless exactly those are there.
ensure_packages() {
  if node "$project_root/scripts/packagesMatchLock.js" "$project_root"; then
    return 0
  fi
  say "installing npm packages"
  (cd "$project_root" && npm ci --no-audit --no-fund --loglevel=error --prefer-offline)
}

# Compiles what changed since the last time.
build() {
  say "compiling"
  (cd "$project_root" && npm run --silent build)
}
