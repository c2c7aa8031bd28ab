#!/usr/bin/env bash
# Membership, manager and this project's part of the cluster's configuration, on this host: role.sh apply | check | remove.
# Nothing that runs is restarted: corosync reloads, and only what differs in the cluster's configuration is pushed into it.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"
# shellcheck source=../lib/drbd.sh
. "$LHA_STEP_DIR/lib/drbd.sh"
: "${PEER:?}" "${FIXED:?}" "${QDEVICE:?}" "${FENCING:?}" "${GROUPS_AND_LAST:?}" "${RESOURCES?}" "${MANAGED_UNITS?}" "${SCORES_TIMER?}" "${SETTLE:?}"

readonly CONF=/etc/corosync/corosync.conf KEY=/etc/corosync/authkey WANTED=/etc/linode-ha/pacemaker/cib.xml
readonly MERGE=/usr/local/lib/linode-ha/cib-merge
PEER_ONLINE=false

role_apply() {
  ensure_packages
  if ! command -v cibadmin >/dev/null; then return 0; fi # check mode on a host without the packages: that is the whole answer
  refuse_what_cannot_be_taken_live
  require_parts
  install_files
  reload_units
  release_units
  membership
  push
  settle
  report
}

running() {
  systemctl is-active --quiet "$1"
}

# refuse_what_cannot_be_taken_live: two nodes that differ in one of these do not see each other any more, and each would fence the other.
refuse_what_cannot_be_taken_live() {
  local fixed key procedure
  if ! running corosync.service || [[ ! -e $(state_file pacemaker.fixed) ]]; then return 0; fi
  procedure="on one node: crm_attribute --name maintenance-mode --update true; then on both: systemctl stop pacemaker corosync; \
deploy again (services go on meanwhile, unmanaged); then on one: crm_attribute --name maintenance-mode --delete"
  fixed=$(<"$(state_file pacemaker.fixed)")
  if [[ $fixed != "$FIXED" ]]; then
    die "$EXIT_REFUSED" "a running cluster cannot take this change: it is [$fixed] and would be [$FIXED]" "$procedure"
  fi
  key=$(awk -v path="$KEY" '$5 == path { print $3 }' "$LHA_STEP_DIR/files.list")
  if [[ -e $KEY ]] && ! same_content "$(own_file "$KEY")" "$KEY" "$key"; then
    die "$EXIT_REFUSED" "the membership's key changes while the cluster runs: the nodes would not see each other" "$procedure"
  fi
}

# require_parts: what other steps bring. Better said here than by a resource that fails on both nodes.
require_parts() {
  local unit
  if [[ -n $RESOURCES && ! -e /usr/lib/ocf/resource.d/linbit/drbd ]]; then
    die "$EXIT_REFUSED" "DRBD's resource agent is not on this host" "deploy the DRBD resources first: their step installs drbd-utils"
  fi
  if [[ $FENCING == yes && ! -x /usr/sbin/fence_linode ]]; then
    die "$EXIT_REFUSED" "fencing is declared, but fence_linode is not on this host" "deploy the fencing step of this node first"
  fi
  for unit in $MANAGED_UNITS; do
    if [[ $unit == linode-ha-links@* ]] || systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
    if ! applying; then continue; fi
    die "$EXIT_REFUSED" "a group runs the service $unit, and this host has no such unit" \
      "correct the name (systemctl list-unit-files --type=service), or deploy what installs it before the cluster"
  done
}

# release_units: only the manager starts them from now on. What runs is left running: the manager finds it.
release_units() {
  local unit
  for unit in $MANAGED_UNITS; do disable_unit "$unit"; done
  if [[ -e /etc/systemd/system/linode-ha-links-reset.service ]] || [[ $MANAGED_UNITS == *linode-ha-links@* ]]; then
    enable_unit linode-ha-links-reset.service
  fi
}

