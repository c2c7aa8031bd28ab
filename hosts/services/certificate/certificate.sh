#!/usr/bin/env bash
# Usage: ha-certificate renew NAME [--force] | status NAME | paths NAME
# One certificate that both nodes of a pair have. `renew` takes the peer's if that lasts longer, and has a new one issued (ACME, DNS-01) when
# neither lasts long enough: the first node in time, the second some days later, should the first be away. --force: now, whatever it lasts.
# For the peer, over SSH: `answer NAME` runs what it asked for: export | take.
set -euo pipefail
export LC_ALL=C
umask 077

ROOT=${CERTIFICATE_ROOT-}
# Days that the second node leaves the first to renew before it does so itself.
readonly PATIENCE_DAYS=5 ISSUE_SECONDS=1800 PEER_SECONDS=40 LOCK_SECONDS=120

refuse() {
  printf 'error: %s\n  where: certificate %s on %s\n  do: %s\n' "$1" "$NAME" "$(uname -n)" "$2" >&2
  exit "${3:-10}"
}

settings() {
  local file=$ROOT/etc/linode-ha/certificates/$NAME/settings
  if [[ ! -r $file ]]; then
    printf 'error: no certificate %s on this host\n  do: ls %s\n' "$NAME" "${file%/*/*}" >&2
    exit 2
  fi
  # shellcheck source=/dev/null
  . "$file"
  : "${DOMAINS:?}" "${RENEW_DAYS:?}" "${POSITION:?}" "${PEER_NAME:?}" "${PEER_ADDRESS:?}" "${RELOAD?}"
  CONFIG=${file%/*}
  STORE=$ROOT/var/lib/linode-ha/certificates/$NAME
  mkdir -p "$STORE"
}

# ends FILE: when the first certificate in it ends, in seconds since 1970.
ends() {
  local text
  text=$(openssl x509 -in "$1" -noout -enddate) || return 1
  date -d "${text#notAfter=}" +%s
}

# whole FOLDER: a key and a certificate that belong together, for exactly the names that are wanted, and valid now.
whole() {
  local names
  [[ -s $1/fullchain.pem && -s $1/privkey.pem ]] || return 1
  openssl x509 -in "$1/fullchain.pem" -noout -checkend 0 >/dev/null 2>&1 || return 1
  [[ $(openssl x509 -in "$1/fullchain.pem" -noout -pubkey) == "$(openssl pkey -in "$1/privkey.pem" -pubout 2>/dev/null)" ]] || return 1
  names=$(openssl x509 -in "$1/fullchain.pem" -noout -ext subjectAltName | grep -o 'DNS:[^,]*' | cut -c 5- | sort | paste -sd' ')
  [[ $names == "$(tr ' ' '\n' <<<"$DOMAINS" | sort | paste -sd' ')" ]]
}

days_left() {
  printf '%d' "$((($(ends "$STORE/live/fullchain.pem") - $(date +%s)) / 86400))"
}

# put_live FOLDER: from now on this is the certificate. Both files change at once, as whoever opens them sees it.
put_live() {
  local kept
  kept=$(mktemp -d "$STORE/v.XXXXXX")
  # The key stays root's alone: servers read it before they give their rights away.
  install -m 0644 "$1/fullchain.pem" "$kept/fullchain.pem"
  install -m 0600 "$1/privkey.pem" "$kept/privkey.pem"
  chmod 0755 "$kept" "$STORE"
  sync -f "$kept"
  ln -sfn "${kept##*/}" "$STORE/live.new"
  mv -T "$STORE/live.new" "$STORE/live"
  sync "$STORE"
  find "$STORE" -mindepth 1 -maxdepth 1 -name 'v.*' ! -name "${kept##*/}" -exec rm -rf {} +
  reload
}

reload() {
  local unit
  for unit in $RELOAD; do
    if systemctl is-active --quiet "$unit" && ! systemctl reload-or-restart "$unit"; then
      printf 'error: %s did not take the new certificate\n  do: systemctl status %s\n' "$unit" "$unit" >&2
    fi
  done
}

ask_peer() {
  timeout -k 5 "$PEER_SECONDS" ssh -F none -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$CONFIG/peer.known" -o IdentitiesOnly=yes -i "$CONFIG/peer.key" "root@$PEER_ADDRESS" "$@"
}

