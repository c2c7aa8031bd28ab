#!/usr/bin/env bash
# DRBD's fence-peer handler (fencing resource-and-stonith) for a pair without a cluster manager: powers the peer off through the
# Linode API. The kernel calls it, through drbdadm, when a Primary has lost its peer (all I/O waits meanwhile) and before a
# disconnected node is promoted.
#
# Exit 7 only when the API has confirmed that the peer is off. Anything else ends with 1, which leaves I/O frozen and refuses the
# promotion. Never 5 (peer unreachable): DRBD then takes the peer for dead and goes on writing.
#
# drbd-fence-peer outdate-first: for a pair under Heartbeat v1. While heartbeats still pass, the peer is asked to mark its side outdated,
# which is as good as off (exit 4, or 3: it was Inconsistent anyway). Only a peer that does not answer is powered off, and at once: the
# Heartbeat of a peer that lives waits longer than DRBD before it shoots, so that the side that writes shoots first.
set -euo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The kernel starts its helpers with nothing open: the first word to say would fail, and end the run before anybody is fenced.
if [[ ! -e /dev/fd/0 ]]; then exec </dev/null; fi
if [[ ! -e /dev/fd/1 ]]; then exec >/dev/null; fi
if [[ ! -e /dev/fd/2 ]]; then exec 2>/dev/null; fi

readonly CONF=/etc/linode-ha/fencing.conf AGENT=/usr/sbin/fence_linode RUN=/run/linode-ha
# drbdadm gives its handlers 600 s; what comes later is not heard any more.
readonly BUDGET=540 RETRY=5
readonly OUTDATER=/usr/libexec/heartbeat/drbd-peer-outdater OUTDATE_SECONDS=3

# A failing command's own code must not become an answer to DRBD.
verdict=unknown
trap 'case $verdict in inconsistent) exit 3 ;; outdated) exit 4 ;; fenced) exit 7 ;; ended) exit 0 ;; *) exit 1 ;; esac' EXIT

# say PRIORITY WORDS...: to the system log and whoever runs this by hand.
say() {
  local priority=$1
  shift
  printf '%s: %s\n' "${DRBD_RESOURCE:-?}" "$*" >&2
  logger -t linode-ha-fencing -p "daemon.$priority" -- "${DRBD_RESOURCE:-?}: $*" || :
}

give_up() {
  say crit "the peer is NOT fenced: $*"
  exit 1
}

# uptime_ms: milliseconds since the boot, untouched by clock jumps.
uptime_ms() {
  local up
  read -r up _ </proc/uptime
  printf '%s' "$((10#${up/./}0))"
}

# look: one read of the state of every volume; sets ROLE (Primary if any is) and CONNECTED, and stops unless all of them are UpToDate.
# A node that is not UpToDate cannot know whether the peer went on without it: shooting the peer might shoot the only good data.
look() {
  local minor
  ROLE=Secondary CONNECTED=no
  for minor in $DRBD_MINOR; do
    drbd_read "$minor"
    if drbd_connected; then CONNECTED=yes; fi
    if [[ $DRBD_ROLE == Primary ]]; then ROLE=Primary; fi
    if [[ $DRBD_DISK != UpToDate ]]; then
      give_up "this side is $DRBD_DISK (minor $minor), not UpToDate; bring the peer back, and do not force this one"
    fi
  done
}

# agent ACTION [NAME=VALUE...]: runs the fence agent; its words go to the log.
agent() {
  local words
  if words=$({
    printf '%s\n' "action=$1" "plug=$PEER_ID" "self_plug=$SELF_ID" "api_url=$API_URL" "token_file=$TOKEN_FILE" "ca_file=${CA_FILE:-}"
    shift
    printf '%s\n' "$@"
  } | "$AGENT" 2>&1); then
    say notice "$PEER_NAME (Linode $PEER_ID): ${words//$'\n'/ }"
  else
    say crit "$PEER_NAME (Linode $PEER_ID): ${words//$'\n'/ }"
    return 1
  fi
}

# boot_later: whoever is off is booted again after a while in which other resources' handlers still find it off.
boot_later() {
  if [[ ${AFTER:-boot} != boot ]] || systemctl is-active --quiet "linode-ha-boot-$PEER_ID.timer"; then return 0; fi
  timeout 10 systemd-run --quiet --collect --unit="linode-ha-boot-$PEER_ID" --on-active="${BOOT_AFTER:-20}" -- \
    "$AGENT" --action on --plug "$PEER_ID" --api-url "$API_URL" --token-file "$TOKEN_FILE" ${CA_FILE:+--ca-file "$CA_FILE"} ||
    say warning "$PEER_NAME stays off; boot it: $AGENT --action on --plug $PEER_ID --api-url $API_URL"
}

