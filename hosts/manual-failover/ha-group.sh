#!/usr/bin/env bash
# ha-group: failover by hand. What a group runs is started in order, and stopped the other way round.
#   ha-group list
#   ha-group status GROUP [--json]                 exit 0: active here, 3: not, 1: partly
#   ha-group start GROUP                           only where it is safe: connected, UpToDate, not active on the peer
#   ha-group stop GROUP
#   ha-group take-over GROUP [--peer-is-off]       when the peer is gone; the option is your word that it is powered off
#                   [--force-unsafe REASON]        also without the latest data: acknowledged writes may be lost. REASON is logged
#   ha-group boot GROUP                            what the boot does on the preferred node: waits for the peer, starts where that is safe
# Exit codes: 1 something failed, 2 usage, 10 refused, 11 refused because it would not be safe, 12 timed out.
set -euo pipefail
export LC_ALL=C PATH=${HA_GROUP_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}

# Another root folder, for tests.
readonly ROOT=${HA_GROUP_ROOT:-}
readonly LIB=$ROOT/usr/local/lib/linode-ha GROUPS_DIR=$ROOT/etc/linode-ha/groups STATE=$ROOT/var/lib/linode-ha/state RUN=$ROOT/run/linode-ha
# shellcheck source=../lib/drbd.sh
. "$LIB/drbd.sh"
# shellcheck source=group-members.sh
. "$LIB/group-members.sh"

say() {
  printf '%s: %s\n' "$GROUP" "$*" >&2
}

# die CODE WHAT DO...
die() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s\n  where: host %s, group %s\n' "$what" "${NODE:-$(uname -n)}" "${GROUP:-?}" >&2
  for way in "$@"; do printf '  do: %s\n' "$way" >&2; done
  exit "$code"
}

usage() {
  sed -nE '2,/^set /s/^# ?//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# read_group NAME: sets NODE, PEER, PREFERRED, CONNECT_WAIT, PEER_ADDRESSES and MEMBERS, one member's words an element.
read_group() {
  local word rest
  GROUP=$1 MEMBERS=() PEER_ADDRESSES="" CONNECT_WAIT=10
  if [[ ! $1 =~ ^[a-z0-9-]+$ || ! -r $GROUPS_DIR/$1 ]]; then die 2 "there is no such group" "see them: ha-group list"; fi
  while read -r word rest; do
    case $word in
      node) NODE=$rest ;;
      peer) PEER=$rest ;;
      preferred) PREFERRED=$rest ;;
      connect-wait) CONNECT_WAIT=$rest ;;
      peer-addresses) PEER_ADDRESSES=$rest ;;
      run) MEMBERS+=("$rest") ;;
    esac
  done <"$GROUPS_DIR/$1"
}

# each_drbd COMMAND...: with the resource and its minor as last words, for each of the group's resources.
each_drbd() {
  local member kind resource minor
  for member in "${MEMBERS[@]}"; do
    read -r kind resource minor <<<"$member"
    if [[ $kind == drbd ]]; then "$@" "$resource" "$minor"; fi
  done
}

# judge HOW RESOURCE MINOR: returns where this node may become Primary; otherwise says why not and what to do. HOW is start, peer-is-off or
# force. Adds to FORCE the resources that can be promoted by force only.
judge() {
  local how=$1 resource=$2 words
  drbd_read "$3"
  words="$resource is $(drbd_words)"
  if [[ $DRBD_ROLE == Primary ]]; then return 0; fi
  if [[ $DRBD_PEER_ROLE == Primary ]]; then
    die 11 "the group is active on $PEER ($words)" "on $PEER: ha-group stop $GROUP; then here: ha-group start $GROUP" \
      "if $PEER does not answer to you, power it off; then here: ha-group take-over $GROUP --peer-is-off"
  fi
  if [[ $DRBD_CS == Unconfigured ]]; then
    die 10 "resource $resource is not configured on this node" "systemctl start linode-ha-drbd@$resource"
  fi
  if [[ $how == force ]]; then
    if [[ $DRBD_DISK != UpToDate ]]; then FORCE+=("$resource"); fi
    return 0
  fi
  if [[ $DRBD_CS == StandAlone ]]; then
    die 11 "the two sides have parted, each may hold writes that the other lacks ($words)" \
      "see both sides and decide which to keep: linode-ha recover split-brain $resource --keep NODE"
  fi
  if [[ $DRBD_DISK != UpToDate ]]; then
    if drbd_connected; then
      die 11 "this side does not have all data yet ($words)" "wait for the resync: ha-group status $GROUP; then try again"
    fi
    die 11 "this side is not UpToDate, and $PEER, which may have later writes, is not connected$(alone_since "$resource") ($words)" \
      "bring $PEER back and let it resync" \
      "if $PEER is lost for good, and losing the writes that only it had is accepted: ha-group take-over $GROUP --force-unsafe 'why'"
  fi
  if drbd_connected || [[ $how == peer-is-off ]]; then return 0; fi
  die 11 "$PEER is not connected$(alone_since "$resource"), and may be active ($words)" \
    "see to the network between the nodes, or wait until $PEER is back" \
    "if $PEER is powered off, and stays off until this is decided: ha-group take-over $GROUP --peer-is-off"
}

