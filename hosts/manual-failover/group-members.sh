#!/usr/bin/env bash
# What ha-group can start and stop: member is_started|start|stop "KIND WORDS...". Sourced by ha-group, which brings say, GROUP, NODE, RUN and the
# DRBD library. Called as conditions, where a failing command does not end a function: each must return its failure itself.

# member VERB "KIND WORDS..."
member() {
  local verb=$1 words
  read -ra words <<<"$2"
  "${verb}_${words[0]}" "${words[@]:1}"
}

# --- drbd RESOURCE MINOR
is_started_drbd() {
  drbd_read "$2"
  [[ $DRBD_ROLE == Primary ]]
}

start_drbd() {
  drbdadm primary "$1"
}

stop_drbd() {
  local tries=0
  until drbdadm secondary "$1"; do
    if ((++tries >= 5)); then return 1; fi
    sleep 1
  done
}

# --- filesystem DEVICE MOUNTPOINT TYPE OPTIONS
is_started_filesystem() {
  [[ $(findmnt -rno SOURCE -M "$2") == "$1" ]]
}

start_filesystem() {
  mkdir -p "$2" || return 1
  # JFS does not replay its journal when it is mounted: its fsck does, and 0 and 1 mean that all is well now.
  if [[ $3 == jfs ]]; then
    fsck.jfs -a "$1" >&2 || (($? == 1)) || return 1
  fi
  mount -t "$3" -o "$4" "$1" "$2"
}

stop_filesystem() {
  local tries=0
  until umount "$2"; do
    if ((++tries >= 10)); then
      fuser -vm "$2" >&2 || :
      return 1
    fi
    sleep 1
  done
}

# --- unit NAME
is_started_unit() {
  systemctl is-active --quiet "$1"
}

start_unit() {
  systemctl reset-failed "$1" 2>/dev/null || :
  if systemctl start "$1"; then return 0; fi
  journalctl -u "$1" -n 20 --no-pager -o cat >&2 || :
  return 1
}

stop_unit() {
  systemctl stop "$1"
}

# --- address ADDRESS PREFIX INTERFACE: with a look whether somebody has it, and word to the neighbours.
is_started_address() {
  [[ -n $(ip -o address show dev "$3" to "$1/$(full_prefix "$1")" 2>/dev/null) ]]
}

full_prefix() {
  if [[ $1 == *:* ]]; then printf 128; else printf 32; fi
}

start_address() {
  if [[ $3 == lo ]]; then
    ip address add "$1/$2" dev lo || return 1
  elif [[ $1 == *:* ]]; then
    start_address6 "$@"
  else
    if ! arping -q -D -c 1 -w 1 -I "$3" "$1"; then
      say "somebody on $3 already has $1; is the group active on the peer?"
      return 1
    fi
    ip address add "$1/$2" dev "$3" || return 1
    # As requests and as answers: neighbours differ in which they believe. Beside the rest of the start, and without its lock.
    arping -q -U -c 3 -w 4 -I "$3" "$1" </dev/null >/dev/null 2>&1 9>&- &
    printf '%s\n' "$!" >"$RUN/announce-$1"
    arping -q -A -c 3 -w 4 -I "$3" "$1" </dev/null >/dev/null 2>&1 9>&- &
    printf '%s\n' "$!" >>"$RUN/announce-$1"
  fi
}

# The kernel looks for duplicates, and with ndisc_notify tells the neighbours when it has found none.
start_address6() {
  local begun=$SECONDS state
  sysctl -q -w "net/ipv6/conf/$3/ndisc_notify=1" || return 1
  ip -6 address add "$1/$2" dev "$3" || return 1
  while :; do
    state=$(ip -6 -o address show dev "$3" to "$1/128")
    if [[ $state == *dadfailed* ]]; then
      ip -6 address del "$1/$2" dev "$3"
      say "somebody on $3 already has $1; is the group active on the peer?"
      return 1
    fi
    if [[ $state != *tentative* ]]; then return 0; fi
    if ((SECONDS - begun >= 10)); then
      ip -6 address del "$1/$2" dev "$3"
      say "$1 did not become usable on $3 within 10 s"
      return 1
    fi
    sleep 0.1
  done
}

stop_address() {
  local pid
  # An announcement that goes on would make the next node believe that the address is still here.
  if [[ -e $RUN/announce-$1 ]]; then
    while read -r pid; do
      if [[ $(cat "/proc/$pid/comm" 2>/dev/null) == arping ]]; then kill "$pid" 2>/dev/null || :; fi
    done <"$RUN/announce-$1"
    rm -f "$RUN/announce-$1"
  fi
  ip address del "$1/$2" dev "$3"
}

# --- mail TO: never in the way.
is_started_mail() {
  [[ -e $RUN/mail-$GROUP ]]
}

start_mail() {
  : >"$RUN/mail-$GROUP"
  tell "$1" "is active on $NODE"
}

stop_mail() {
  rm -f "$RUN/mail-$GROUP"
  tell "$1" "is being stopped on $NODE"
}

tell() {
  printf 'Group %s %s, at %s.\n' "$GROUP" "$2" "$(date)" | timeout 10 mail -s "($GROUP) $2" "$1" ||
    say "the mail to $1 could not be sent"
}