membership() {
  local words
  enable_unit corosync.service
  enable_unit pacemaker.service
  if applying && ! words=$(corosync -t 2>&1); then
    die "$EXIT_REFUSED" "corosync refuses $CONF: $words" "is this node's address in it one of this host's? ip address"
  fi
  if running corosync.service && [[ ! -e $(state_file pacemaker.fixed) ]] && ! running pacemaker.service; then
    restart_unit corosync.service "it ran with a configuration that is not this cluster's"
  elif running corosync.service && file_changed "$CONF"; then
    # Every node reads its own file again. What a running one cannot take has been refused above.
    if applying; then corosync-cfgtool -R >/dev/null; fi
    changed "reloaded corosync"
  else
    start_unit corosync.service
  fi
  if [[ $QDEVICE == yes ]]; then
    enable_unit corosync-qdevice.service
    start_unit corosync-qdevice.service
  else
    remove_if_there corosync-qdevice.service
  fi
  if applying; then write_durably "$(state_file pacemaker.fixed)" <<<"$FIXED"; fi
  start_unit pacemaker.service
  if [[ -n $SCORES_TIMER ]]; then
    enable_unit "$SCORES_TIMER"
    start_unit "$SCORES_TIMER"
  else
    remove_if_there linode-ha-scores.timer
  fi
  if applying; then
    wait_for 90 "the cluster manager to answer" cib_answers ||
      die "$EXIT_TIMED_OUT" "the cluster manager does not answer after 90 s" "read: journalctl -u pacemaker -u corosync -n 50"
    join
  fi
  if peer_online; then PEER_ONLINE=true; fi
}

remove_if_there() {
  if applying; then remove_unit "$1"; fi
}

cib_answers() {
  cibadmin --query --scope nodes >/dev/null 2>&1
}

peer_online() {
  [[ " $(crm_node --partition 2>/dev/null) " == *" $PEER "* ]]
}

formed() {
  peer_online && crmadmin --dc_lookup >/dev/null 2>&1
}

alone_with_quorum() {
  [[ $(crm_node --quorum 2>/dev/null) == 1 ]] && crmadmin --dc_lookup >/dev/null 2>&1
}

# join: the first time both nodes must meet; later a node that has quorum may be configured without its peer.
join() {
  if wait_for "$([[ -e $(state_file pacemaker.formed) ]] && printf 30 || printf '%s' "$SETTLE")" "$PEER to join the cluster" formed; then
    : >"$(state_file pacemaker.formed)"
    return 0
  fi
  if [[ -e $(state_file pacemaker.formed) ]] && alone_with_quorum; then
    say "$PEER is not a member now: configuring the cluster without it"
    return 0
  fi
  die "$EXIT_TIMED_OUT" "$PEER did not join the cluster within $SETTLE s" \
    "see that its step ran: linode-ha-step $STEP apply, there" \
    "see that UDP passes both ways between the addresses in $CONF (ports 5405, 5406), firewall included: corosync-cfgtool -s" \
    "then run this step again: what was done stays done"
}

# push: only the difference between what is live and what is wanted. Its paths go by id, so that a change that somebody else made in
# the meantime is neither lost nor in the way; where it is in the way, the difference is made anew.
push() {
  local work try=0 status ids before=()
  work=$(mktemp -d)
  if [[ -s $(state_file pacemaker.cib) ]]; then before=("$(state_file pacemaker.cib)"); fi
  while :; do
    if ! cibadmin --query >"$work/live.xml" 2>/dev/null; then
      if ! applying; then break; fi
      die "$EXIT_REFUSED" "the cluster's configuration cannot be read" "is the manager up? systemctl status pacemaker"
    fi
    status=0
    python3 "$(own_file "$MERGE")" "$work/live.xml" "$(own_file "$WANTED")" ${before[@]+"${before[@]}"} >"$work/new.xml" || status=$?
    if ((status == 3)); then break; fi
    if ((status != 0)); then die "$EXIT_REFUSED" "the cluster's configuration could not be merged" "read the words above; nothing was changed"; fi
    # crm_diff ends with 1 where there is a difference.
    crm_diff --no-version --original "$work/live.xml" --new "$work/new.xml" >"$work/patch.xml" || [[ $? == 1 ]]
    ids=$(changed_ids <"$work/patch.xml")
    if ! applying || cibadmin --patch --xml-file "$work/patch.xml" >"$work/words" 2>&1; then
      changed "updated the cluster's configuration: ${ids:-order}"
      break
    fi
    if ((++try >= 5)); then
      grep -v '^ *<' "$work/words" >&2 || :
      crm_verify --verbose --xml-file "$work/new.xml" >&2 || :
      die "$EXIT_REFUSED" "the cluster refuses its new configuration" "read the words above; the running configuration was not changed"
    fi
    sleep 1
  done
  rm -rf "$work"
  if applying; then write_durably "$(state_file pacemaker.cib)" <"$WANTED"; fi
}