# alone_since RESOURCE: since when, as peer-watch has seen it.
alone_since() {
  if [[ -r $RUN/alone-$1 ]]; then printf ' since %s' "$(<"$RUN/alone-$1")"; fi
}

connected_all() {
  all_connected=yes
  each_drbd note_connected
  [[ $all_connected == yes ]]
}

# shellcheck disable=SC2317 # called by name
note_connected() {
  drbd_read "$2"
  if ! drbd_connected && [[ $DRBD_ROLE != Primary ]]; then all_connected=no; fi
}

# await SECONDS COMMAND...
await() {
  local begun=$SECONDS limit=$1
  shift
  until "$@"; do
    if ((SECONDS - begun >= limit)); then return 12; fi
    sleep 0.3
  done
}

# peer_lives: whether anything of the peer answers; then its owner's word that it is off is wrong. All are asked at once: services wait.
peer_lives() {
  local address pids=() index=0 found=""
  for address in $PEER_ADDRESSES; do
    ping -q -c 3 -i 0.3 -W 1 "$address" >/dev/null 2>&1 9>&- &
    pids+=("$!")
  done
  for address in $PEER_ADDRESSES; do
    if wait "${pids[index++]}" && [[ -z $found ]]; then found=$address; fi
  done
  printf '%s' "$found"
  [[ -n $found ]]
}

