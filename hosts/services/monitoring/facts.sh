#!/usr/bin/env bash
# Usage: facts
# What is known of this host's availability, in Prometheus' text format: what its own health checks say, and what they say it from. The words
# of a check that fails are in a comment, for people. Run as root; nothing here changes anything.
set -euo pipefail
export LC_ALL=C

ROOT=${MONITORING_ROOT-}
# shellcheck source=../../lib/drbd.sh
. "$ROOT/usr/local/lib/linode-ha/drbd.sh"
readonly STATE=$ROOT/var/lib/linode-ha/monitoring
# The order is that of the output: all samples of a name must stand together.
readonly NAMES=(
  check_ok drbd_connected drbd_uptodate drbd_primary drbd_standalone drbd_resyncing drbd_out_of_sync_bytes
  drbd_verified_timestamp_seconds drbd_verify_different_bytes fencing_enabled replication_running replication_lag_seconds
  certificate_end_timestamp_seconds backup_last_timestamp_seconds backup_alarm_seconds monitoring_begun_timestamp_seconds
)
declare -Ar HELP=(
  [check_ok]="Whether a health check of ha-health is content."
  [drbd_connected]="Whether both sides of the volume talk to each other."
  [drbd_uptodate]="Whether a side has all data, as this host knows it."
  [drbd_primary]="Whether this side may be written to."
  [drbd_standalone]="Whether this side refuses its peer: after a split brain, or because a person disconnected it."
  [drbd_resyncing]="Whether one side is being brought up to date."
  [drbd_out_of_sync_bytes]="What is known to differ between the sides."
  [drbd_verified_timestamp_seconds]="When a scheduled verification last went through; 0: never."
  [drbd_verify_different_bytes]="What that verification found to differ."
  [fencing_enabled]="Whether a lost node would be powered off."
  [replication_running]="Whether a thread of MariaDB's replication to this host runs."
  [replication_lag_seconds]="How far this host is behind in the database."
  [certificate_end_timestamp_seconds]="When a certificate ends."
  [backup_last_timestamp_seconds]="When the last good backup was begun; 0: there is none."
  [backup_alarm_seconds]="The age from which on that is too old."
  [monitoring_begun_timestamp_seconds]="Since when this host is watched."
)
declare -A SAMPLES=()

