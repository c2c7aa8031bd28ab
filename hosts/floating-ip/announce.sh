#!/usr/bin/env bash
# Announces floating addresses to the route servers, through FRR that runs all the time: announce start|stop|watch|status NAME, and
# announce release. Only linode-ha-announce@NAME.service calls the first three: by hand, start and stop the unit or, better, move the group.
#
#   start    announces the address; done when FRR has it
#   stop     withdraws it; done when FRR no longer has it, or no longer runs
#   watch    stays, and announces again what FRR has lost by a restart of its own
#   status   exit 0 if this node announces it
#   release  takes every floating address off the interfaces that must not have it
set -euo pipefail
export LC_ALL=C PATH=${ANNOUNCE_PATH:+$ANNOUNCE_PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

readonly CONF=${ANNOUNCE_CONF:-/etc/linode-ha/announce} PATIENCE=${ANNOUNCE_PATIENCE:-30} EVERY=${ANNOUNCE_EVERY:-5} ASK_AFTER=${ANNOUNCE_ASK_AFTER:-12}

say() {
  printf '%s\n' "$*" >&2
}

# load NAME
load() {
  NAME=$1
  if [[ ! -r $CONF/$NAME ]]; then
    say "error: there is no floating address $NAME on this host"
    say "  do: one of these: $(cd "$CONF" 2>/dev/null && echo *)"
    exit 2
  fi
  # shellcheck source=/dev/null
  . "$CONF/$NAME"
  : "${NODE_AS:?}" "${FAMILY:?}" "${ADDRESS:?}" "${PREFIX:?}" "${ROUTE_MAP:?}" "${WHOLE_RANGE:?}"
}

frr() {
  local words=() word
  for word in "$@"; do words+=(-c "$word"); done
  timeout 15 vtysh -d bgpd "${words[@]}"
}

# running: FRR's configuration as it is now; fails where FRR does not answer or has not read its file yet.
running() {
  local text
  text=$(frr 'show running-config' 2>/dev/null) || return 1
  [[ $text == *$'\n'"router bgp $NODE_AS"* && $text == *"neighbor route-servers "* ]] || return 1
  printf '%s\n' "$text"
}

# announced: 0 yes, 1 no, 2 cannot say.
announced() {
  local text
  text=$(running) || return 2
  grep -qxF "  network $PREFIX route-map $ROUTE_MAP" <<<"$text"
}

# switch [no]: with "no", withdraws.
switch() {
  frr 'configure terminal' "router bgp $NODE_AS" "address-family $FAMILY unicast" "${1:+$1 }network $PREFIX route-map $ROUTE_MAP" >/dev/null
}

range_route() {
  if [[ $WHOLE_RANGE != yes ]]; then return 0; fi
  if [[ $1 == add ]]; then
    ip -6 route replace local "$PREFIX" dev lo
  else
    ip -6 route del local "$PREFIX" dev lo 2>/dev/null || :
  fi
}

start() {
  local begun=$SECONDS
  range_route add
  until switch 2>/dev/null && announced; do
    if ((SECONDS - begun >= PATIENCE)); then
      say "error: FRR did not announce $PREFIX within $PATIENCE s"
      say "  do: see what it says: journalctl -u frr, and: vtysh -c 'show bgp summary'"
      return 1
    fi
    sleep 0.2
  done
}

stop() {
  local begun=$SECONDS state
  while :; do
    switch no 2>/dev/null || :
    state=0
    announced || state=$?
    if [[ $state == 1 ]] || ! pidof bgpd >/dev/null; then break; fi
    if ((SECONDS - begun >= PATIENCE)); then
      # Two nodes that announce one address are worse than sessions that have to be made anew: FRR's watchdog starts it again.
      say "error: FRR did not withdraw $PREFIX within $PATIENCE s: ending its bgpd"
      # shellcheck disable=SC2046 # one word a process
      kill -KILL $(pidof bgpd) 2>/dev/null || :
      break
    fi
    sleep 0.2
  done
  range_route remove
}

# watch: looks for a new bgpd each time, which costs nothing, and asks FRR itself once in a while. An FRR that is slow to answer goes on
# announcing: only its clear no counts.
watch() {
  local seen now state looks=0 pause
  exec {pause}<> <(:)
  seen=$(bgpd_process)
  while :; do
    read -r -t "$EVERY" -u "$pause" || :
    now=$(bgpd_process)
    if [[ $now == "$seen" ]] && ((++looks < ASK_AFTER)); then continue; fi
    looks=0
    state=0
    announced || state=$?
    if [[ $state == 1 ]] || [[ $now != "$seen" && $state != 0 ]]; then
      say "FRR has lost the announcement of $PREFIX (its bgpd was restarted?): announcing it again"
      start || return 1
    fi
    seen=$now
  done
}

bgpd_process() {
  local process=""
  { read -r process </run/frr/bgpd.pid; } 2>/dev/null || :
  printf '%s' "$process"
}

# The provider's network setup gives a Linode's own extra addresses to its first interface at each boot; there, a node that does not
# have the address would still take it for its own.
release() {
  local file bits device
  for file in "$CONF"/*; do
    if [[ ! -f $file ]]; then continue; fi
    load "${file##*/}"
    while read -r bits device; do
      if ip address del "$ADDRESS/$bits" dev "$device"; then say "took $ADDRESS off $device"; fi
    done < <(misplaced "$ADDRESS")
  done
}

# misplaced ADDRESS: "BITS INTERFACE" for each interface beside lo that has it.
misplaced() {
  ip -o address show to "$1" | awk '$2 != "lo" { split($4, parts, "/"); print parts[2], $2 }'
}

case ${1:-} in
  start | stop | watch)
    load "${2:?name of a floating address}"
    "$1"
    ;;
  status)
    load "${2:?name of a floating address}"
    announced
    ;;
  release) release ;;
  *)
    say "usage: ${0##*/} start | stop | watch | status NAME, or ${0##*/} release"
    exit 2
    ;;
esac
