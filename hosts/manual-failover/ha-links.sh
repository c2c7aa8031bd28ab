#!/usr/bin/env bash
# Paths that point into a replicated file system on the active node only.
#   ha-links start|stop|status GROUP   the group's links appear | disappear | are there (exit 3 if not)
#   ha-links reset                     at boot: no link is left over from before a crash
# On the standby a path is the node's own, so that packages can be upgraded there. On the active node that own version waits beside it
# as PATH.linode-ha-own. Nothing is ever overwritten or deleted but links that this program made.
set -euo pipefail
export LC_ALL=C

readonly LISTS=${HA_GROUP_ROOT:-}/etc/linode-ha/links OWN=.linode-ha-own

fail() {
  printf 'error: %s\n  do: %s\n' "$1" "$2" >&2
  exit 10
}

is_ours() {
  [[ -L $1 && $(readlink "$1") == "$2" ]]
}

# start_link PATH TARGET. The first time ever, what the node has at PATH is copied to TARGET: the active node's is the one that counts.
start_link() {
  local path=$1 target=$2
  if is_ours "$path" "$target"; then
    [[ -e $path ]] || fail "$path points to $target, which is not there" "is its file system mounted? findmnt"
    return 0
  fi
  if [[ ! -e $target ]]; then
    [[ -d ${target%/*} && -e $path && ! -L $path ]] ||
      fail "$target is not there, and $path has nothing to begin with" "mount the file system, or make $target"
    printf 'first time: copying %s to %s\n' "$path" "$target"
    rm -rf "$target.linode-ha-new"
    cp -a "$path" "$target.linode-ha-new"
    sync -f "$target.linode-ha-new"
    mv -T "$target.linode-ha-new" "$target"
  fi
  if [[ -e $path || -L $path ]]; then
    [[ ! -e $path$OWN && ! -L $path$OWN ]] ||
      fail "both $path and $path$OWN are there" "see which of the two this node needs, and move the other away"
    mv -T "$path" "$path$OWN"
  fi
  ln -s "$target" "$path"
  printf '%s -> %s\n' "$path" "$target"
}

stop_link() {
  local path=$1 target=$2
  if is_ours "$path" "$target"; then
    rm "$path"
    printf '%s is the node'"'"'s own again\n' "$path"
  fi
  if [[ ! -e $path && ! -L $path ]] && [[ -e $path$OWN || -L $path$OWN ]]; then mv -T "$path$OWN" "$path"; fi
}

# each VERB LIST: for every link of the list.
each() {
  local path target
  while read -r path target; do
    case $1 in
      start) start_link "$path" "$target" ;;
      stop) stop_link "$path" "$target" ;;
      status) if ! is_ours "$path" "$target" || [[ ! -e $path ]]; then exit 3; fi ;;
    esac
  done <"$2"
}

case ${1:-} in
  start | stop | status)
    if (($# == 2)) && [[ $2 =~ ^[a-z0-9-]+$ && -r $LISTS/$2 ]]; then
      each "$1" "$LISTS/$2"
      exit 0
    fi
    ;;
  reset)
    if (($# == 1)); then
      for list in "$LISTS"/*; do
        # A boot finds no unit active; a later run must not take the links away from under a service.
        if [[ -r $list ]] && ! systemctl is-active --quiet "linode-ha-links@${list##*/}.service"; then each stop "$list"; fi
      done
      exit 0
    fi
    ;;
esac
printf 'usage: %s start|stop|status GROUP\n       %s reset\n' "${0##*/}" "${0##*/}" >&2
exit 2
