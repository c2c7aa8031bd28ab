#!/usr/bin/env bash
# ha-health: the state of this node as one JSON object, from every check in /etc/linode-ha/health.d; exit 1 unless all are well.
# A check is an executable that prints a line and exits 0 or not; it has ten seconds.
set -euo pipefail
export LC_ALL=C

json_string() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/; }
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

if (($# > 0)); then
  printf 'usage: ha-health\n' >&2
  exit 2
fi
healthy=true
checks=()
for check in /etc/linode-ha/health.d/*; do
  if [[ ! -x $check ]]; then continue; fi
  ok=true
  if detail=$(timeout -k 1 10 "$check" 2>&1 </dev/null); then :; else
    status=$?
    ok=false
    healthy=false
    if ((status == 124 || status == 137)); then detail="no answer within 10 s. $detail"; fi
  fi
  name=${check##*/}
  checks+=("{\"name\":$(json_string "${name#[0-9][0-9]-}"),\"ok\":$ok,\"detail\":$(json_string "$detail")}")
done
(
  IFS=,
  printf '{"healthy":%s,"checks":[%s]}\n' "$healthy" "${checks[*]-}"
)
[[ $healthy == true ]]
