#!/usr/bin/env bash
# Usage: ha-check [--now] [TOPIC]   (drbd, manager, fencing, replication, certificates, backups, verify or checks; default all of them)
# A check as Nagios and its kin run it: one line and details, exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Answers at once from what was
# collected last, for any user; --now collects first, for root.
set -euo pipefail
export LC_ALL=C

ROOT=${MONITORING_ROOT-}
readonly FACTS=$ROOT/var/lib/prometheus/node-exporter/linode-ha.prom COLLECT=/usr/local/lib/linode-ha/monitoring/facts
readonly TOPICS=(drbd manager fencing replication certificates backups verify checks)
readonly DAY=86400

end() {
  local words=(OK WARNING CRITICAL UNKNOWN)
  printf 'LINODE-HA %s - %s\n' "${words[$1]}" "$2"
  shift 2
  if (($# > 0)); then printf '%s\n' "$@"; fi
}

unknown() {
  end 3 "$@"
  exit 3
}

now=no
if [[ ${1-} == --now ]]; then
  now=yes
  shift
fi
if (($# > 1)) || [[ -n ${1-} && " ${TOPICS[*]} " != *" $1 "* ]]; then
  unknown "usage: ha-check [--now] [$(
    IFS='|'
    printf '%s' "${TOPICS[*]}"
  )]"
fi
# shellcheck source=/dev/null
. "$ROOT/etc/linode-ha/monitoring/settings" 2>/dev/null || unknown "this host is not watched: /etc/linode-ha/monitoring/settings is missing"
: "${INTERVAL:?}" "${LAG_SECONDS:?}" "${CERTIFICATE_DAYS:?}" "${VERIFY?}" "${VERIFY_DAYS:?}" "${UNFENCED:?}"

if [[ $now == yes ]]; then
  facts=$("$ROOT$COLLECT" 2>&1) || unknown "nothing could be collected (as root?): $(tail -n 1 <<<"$facts")"
else
  facts=$(cat "$FACTS" 2>/dev/null) || unknown "nothing was collected yet: systemctl status linode-ha-monitoring.timer"
  age=$(($(date +%s) - $(stat -c %Y "$FACTS")))
  ((age <= INTERVAL * 3 + 120)) || unknown "what was collected is $age s old: systemctl status linode-ha-monitoring.timer"
fi

declare -A VALUE=()
while read -r name value; do
  if [[ $name == linode_ha_* ]]; then VALUE[${name#linode_ha_}]=$value; fi
done <<<"$facts"
clock=$(date +%s)
CRITICAL=() WARNING=() WELL=() PERFORMANCE=()

# of NAME LABEL=VALUE...: one sample; nothing where there is none.
of() {
  local key=$1 one labels=""
  shift
  for one; do labels+="${labels:+,}${one%%=*}=\"${one#*=}\""; done
  printf '%s' "${VALUE[$key{$labels\}]-}"
}

# labels NAME LABEL: the label's values among the samples of that name, one a line.
labels() {
  local key
  for key in "${!VALUE[@]}"; do
    if [[ $key == "$1{"* && $key =~ [{,]$2=\"([^\"]*)\" ]]; then printf '%s\n' "${BASH_REMATCH[1]}"; fi
  done | sort -u
}

said() {
  sed -n "s/^# said $1 //p" <<<"$facts" | head -n 1
}

topic_drbd() {
  local volume words
  for volume in $(labels drbd_connected resource); do
    words="volume $volume: $(said "drbd-$volume")"
    PERFORMANCE+=("${volume}_out_of_sync=$(of drbd_out_of_sync_bytes "resource=$volume")B")
    if [[ $(of drbd_standalone "resource=$volume") == 1 ]]; then
      CRITICAL+=("volume $volume is StandAlone: SPLIT BRAIN, or a person disconnected it; see: linode-ha status, linode-ha recover split-brain")
    elif [[ $(of drbd_connected "resource=$volume") == 0 ]]; then
      CRITICAL+=("$words; its sides are parted")
    elif [[ $(of drbd_resyncing "resource=$volume") == 1 ]]; then
      WARNING+=("$words; being brought up to date")
    elif [[ $(of drbd_uptodate "resource=$volume" side=own)$(of drbd_uptodate "resource=$volume" side=peer) != 11 ]]; then
      CRITICAL+=("$words; not both sides have all data")
    elif (($(of drbd_out_of_sync_bytes "resource=$volume") > 0)); then
      CRITICAL+=("$words; both sides count as UpToDate and DIFFER; see: linode-ha verify $volume")
    else
      WELL+=("volume $volume UpToDate/UpToDate")
    fi
  done
}

check_of() {
  if [[ $(of check_ok "check=$1") == 1 ]]; then WELL+=("$1"); else CRITICAL+=("$1: $(said "$1")"); fi
}

is_manager() {
  [[ $1 == pacemaker || $1 == heartbeat ]]
}

topic_manager() {
  local check
  for check in $(labels check_ok check); do
    if is_manager "$check"; then check_of "$check"; fi
  done
}

# What is judged from its figures is not told a second time.
topic_checks() {
  local check
  for check in $(labels check_ok check); do
    if is_manager "$check" || [[ $check == drbd-* ]]; then continue; fi
    if [[ $check == certificate-* && -n $(of certificate_end_timestamp_seconds "name=${check#certificate-}") ]]; then continue; fi
    check_of "$check"
  done
}

topic_fencing() {
  case ${VALUE[fencing_enabled]-} in
    1) WELL+=("fencing") ;;
    0)
      if [[ $UNFENCED == yes ]]; then
        WELL+=("no fencing, as accepted")
      else
        CRITICAL+=("FENCING IS OFF: nodes that lose each other may both go on, or none; see: linode-ha status")
      fi
      ;;
  esac
}

topic_replication() {
  local thread lag=${VALUE[replication_lag_seconds]-}
  for thread in $(labels replication_running thread); do
    if [[ $(of replication_running "thread=$thread") == 0 ]]; then
      CRITICAL+=("the database's replication ($thread) does not run: this side becomes stale")
    fi
  done
  if [[ -z $lag ]]; then return 0; fi
  PERFORMANCE+=("replication_lag=${lag}s;$LAG_SECONDS")
  if ((lag > LAG_SECONDS)); then CRITICAL+=("the database is $lag s behind, more than $LAG_SECONDS"); else WELL+=("replication $lag s behind"); fi
}

topic_certificates() {
  local name left
  for name in $(labels certificate_end_timestamp_seconds name); do
    left=$((($(of certificate_end_timestamp_seconds "name=$name") - clock) / DAY))
    PERFORMANCE+=("certificate_$name=${left}d")
    if ((left < 7)); then
      CRITICAL+=("certificate $name ends in $left days")
    elif ((left < CERTIFICATE_DAYS)); then
      WARNING+=("certificate $name ends in $left days, and was not renewed")
    else
      WELL+=("certificate $name $left days")
    fi
  done
}

topic_backups() {
  local name last age
  for name in $(labels backup_last_timestamp_seconds name); do
    last=$(of backup_last_timestamp_seconds "name=$name")
    age=$((clock - last))
    if ((last == 0)) && ((clock - VALUE[monitoring_begun_timestamp_seconds] < $(of backup_alarm_seconds "name=$name"))); then
      WARNING+=("backup $name: there is none yet")
    elif ((last == 0)); then
      CRITICAL+=("backup $name: there is none")
    elif ((age > $(of backup_alarm_seconds "name=$name"))); then
      CRITICAL+=("backup $name: the last good one is $((age / 3600)) h old")
    else
      WELL+=("backup $name $((age / 3600)) h old")
    fi
  done
}

topic_verify() {
  local volume different last
  for volume in $VERIFY; do
    different=$(of drbd_verify_different_bytes "resource=$volume")
    last=$(of drbd_verified_timestamp_seconds "resource=$volume")
    last=${last:-0}
    if [[ ${different:-0} != 0 ]]; then
      CRITICAL+=("volume $volume: verification found $different bytes that differ; see: linode-ha verify $volume")
    elif ((clock - (last > VALUE[monitoring_begun_timestamp_seconds] ? last : VALUE[monitoring_begun_timestamp_seconds]) > VERIFY_DAYS * DAY)); then
      WARNING+=("volume $volume was not verified for $VERIFY_DAYS days: journalctl -u linode-ha-verify")
    elif ((last > 0)); then
      WELL+=("volume $volume verified $(((clock - last) / DAY)) days ago")
    fi
  done
}

for topic in "${TOPICS[@]}"; do
  if [[ -z ${1-} || $1 == "$topic" ]]; then "topic_$topic"; fi
done

figures=""
if ((${#PERFORMANCE[@]} > 0)); then figures=" | ${PERFORMANCE[*]}"; fi
if ((${#CRITICAL[@]} > 0)); then
  end 2 "${CRITICAL[0]//|//}$figures" "${CRITICAL[@]:1}" "${WARNING[@]}"
  exit 2
elif ((${#WARNING[@]} > 0)); then
  end 1 "${WARNING[0]//|//}$figures" "${WARNING[@]:1}"
  exit 1
elif ((${#WELL[@]} == 0)); then
  end 0 "nothing to look at$figures"
else
  end 0 "$(
    IFS=,
    printf '%s' "${WELL[*]}"
  )$figures"
fi
