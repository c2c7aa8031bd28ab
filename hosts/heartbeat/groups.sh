#!/bin/bash
# heartbeat-groups: what of each group of haresources runs on this node, by a look at the thing itself: Heartbeat does not watch it.
#   group NAME PREFERRED      one line a group, then for each of its jobs
#   job WORD running|stopped  WORD as in haresources
# Mail is no job that could run.
set -u
export LC_ALL=C
FILE=${HARESOURCES:-/etc/ha.d/haresources}

# Groups of words, a line each; read without -r joins what a backslash continues.
# shellcheck disable=SC2162 # Heartbeat joins those lines too
mapfile -t LINES < <(while read line || [[ -n $line ]]; do printf '%s\n' "$line"; done <"$FILE")

# One look at each kind of thing: a process for every job takes longer than a health check may.
PRIMARY="" MOUNTED="" ADDRESSES="" ACTIVE="" units=()
while read -r minor _ roles _; do
  if [[ $roles == ro:Primary/* ]]; then PRIMARY+=" ${minor%:} "; fi
done 2>/dev/null </proc/drbd
while read -r device folder _; do MOUNTED+=" $device:$folder "; done </proc/mounts
while read -r _ _ _ address _; do ADDRESSES+=" ${address%%/*} "; done < <(ip -o address show)
for line in "${LINES[@]}"; do
  read -ra words <<<"$line"
  for word in ${words[@]+"${words[@]}"}; do
    if [[ $word == linode-ha-unit::* ]]; then units+=("${word#*::}"); fi
  done
done
if ((${#units[@]} > 0)); then
  mapfile -t states < <(systemctl is-active "${units[@]}")
  for index in "${!units[@]}"; do
    if [[ ${states[index]-} == active ]]; then ACTIVE+=" ${units[index]} "; fi
  done
fi

# primary RESOURCE
primary() {
  local MINOR=""
  # shellcheck source=/dev/null
  . "/etc/linode-ha/drbd/$1" 2>/dev/null
  [[ $PRIMARY == *" $MINOR "* ]]
}

# plain ADDRESS: sets PLAIN to it, an IPv6 address as `ip` writes it; haresources has all of its eight parts.
plain() {
  PLAIN=$1
  if [[ $1 == *:* ]]; then PLAIN=$(ip -6 route get "$1" 2>/dev/null | awk '{ print $1 == "local" ? $2 : $1; exit }'); fi
}

# runs KIND FIRST SECOND: whether a job does what its start did.
runs() {
  case $1 in
    drbddisk) primary "$2" ;;
    linode-ha-mount) [[ $MOUNTED == *" $2:$3 "* ]] ;;
    IPaddr2 | linode-ha-address)
      plain "${2%%/*}"
      [[ $ADDRESSES == *" $PLAIN "* ]]
      ;;
    linode-ha-unit) [[ $ACTIVE == *" $2 "* ]] ;;
    *) return 1 ;;
  esac
}

name=""
for line in "${LINES[@]}"; do
  read -ra words <<<"$line"
  if ((${#words[@]} == 0)); then continue; fi
  if [[ ${words[0]} == "#" ]]; then
    if [[ ${words[1]-} == group ]]; then name=${words[2]-}; fi
    continue
  fi
  printf 'group %s %s\n' "${name:-${words[1]-}}" "${words[0]}"
  name=""
  for word in "${words[@]:1}"; do
    kind=${word%%::*} rest=${word#*::}
    if [[ $kind == MailTo ]]; then continue; fi
    first=${rest%%::*} second=${rest#*::}
    if runs "$kind" "$first" "${second%%::*}"; then state=running; else state=stopped; fi
    printf 'job %s %s\n' "$word" "$state"
  done
done