# fence SECONDS: tries for so long, one handler at a time. Returns 0 when the peer was seen off since this handler began.
fence() {
  local begun now stamp deadline wait_first=$DELAY
  begun=$(uptime_ms)
  deadline=$((begun + $1 * 1000))
  mkdir -p "$RUN"
  exec 9>"$RUN/fence-$PEER_ID.lock"
  flock -w "$1" 9 || return 1
  while :; do
    stamp=$(cat "$RUN/fenced-$PEER_ID" 2>/dev/null || printf 0)
    if ((stamp >= begun)); then
      say notice "$PEER_NAME was confirmed off for another resource just now"
      return 0
    fi
    now=$(uptime_ms)
    if agent off "delay=$wait_first" "power_timeout=$(shorter "$POWER_TIMEOUT" "$(((deadline - now) / 1000))")"; then
      uptime_ms >"$RUN/fenced-$PEER_ID.new"
      mv "$RUN/fenced-$PEER_ID.new" "$RUN/fenced-$PEER_ID"
      return 0
    fi
    wait_first=0
    look
    if [[ $CONNECTED == yes ]]; then give_up "but it is connected again"; fi
    now=$(uptime_ms)
    if [[ $ROLE != Primary ]] || ((now + (RETRY + 10) * 1000 >= deadline)); then return 1; fi
    sleep "$RETRY"
  done
}

shorter() {
  if (($1 < $2)); then printf '%s' "$1"; else printf '%s' "$2"; fi
}

# outdate: asks the peer, through Heartbeat, to mark its side outdated. Ends the run where that settles it; returns where nobody answers.
# This side's dopd crashes when it is asked for two resources at once, for the second after a first, and for a peer that Heartbeat takes
# for dead; Heartbeat starts it again. So one handler asks at a time, and asks again where the answer is missing before its time is up.
outdate() {
  local code begun
  mkdir -p "$RUN"
  exec 8>"$RUN/outdate-$PEER_ID.lock"
  if ! flock -w "$((2 * OUTDATE_SECONDS))" 8; then return 0; fi
  begun=$(uptime_ms)
  while :; do
    if [[ $(timeout 2 cl_status nodestatus "$PEER_NAME" 2>/dev/null || :) != active ]]; then return 0; fi
    code=0
    timeout "$((OUTDATE_SECONDS + 1))" "$OUTDATER" -p "$PEER_NAME" -r "$DRBD_RESOURCE" -t "$OUTDATE_SECONDS" >/dev/null 2>&1 || code=$?
    case $code in
      3) verdict=inconsistent ;;
      4) verdict=outdated ;;
      6) give_up "it lives, and is Primary" ;;
      *)
        # dopd is gone, or not there yet: Heartbeat needs about a second for a new one.
        if (($(uptime_ms) - begun < OUTDATE_SECONDS * 1000)); then
          sleep 0.2
          continue
        fi
        say notice "$PEER_NAME does not answer the wish to be outdated (code $code)"
        exec 8>&-
        return 0
        ;;
    esac
    say warning "the replication to $PEER_NAME is lost; it has marked its side $verdict and will not be promoted"
    exit
  done
}

# handler: what the kernel waits for.
handler() {
  look
  if [[ $CONNECTED == yes ]]; then give_up "but it is connected"; fi
  if [[ ${1:-} == outdate-first ]]; then
    outdate
    DELAY=0
  fi
  say warning "the peer $PEER_NAME is lost (this side: $ROLE); fencing it"
  if fence "$BUDGET"; then
    boot_later
    verdict=fenced
    exit
  fi
  if [[ $ROLE == Primary ]]; then
    # Nobody calls a handler twice. This goes on trying, and lets I/O go on by itself.
    timeout 10 systemd-run --quiet --collect --unit="linode-ha-fence-$DRBD_RESOURCE" --setenv=DRBD_RESOURCE="$DRBD_RESOURCE" \
      --setenv=DRBD_MINOR="$DRBD_MINOR" --setenv=DRBD_PEERS="$PEER_NAME" -- "${BASH_SOURCE[0]}" later ||
      say crit "cannot go on trying in the background"
    give_up "I/O on this resource stays FROZEN until it is; by hand: make sure that $PEER_NAME is off, then drbdadm resume-io $DRBD_RESOURCE"
  fi
  give_up "this node is not promoted"
}

# later: in a unit of its own, after drbdadm would have stopped listening.
later() {
  look
  until fence "$BUDGET"; do
    look
    if [[ $CONNECTED == yes || $ROLE != Primary ]]; then give_up "but there is no need to any more"; fi
    sleep "$RETRY"
  done
  look
  if [[ $CONNECTED == no && $ROLE == Primary ]]; then drbdadm resume-io "$DRBD_RESOURCE"; fi
  say notice "$PEER_NAME is confirmed off: I/O goes on"
  boot_later
  verdict=ended
}

if [[ ! -r $CONF ]]; then give_up "there is no $CONF: deploy again"; fi
# shellcheck source=/dev/null
. "$CONF"
: "${PEER_NAME:?}" "${PEER_ID:?}" "${SELF_ID:?}" "${API_URL:?}" "${TOKEN_FILE:?}" "${DELAY:?}" "${POWER_TIMEOUT:?}"
: "${DRBD_RESOURCE:?}" "${DRBD_MINOR:?}" "${DRBD_PEERS:=${DRBD_PEER:-}}"
# shellcheck source=../lib/drbd.sh
. "$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/drbd.sh"
if [[ $DRBD_PEERS != "$PEER_NAME" ]]; then
  give_up "DRBD names the peer \"$DRBD_PEERS\", but $CONF knows \"$PEER_NAME\": they must be the same"
fi
if [[ ${1:-} == later ]]; then later; else handler "$@"; fi