# own_file PATH: the step's own copy of a file that it installs; in check mode the installed one may be an older one.
own_file() {
  printf '%s/files/%s' "$LHA_STEP_DIR" "$(awk -v path="$1" '$5 == path { print $4 }' "$LHA_STEP_DIR/files.list")"
}

# changed_ids: the innermost thing of each change, in a patch as crm_diff writes it.
changed_ids() {
  sed -nE "s/.*<change operation=\"([a-z]+)\" path=\"([^\"]*)\".*/\1 \2/p" | sed -E "s/&apos;/'/g; s/ .*@id='([^']*)'\]$/ \1/; s/ .*\// /" |
    sort -u | head -n 20 | paste -sd, | sed 's/,/, /g'
}

settle() {
  if ! applying || in_maintenance; then return 0; fi
  say "waiting up to $SETTLE s for the cluster to settle"
  crm_resource --wait --timeout="${SETTLE}s" >/dev/null 2>&1 || :
  wait_for "$SETTLE" "every group to run" every_group_runs || {
    crm_mon --one-shot --inactive --failcounts >&2 || :
    die "$EXIT_TIMED_OUT" "not every group runs after $SETTLE s: $(idle_groups)" \
      "read the cluster's state above; what failed is forgotten with: crm_resource --cleanup"
  }
}

in_maintenance() {
  [[ $(crm_attribute --type crm_config --name maintenance-mode --query --quiet 2>/dev/null) == true ]]
}

# place RESOURCE: the node that runs it, or nothing.
place() {
  local words
  words=$(crm_resource --resource "$1" --locate --quiet 2>/dev/null) || return 0
  head -n 1 <<<"$words"
}

# idle_groups: those that run nowhere and that no operator has stopped.
idle_groups() {
  local pair role
  for pair in $GROUPS_AND_LAST; do
    role=$(crm_resource --resource "${pair%%=*}" --meta --get-parameter target-role 2>/dev/null) || role=""
    if [[ $role != Stopped && -z $(place "${pair#*=}") ]]; then printf '%s ' "${pair%%=*}"; fi
  done
}

every_group_runs() {
  local state
  state=$(crm_mon --one-shot 2>/dev/null) || return 1
  # What is on its way counts as being there for crm_resource.
  if grep -qE '[[:space:]](Starting|Stopping|Promoting|Demoting)\b' <<<"$state"; then return 1; fi
  [[ -z $(idle_groups) ]]
}

report() {
  local pair places=()
  for pair in $GROUPS_AND_LAST; do
    places+=("$(json_string "${pair%%=*}"):$(json_string "$(place "${pair#*=}")")")
  done
  result_raw groups "{$(
    IFS=,
    printf '%s' "${places[*]}"
  )}"
  result_raw peerOnline "$PEER_ONLINE"
  result_raw maintenance "$(in_maintenance && printf true || printf false)"
}

# Stopping the manager stops, here, all that it runs; the peer takes it over if it is still a member.
role_remove() {
  remove_unit linode-ha-scores.timer
  remove_unit pacemaker.service
  remove_unit corosync-qdevice.service
  remove_unit corosync.service
  disable_unit linode-ha-links-reset.service
  remove_files
  systemctl daemon-reload
  rm -f "$LHA_BASE/state/pacemaker".{fixed,formed,cib}
}

role_main "$@"