# take_peers: the peer's certificate becomes ours if it lasts longer. Says with 1 that nothing came of it.
take_peers() {
  local got
  got=$(mktemp -d "$STORE/from-peer.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$got'" RETURN
  ask_peer export 2>/dev/null | tar -x -C "$got" --no-same-owner fullchain.pem privkey.pem 2>/dev/null || return 1
  whole "$got" || return 1
  if whole "$STORE/live" && (($(ends "$got/fullchain.pem") <= $(ends "$STORE/live/fullchain.pem"))); then return 1; fi
  put_live "$got"
  printf 'took the certificate of %s, which ends on %s\n' "$PEER_NAME" "$(date -u -d "@$(ends "$STORE/live/fullchain.pem")" +%F)"
}

# due: whether this node is to have a new one issued.
due() {
  local days=$RENEW_DAYS
  whole "$STORE/live" || return 0
  if ((POSITION == 2)); then days=$((RENEW_DAYS - PATIENCE_DAYS)); fi
  (($(days_left) < days))
}

client() {
  timeout -k 10 "$ISSUE_SECONDS" dehydrated --config "$CONFIG/dehydrated" "$@"
}

issue() {
  local out=$STORE/issued log=$STORE/issue.log domains
  read -ra domains <<<"$DOMAINS"
  rm -rf "$out"
  mkdir -p "$out"
  if ! issue_once "$out" "${domains[*]}" >"$log" 2>&1; then
    # An authority that has forgotten this account takes it for a stranger.
    if ! grep -q 'accountDoesNotExist' "$log" || ! { rm -rf "$STORE/acme/accounts" && issue_once "$out" "${domains[*]}" >"$log" 2>&1; }; then
      tail -n 12 "$log" >&2
      refuse "no certificate for $DOMAINS was issued" "read the words above; all of them are in $log; then: ha-certificate renew $NAME"
    fi
  fi
  whole "$out/$NAME" || refuse "what was issued is not for exactly $DOMAINS" "look at $out and $log" 1
  put_live "$out/$NAME"
  rm -rf "$out"
  printf 'a new certificate for %s, which ends on %s\n' "$DOMAINS" "$(date -u -d "@$(ends "$STORE/live/fullchain.pem")" +%F)"
}

issue_once() {
  mkdir -p "$STORE/acme"
  client --register --accept-terms && client --cron --force --accept-terms --domain "$2" --alias "$NAME" --out "$1"
}

renew() {
  local force=$1
  exec 9>"$STORE/lock"
  flock -w "$LOCK_SECONDS" 9 || refuse "another renewal has been at work for $LOCK_SECONDS s" "wait for its end: journalctl -u linode-ha-certificate@$NAME" 12
  if [[ -z $force ]]; then
    take_peers || : # it has none, or none that lasts longer, or it is away
    if ! due; then return 0; fi
  fi
  issue
  # Should it be away, it takes it when it is back.
  if ! ask_peer take; then printf '%s did not take it now; it asks for it by itself\n' "$PEER_NAME" >&2; fi
}

status() {
  local left
  if ! whole "$STORE/live"; then
    printf '%s: there is no certificate for %s\n' "$NAME" "$DOMAINS"
    return 1
  fi
  left=$(days_left)
  printf '%s: %s days left, for %s\n' "$NAME" "$left" "$DOMAINS"
  # Both nodes have had their turn by then.
  ((left >= RENEW_DAYS - PATIENCE_DAYS - 5))
}

answer() {
  case ${SSH_ORIGINAL_COMMAND-} in
    export)
      whole "$STORE/live" || refuse "there is none" "ha-certificate renew $NAME"
      tar -c -C "$STORE/live/" fullchain.pem privkey.pem
      ;;
    take)
      exec 9>"$STORE/lock"
      flock -w 20 9 || refuse "it is being renewed here" "nothing: it is asked for again" 12
      take_peers >&2
      ;;
    *) refuse "the peer may ask for export and take only" "nothing" 2 ;;
  esac
}

case ${1-}:${2-}:${3-}:$# in
  renew:?*::2 | renew:?*:--force:3 | status:?*::2 | paths:?*::2 | answer:?*::2) NAME=$2 ;;
  *)
    sed -n 's/^# Usage: /usage: /p' "$0" >&2
    exit 2
    ;;
esac
if [[ ! $NAME =~ ^[a-z][a-z0-9-]*$ ]]; then
  printf 'error: %s is not a name of a certificate\n' "$NAME" >&2
  exit 2
fi
settings
case $1 in
  renew) renew "${3-}" ;;
  status) status ;;
  answer) answer ;;
  paths) printf '%s\n' "$STORE/live/fullchain.pem" "$STORE/live/privkey.pem" ;;
esac
