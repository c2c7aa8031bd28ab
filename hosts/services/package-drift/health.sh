#!/usr/bin/env bash
# Usage: packages-health
# Whether this node still has the packages that it had when the pair was compared last. Says the first names
# where not. Never a failure: other packages make no node unhealthy, and an update of the pair must not wait for them.
set -euo pipefail
compared=/var/lib/linode-ha/state/packages.compared
# shellcheck disable=SC2016 # dpkg's own fields
now=$(dpkg-query -W -f '${db:Status-Status} ${binary:Package} ${Version}\n' | sed -n 's/^installed //p' | sort)
if [[ ! -r $compared ]]; then
  printf 'packages: never compared\n'
  exit 0
fi
names=$({ diff "$compared" <(printf '%s\n' "$now") || :; } | sed -n 's/^[<>] \([^ ]*\) .*/\1/p' | sort -u)
if [[ -z $names ]]; then
  printf 'packages: as compared\n'
  exit 0
fi
printf 'packages: changed since the pair was compared: %s (do the same on the peer)\n' "$(head -n 5 <<<"$names" | tr '\n' ' ')"
