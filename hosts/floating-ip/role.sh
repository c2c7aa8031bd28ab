#!/usr/bin/env bash
# Floating addresses that this node may announce: role.sh apply | check | remove.
# Never announces, and never ends an announcement: that is the cluster manager's. A changed configuration reaches FRR as it runs; sessions stay.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
: "${ADDRESSES:?}" "${SERVERS:?}" "${NODE_AS:?}"

readonly TOOL=/usr/local/lib/linode-ha/announce CONF=/etc/linode-ha/announce

role_apply() {
  ensure_packages
  refuse_change_of_what_is_announced
  install_files
  reload_units
  enable_unit frr.service
  enable_unit linode-ha-addresses.service
  bring_up
  if applying; then
    # Before the unit is called started: it would not run again.
    "$TOOL" release
    wait_for 60 "a session with one of the route servers $SERVERS" has_sessions || no_session
  fi
  start_unit linode-ha-addresses.service
  result_raw sessions "$(sessions)"
  result_raw announced "$(announced_names)"
}

announcing() {
  systemctl is-active --quiet "linode-ha-announce@$1.service"
}

# refuse_change_of_what_is_announced: its unit would go on with, or withdraw, what the file says then.
refuse_change_of_what_is_announced() {
  local file name index
  for file in "$CONF"/*; do
    name=${file##*/}
    if [[ ! -f $file ]] || ! announcing "$name"; then continue; fi
    index=$(awk -v path="$file" '$5 == path { print $4 }' "$LHA_STEP_DIR/files.list")
    if [[ -n $index ]] && cmp -s "$LHA_STEP_DIR/files/$index" "$file"; then continue; fi
    if ! applying; then
      changed "change floating address $name, which this node announces"
      continue
    fi
    die "$EXIT_REFUSED" "the floating address $name is to change or go, and this node announces it" \
      "move its group to the other node, or stop it, then deploy again"
  done
}

# bring_up: FRR runs with the configuration that its file has, without a restart wherever it can be.
bring_up() {
  if ! systemctl is-active --quiet frr.service; then
    start_unit frr.service
  elif file_changed /etc/frr/daemons; then
    refuse_restart
    restart_unit frr.service "its daemons changed"
  elif ! wait_for 60 "FRR to answer" vtysh_answers; then
    refuse_restart
    restart_unit frr.service "it did not answer for 60 s"
  elif file_changed /etc/frr/frr.conf; then
    if applying; then
      load_configuration
      drop_stale_servers
    fi
    changed "gave FRR its new configuration"
  fi
}

# load_configuration: adds and replaces. Never FRR's "reload", which would take away what is announced, because the file does not have it;
# and without the line that FRR refuses once it counts.
load_configuration() {
  local text code=0
  text=$(mktemp)
  grep -v '^ bgp graceful-restart-disable$' /etc/frr/frr.conf >"$text"
  vtysh -f "$text" || code=$?
  rm -f "$text"
  if ((code == 0)); then return 0; fi
  # So that the next run does not take the file for what FRR has.
  rm -f /etc/frr/frr.conf
  die "$EXIT_REFUSED" "FRR did not take its new configuration" "read its words above, then run this step again"
}

vtysh_answers() {
  timeout 20 vtysh -d bgpd -c 'show version' >/dev/null 2>&1
}

refuse_restart() {
  local name
  if ! applying; then return 0; fi
  for name in $ADDRESSES; do
    if announcing "$name"; then
      die "$EXIT_REFUSED" "FRR has to be restarted, and this node announces $name" "move its group to the other node, then deploy again"
    fi
  done
}

drop_stale_servers() {
  local server words=()
  while read -r server; do
    if [[ " $SERVERS " != *" $server "* ]]; then words+=(-c "no neighbor $server"); fi
  done < <(vtysh -d bgpd -c 'show running-config' | awk '$1 == "neighbor" && $3 == "peer-group" && NF == 4 { print $2 }')
  if ((${#words[@]} > 0)); then vtysh -d bgpd -c 'configure terminal' -c "router bgp $NODE_AS" "${words[@]}"; fi
}

# sessions: how many stand.
sessions() {
  local text
  text=$(timeout 20 vtysh -d bgpd -c 'show bgp neighbors' 2>/dev/null) || :
  grep -c 'BGP state = Established' <<<"$text" || :
}

has_sessions() {
  (($(sessions) > 0))
}

no_session() {
  timeout 20 vtysh -d bgpd -c 'show bgp summary' || :
  die "$EXIT_TIMED_OUT" "none of the route servers $SERVERS let this node in within 60 s" \
    "see whether they are those of the Linode's region: the vendor's guide on configuring failover names the number; give it as routeServerNumber" \
    "see whether the addresses are shared with this Linode: only then is it let in"
}

announced_names() {
  local name list=()
  for name in $ADDRESSES; do
    if [[ -x $TOOL ]] && "$TOOL" status "$name" 2>/dev/null; then list+=("$(json_string "$name")"); fi
  done
  printf '[%s]' "$(
    IFS=,
    printf '%s' "${list[*]-}"
  )"
}

role_remove() {
  local name
  for name in $ADDRESSES; do
    if announcing "$name"; then
      die "$EXIT_REFUSED" "this node announces the floating address $name" "take the address out of its group first, then deploy again"
    fi
  done
  remove_unit linode-ha-addresses.service
  remove_unit frr.service
  remove_files
  systemctl daemon-reload
}

role_main "$@"
