#!/usr/bin/env bash
# One of two MariaDB servers that replicate, before it knows its peer: role.sh apply | check | remove.
# Packages, settings, data (made once, only where nothing is), a key and a certificate of its own, and the server started. The private
# keys are made here and never leave; what the peer needs of them is public and is the step's result.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../../lib/mariadb.sh
. "$LHA_STEP_DIR/lib/mariadb.sh"
: "${CERTIFICATE_ROUND:?}" "${CERTIFICATE_DAYS:?}"

readonly UNIT=mariadb.service
readonly COPY_KEY=/etc/linode-ha/mariadb-copy.key NONLOCAL=/etc/sysctl.d/60-linode-ha-mariadb.conf
DATA=kept
PENDING=false

role_apply() {
  local renewed=no
  ensure_packages
  install_files
  reload_units
  # Before the server starts: it is to listen on an address that may be the other node's at that moment.
  if file_changed "$NONLOCAL" && applying; then sysctl -q -e -p "$NONLOCAL"; fi
  if [[ ! -r $MARIADB_SETTINGS ]] || ! command -v mariadbd >/dev/null; then return 0; fi # check mode on a fresh host: that is all of the answer
  mariadb_settings
  if identity_due; then
    if applying; then make_identity; fi
    renewed=yes
    changed "made a key and a certificate for $NODE_NAME"
  fi
  ensure_copy_key
  settings_accepted
  if [[ $MOUNTED == yes ]] && ! findmnt -rno SOURCE -M "$BASE" >/dev/null; then
    die "$EXIT_REFUSED" "$BASE is not mounted: the data belongs on a file system of its own" "see why: systemctl list-units --failed '*.mount'"
  fi
  make_data
  enable_unit "$UNIT"
  take_in "$renewed"
  result data "$DATA"
  result certificate "$(cat "$MARIADB_TLS/node.crt" 2>/dev/null || :)"
  result copyKey "$(cut -d ' ' -f 1,2 "$COPY_KEY.pub" 2>/dev/null || :)"
  result hostKey "$(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub 2>/dev/null || :)"
  result_raw restartPending "$PENDING"
}

identity_due() {
  [[ ! -s $MARIADB_TLS/node.key || ! -s $MARIADB_TLS/node.crt || ! -s $MARIADB_TLS/trusted.crt ]] ||
    [[ $(cat "$MARIADB_TLS/round" 2>/dev/null || :) != "$NODE_NAME $ADDRESS $CERTIFICATE_ROUND" ]]
}

# Signed by itself: the peer is told this very certificate over the deployment's own verified connection, and trusts it and no other. An
# authority would have to keep a key somewhere that can make more.
make_identity() {
  local fresh=$MARIADB_TLS/.new
  rm -rf "$fresh"
  install -d -m 0755 "$MARIADB_TLS"
  install -d -m 0700 "$fresh"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days "$CERTIFICATE_DAYS" \
    -subj "/CN=$NODE_NAME" -addext "subjectAltName=DNS:$NODE_NAME,IP:$ADDRESS" -addext basicConstraints=critical,CA:FALSE \
    -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth,clientAuth \
    -keyout "$fresh/node.key" -out "$fresh/node.crt" 2>"$fresh/words" ||
    die "$EXIT_REFUSED" "openssl could not make a certificate: $(tail -n 1 "$fresh/words")" "try it on this host: openssl version"
  install -m 0600 -o mysql -g mysql "$fresh/node.key" "$MARIADB_TLS/node.key"
  install -m 0644 "$fresh/node.crt" "$MARIADB_TLS/node.crt"
  # The peer's is added when it is known; without any file the server would speak no TLS at all.
  if [[ ! -s $MARIADB_TLS/trusted.crt ]]; then install -m 0644 "$fresh/node.crt" "$MARIADB_TLS/trusted.crt"; fi
  rm -rf "$fresh"
  write_durably "$MARIADB_TLS/round" <<<"$NODE_NAME $ADDRESS $CERTIFICATE_ROUND"
}

ensure_copy_key() {
  if [[ -s $COPY_KEY && -s $COPY_KEY.pub ]]; then return 0; fi
  if applying; then
    rm -f "$COPY_KEY" "$COPY_KEY.pub"
    ssh-keygen -q -t ed25519 -N '' -C "mariadb-copy@$NODE_NAME" -f "$COPY_KEY"
  fi
  changed "made the key with which a copy is asked of $PEER_NAME"
}

settings_accepted() {
  local words
  # Without its certificate, which check mode may not have made, the server accepts nothing.
  if [[ ! -s $MARIADB_TLS/node.crt ]] || words=$(mariadbd --verbose --help 2>&1 >/dev/null); then return 0; fi
  printf '%s\n' "$words" >&2
  die "$EXIT_REFUSED" "mariadb does not accept its configuration; what runs was not touched" \
    "read its words above, correct the value in the stack's configuration, run the step again"
}

make_data() {
  mark_read
  if [[ $MARK_STATE != none && $MARK_STATE != begun && $MARK_CLUSTER != "$CLUSTER" ]]; then
    die "$EXIT_UNSAFE" "the data on $BASE is of another pair (it says $MARK_CLUSTER, this pair is $CLUSTER); nothing was changed" \
      "give this node the volume that belongs to it" \
      "or, if this data is to become this pair's: echo 'open $CLUSTER' >$MARK"
  fi
  case $MARK_STATE in
    made | open | seeding) return 0 ;;
    begun) say "an earlier run did not finish the data: making it anew" ;;
    *)
      if [[ -e $DATADIR && -n $(find "$DATADIR" -mindepth 1 -maxdepth 1 -print -quit) ]]; then
        die "$EXIT_UNSAFE" "$DATADIR holds something already, which this step did not make; nothing was changed" \
          "if the pair is to go on with it as MariaDB's data: mkdir -p $BASE/.linode-ha && echo 'open $CLUSTER' >$MARK" \
          "if not, move it away: mv $DATADIR $DATADIR.before"
      fi
      ;;
  esac
  DATA=created
  if applying; then
    if systemctl is-active --quiet "$UNIT"; then systemctl stop "$UNIT"; fi
    mark_write begun
    rm -rf "$DATADIR"
    install -d -m 0700 -o mysql -g mysql "$DATADIR"
    mariadb-install-db --user=mysql --datadir="$DATADIR" --auth-root-authentication-method=socket --skip-test-db >/dev/null ||
      die "$EXIT_REFUSED" "the data of mariadb could not be made" "read its words above, then run the step again: it begins anew"
    sync -f "$BASE"
    mark_write made
  fi
  changed "made the data of mariadb in $DATADIR"
}

# take_in RENEWED: the server runs; what it can take in while it runs, it does.
take_in() {
  if [[ $MARK_STATE == seeding ]]; then
    say "a copy from $PEER_NAME did not come whole; the seeding step takes it anew"
    return 0
  fi
  if ! systemctl is-active --quiet "$UNIT"; then
    start_unit "$UNIT"
    return 0
  fi
  if [[ $1 == yes ]] && applying; then sql <<<'FLUSH LOCAL SSL'; fi
  if file_changed '/etc/mysql/*'; then
    PENDING=true
    say "$UNIT runs with its former settings until it is restarted: one node, then, when both are well again, the other"
  fi
}

role_remove() {
  remove_unit "$UNIT"
  remove_files
  rm -rf "$MARIADB_TLS" "$COPY_KEY" "$COPY_KEY.pub"
  systemctl daemon-reload
  result kept "packages, and the data"
}

role_main "$@"