# sample NAME LABELS VALUE; labels as LABEL=VALUE,…
sample() {
  local pair labels=""
  for pair in ${2//,/ }; do labels+="${labels:+,}${pair%%=*}=\"${pair#*=}\""; done
  SAMPLES[$1]+="linode_ha_$1${labels:+{$labels\}} $3"$'\n'
}

# yes COMMAND...: 1 if it succeeds, else 0.
yes() {
  if "$@"; then printf 1; else printf 0; fi
}

# The object is ha-health's own, on one line: names without quotes, and details whose quotes are escaped.
checks() {
  local json one name
  json=$("$ROOT/usr/local/sbin/ha-health" 2>/dev/null) || :
  while IFS= read -r one; do
    [[ $one =~ ^\{\"name\":\"([A-Za-z0-9._-]+)\",\"ok\":(true|false),\"detail\":\"(.*)\"$ ]] || continue
    name=${BASH_REMATCH[1]}
    sample check_ok "check=$name" "$(yes test "${BASH_REMATCH[2]}" = true)"
    printf '# said %s %s\n' "$name" "$(sed -E 's/\\(["\\])/\1/g' <<<"${BASH_REMATCH[3]}")"
  done < <(grep -oE '\{"name":"[^"]*","ok":(true|false),"detail":"([^"\\]|\\.)*"' <<<"$json")
  if [[ -z $json ]]; then sample check_ok check=ha-health 0; fi
}

volumes() {
  local file RESOURCE MINOR verified
  for file in "$ROOT"/etc/linode-ha/drbd/*; do
    [[ -f $file ]] || continue
    RESOURCE=$(sed -n 's/^RESOURCE=//p' "$file") MINOR=$(sed -n 's/^MINOR=//p' "$file")
    drbd_read "$MINOR"
    sample drbd_connected "resource=$RESOURCE" "$(yes drbd_connected)"
    sample drbd_uptodate "resource=$RESOURCE,side=own" "$(yes test "$DRBD_DISK" = UpToDate)"
    sample drbd_uptodate "resource=$RESOURCE,side=peer" "$(yes test "$DRBD_PEER_DISK" = UpToDate)"
    sample drbd_primary "resource=$RESOURCE" "$(yes test "$DRBD_ROLE" = Primary)"
    sample drbd_standalone "resource=$RESOURCE" "$(yes test "$DRBD_CS" = StandAlone)"
    sample drbd_resyncing "resource=$RESOURCE" "$(yes resyncing)"
    sample drbd_out_of_sync_bytes "resource=$RESOURCE" "$((DRBD_OUT_OF_SYNC * 1024))"
    verified=$STATE/verified-$RESOURCE
    if [[ " ${VERIFY-} " == *" $RESOURCE "* ]]; then
      sample drbd_verified_timestamp_seconds "resource=$RESOURCE" "$(stat -c %Y "$verified" 2>/dev/null || printf 0)"
    fi
    if [[ -s $verified ]]; then sample drbd_verify_different_bytes "resource=$RESOURCE" "$(<"$verified")"; fi
  done
}

resyncing() {
  [[ $DRBD_CS == @(SyncSource|SyncTarget|PausedSyncS|PausedSyncT) ]]
}

# Where nothing is moved and nothing replicated, nobody has to be fenced.
fencing() {
  local enabled=0
  if [[ -s $ROOT/etc/linode-ha/fencing.conf && -s $ROOT/etc/linode-ha/fencing.token ]]; then enabled=1; fi
  if systemctl is-enabled --quiet pacemaker.service 2>/dev/null; then
    # A cluster that does not answer is a failed check of its own.
    if [[ $(timeout 5 crm_attribute --type crm_config --name stonith-enabled --query --quiet 2>/dev/null || printf true) != true ]]; then enabled=0; fi
  elif [[ ! -e $ROOT/etc/ha.d/ha.cf && -z $(ls -A "$ROOT/etc/linode-ha/drbd" 2>/dev/null || :) ]]; then
    return 0
  fi
  sample fencing_enabled "" "$enabled"
}

replication() {
  local state lag
  [[ -S $ROOT/run/mysqld/mysqld.sock ]] || return 0
  state=$(timeout -k 1 5 mariadb --batch --vertical --socket="$ROOT/run/mysqld/mysqld.sock" <<<'SHOW ALL SLAVES STATUS' 2>/dev/null) || return 0
  [[ -n $state ]] || return 0
  for thread in IO SQL; do
    sample replication_running "thread=${thread,,}" "$(yes grep -q "^ *Slave_${thread}_Running: Yes" <<<"$state")"
  done
  lag=$(sed -n 's/^ *Seconds_Behind_Master: //p' <<<"$state" | head -n 1)
  if [[ $lag =~ ^[0-9]+$ ]]; then sample replication_lag_seconds "" "$lag"; fi
}

certificates() {
  local file name end
  for file in "$ROOT"/var/lib/linode-ha/certificates/*/live/fullchain.pem "$ROOT/etc/mysql/linode-ha/node.crt"; do
    [[ -s $file ]] || continue
    name=mariadb
    if [[ $file == */live/* ]]; then
      name=${file%/live/*}
      name=${name##*/}
    fi
    end=$(openssl x509 -in "$file" -noout -enddate 2>/dev/null) || end="notAfter=@0"
    sample certificate_end_timestamp_seconds "name=$name" "$(date -d "${end#notAfter=}" +%s)"
  done
}

backups() {
  local file name base hours each last
  for file in "$ROOT"/etc/linode-ha/backup/*/settings; do
    [[ -r $file ]] || continue
    name=${file%/settings} name=${name##*/} last=0
    base=$(sed -n "s/^BASE='\(.*\)'$/\1/p" "$file") hours=$(sed -n "s/^ALARM_HOURS='\(.*\)'$/\1/p" "$file")
    # Their names sort by time.
    for each in "$base"/snapshots/*/manifest; do
      if [[ -s $each && $each =~ /([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z/manifest$ ]]; then
        last="${BASH_REMATCH[1]}-${BASH_REMATCH[2]}-${BASH_REMATCH[3]} ${BASH_REMATCH[4]}:${BASH_REMATCH[5]}:${BASH_REMATCH[6]}"
      fi
    done
    if [[ $last != 0 ]]; then last=$(date -u -d "$last" +%s); fi
    sample backup_last_timestamp_seconds "name=$name" "$last"
    sample backup_alarm_seconds "name=$name" "$((hours * 3600))"
  done
}

if (($# > 0)); then
  sed -n 's/^# Usage: /usage: /p' "$0" >&2
  exit 2
fi
# shellcheck source=/dev/null
. "$ROOT/etc/linode-ha/monitoring/settings"
checks
volumes
fencing
replication
certificates
backups
sample monitoring_begun_timestamp_seconds "" "$(stat -c %Y "$STATE/begun" 2>/dev/null || date +%s)"
for name in "${NAMES[@]}"; do
  if [[ -n ${SAMPLES[$name]-} ]]; then
    printf '# HELP linode_ha_%s %s\n# TYPE linode_ha_%s gauge\n%s' "$name" "${HELP[$name]}" "$name" "${SAMPLES[$name]}"
  fi
done
