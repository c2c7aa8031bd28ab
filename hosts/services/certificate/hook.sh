#!/usr/bin/env bash
# What the ACME client calls: it puts challenges into the zone, and takes them away. HOOK_SETTINGS names the settings of linode-dns.
# The client hands over all of them at once: the name, a file name that DNS does not need, and the value, three words each.
set -euo pipefail

operation=${1-}
shift || :
case $operation in
  deploy_challenge | clean_challenge)
    words=()
    while (($# >= 3)); do
      words+=("$1" "$3")
      shift 3
    done
    verb=present
    if [[ $operation == clean_challenge ]]; then verb=withdraw; fi
    "${LINODE_DNS:-/usr/local/lib/linode-ha/linode-dns}" "${HOOK_SETTINGS:?}" "$verb" ${words[@]+"${words[@]}"}
    ;;
esac
