#!/usr/bin/env bash
# Usage: turn     (linode-ha-monitoring.service, every so often)
# Collects what is known of this host, for Prometheus and for ha-check, and mails when that has become bad or well again: not at the first
# look, so that a moment's trouble mails nobody, and once a day for as long as it stays bad.
set -euo pipefail
export LC_ALL=C

ROOT=${MONITORING_ROOT-}
readonly LIB=$ROOT/usr/local/lib/linode-ha/monitoring FACTS=$ROOT/var/lib/prometheus/node-exporter/linode-ha.prom
readonly STATE=$ROOT/var/lib/linode-ha/monitoring REMIND=86400
# shellcheck source=/dev/null
. "$ROOT/etc/linode-ha/monitoring/settings"
: "${MAIL_TO?}"
mkdir -p "$STATE" "${FACTS%/*}"
if [[ ! -e $STATE/begun ]]; then : >"$STATE/begun"; fi

# Whole or not at all; a name that Prometheus' exporter does not read until then.
"$LIB/facts" >"$FACTS.new"
chmod 0644 "$FACTS.new"
mv "$FACTS.new" "$FACTS"
if [[ -z $MAIL_TO ]]; then exit 0; fi

code=0
words=$("$ROOT/usr/local/sbin/ha-check") || code=$?
was=0 seen=0 told=0 at=0
if [[ -r $STATE/told ]]; then read -r was seen told at <"$STATE/told" || :; fi
# 0: well, 1: bad. A second look that says the same is believed.
bad=$((code > 0))
if ((bad == was)); then seen=$((seen + 1)); else was=$bad seen=1; fi
now=$(date +%s)
if ((seen >= 2)) && { ((bad != told)) || ((bad == 1 && now - at >= REMIND)); }; then
  subject="$(uname -n): $(head -n 1 <<<"$words" | cut -d '|' -f 1 | cut -c 1-120)"
  if printf '%s\n\nTold by %s at %s. See: ha-check --now; linode-ha status\n' "$words" "$(uname -n)" "$(date)" | timeout 20 mail -s "$subject" "$MAIL_TO"; then
    told=$bad at=$now
  else
    printf 'the mail to %s could not be sent; tried again at the next turn\n' "$MAIL_TO" >&2
  fi
fi
printf '%s %s %s %s\n' "$was" "$seen" "$told" "$at" >"$STATE/told.new"
mv "$STATE/told.new" "$STATE/told"