# activate: all members in order; what was started is stopped again if one fails, so that nothing is left half running.
activate() {
  local index member resource
  for resource in ${FORCE[@]+"${FORCE[@]}"}; do
    say "promoting $resource by force"
    drbdadm primary --force "$resource"
  done
  for ((index = 0; index < ${#MEMBERS[@]}; index++)); do
    member=${MEMBERS[index]}
    if member is_started "$member"; then continue; fi
    say "starting $member"
    if ! member start "$member"; then
      say "$member did not start: stopping what was started"
      deactivate "$index" || :
      die 1 "$member did not start; the group is not active here" "read the words above, mend it, then: ha-group start $GROUP"
    fi
  done
  if [[ $(systemctl is-active "linode-ha-group@$GROUP.service" 2>/dev/null) == @(inactive|failed) ]]; then
    # Only so that a shutdown stops the group in order.
    systemctl start --no-block "linode-ha-group@$GROUP.service"
  fi
  say "active on this node"
}

# deactivate LAST: the members up to LAST, the other way round. A member that does not stop holds up those before it: they carry it.
deactivate() {
  local index member
  for ((index = $1; index >= 0; index--)); do
    member=${MEMBERS[index]:-}
    if [[ -z $member ]] || ! member is_started "$member"; then continue; fi
    say "stopping $member"
    member stop "$member" || return 1
  done
}

note() {
  mkdir -p "$STATE"
  printf '%s %s %s\n' "$(date -u +%FT%TZ)" "$GROUP" "$*" >>"$STATE/ha-group.log"
  logger -t ha-group -p daemon.notice -- "$GROUP: $*" 2>/dev/null || :
}

do_start() {
  FORCE=()
  await "$CONNECT_WAIT" connected_all || :
  each_drbd judge start
  activate
  note "started on $NODE"
}

do_stop() {
  deactivate $((${#MEMBERS[@]} - 1)) ||
    die 1 "a member did not stop; what is below it was left as it is" "see what holds it, then: ha-group stop $GROUP"
  say "not active on this node"
  note "stopped on $NODE"
}

do_take_over() {
  local how=start reason="" answer=""
  FORCE=()
  while (($# > 0)); do
    case $1 in
      --peer-is-off) how=peer-is-off ;;
      --force-unsafe)
        reason=${2:-}
        if [[ -z ${reason// /} ]]; then usage; fi
        how=force
        shift
        ;;
      *) usage ;;
    esac
    shift
  done
  if [[ $how != start ]] && ! connected_all && answer=$(peer_lives); then
    die 11 "$PEER answers at $answer: it is not off, and may be active" "power it off first; or stop the group there: ha-group stop $GROUP"
  fi
  each_drbd judge "$how"
  if [[ $how != start ]]; then note "take-over ($how) on $NODE${reason:+, because: $reason}"; fi
  activate
  note "took over on $NODE"
}

# do_boot: the peer may take longer to come than any limit; until it does, or a person decides, nothing is known to be safe. Without the
# lock while it waits, so that a person can decide.
do_boot() {
  if [[ $NODE != "$PREFERRED" ]]; then
    say "$PREFERRED is the preferred node: nothing to start here"
    return 0
  fi
  if ! await "$CONNECT_WAIT" ready_or_decided; then
    say "$PEER is not there, or the data is not: waiting; to go on without it: ha-group take-over $GROUP --peer-is-off"
    until ready_or_decided; do sleep 1; done
  fi
  lock
  if [[ -e $RUN/decided-$GROUP ]]; then
    say "a person has decided on the group since the boot: nothing to start here"
    return 0
  fi
  elsewhere=no
  each_drbd note_elsewhere
  if [[ $elsewhere == yes ]]; then
    say "active on $PEER: nothing to start here"
    return 0
  fi
  FORCE=()
  each_drbd judge start
  activate
  note "started at boot on $NODE"
}

ready_or_decided() {
  if [[ -e $RUN/decided-$GROUP ]]; then return 0; fi
  all_ready=yes
  each_drbd note_ready
  [[ $all_ready == yes ]]
}

# shellcheck disable=SC2317 # called by name
note_ready() {
  drbd_read "$2"
  if [[ $DRBD_ROLE == Primary || $DRBD_PEER_ROLE == Primary ]]; then return 0; fi
  if ! drbd_connected || [[ $DRBD_DISK != UpToDate ]]; then all_ready=no; fi
}

# shellcheck disable=SC2317 # called by name
note_elsewhere() {
  drbd_read "$2"
  if [[ $DRBD_PEER_ROLE == Primary ]]; then elsewhere=yes; fi
}

lock() {
  exec 9>"$RUN/group-$GROUP.lock"
  flock -w 600 9 || die 12 "another ha-group was at work on this group for 10 minutes" "see what it does: ps -ef | grep ha-group"
}

# do_status: a member a line; or one JSON object.
do_status() {
  local json=no member state started=0 list=()
  if [[ ${1:-} == --json ]]; then json=yes; fi
  for member in "${MEMBERS[@]}"; do
    state=stopped
    if member is_started "$member"; then
      state=started
      started=$((started + 1))
    fi
    list+=("{\"member\":\"$member\",\"state\":\"$state\"}")
    if [[ $json == no ]]; then printf '%-8s %s%s\n' "$state" "$member" "$(drbd_detail "$member")"; fi
  done
  if [[ $json == yes ]]; then
    (
      IFS=,
      printf '{"group":"%s","node":"%s","active":%s,"members":[%s]}\n' "$GROUP" "$NODE" \
        "$( ((started == ${#MEMBERS[@]})) && printf true || printf false)" "${list[*]}"
    )
  fi
  if ((started == ${#MEMBERS[@]})); then return 0; fi
  if ((started == 0)); then return 3; fi
  return 1
}

drbd_detail() {
  local kind resource minor
  read -r kind resource minor <<<"$1"
  if [[ $kind == drbd ]]; then
    drbd_read "$minor"
    printf '   %s' "$(drbd_words)"
  fi
}

main() {
  local verb=${1:-}
  if [[ $verb == list && $# == 1 ]]; then
    ls "$GROUPS_DIR"
    return 0
  fi
  if (($# < 2)) || [[ ! $verb =~ ^(status|start|stop|take-over|boot)$ ]]; then usage; fi
  if [[ $verb != take-over && $verb != status ]] && (($# > 2)); then usage; fi
  if ((EUID != 0)) && [[ -z $ROOT ]]; then die 2 "this must run as root"; fi
  read_group "$2"
  shift 2
  mkdir -p "$RUN"
  if [[ $verb != status && $verb != boot ]]; then
    # The boot's own start no longer has a say. Not before the lock: it may be at work on just that.
    lock
    : >"$RUN/decided-$GROUP"
  fi
  "do_${verb//-/_}" "$@"
}

main "$@"
