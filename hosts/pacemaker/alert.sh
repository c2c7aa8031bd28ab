#!/bin/sh
# Called by Pacemaker after a fencing, with its words in CRM_alert_*: mails them to the alert's recipient.
set -eu
if [ "${CRM_alert_kind:-}" != fencing ] || [ -z "${CRM_alert_recipient:-}" ]; then exit 0; fi
if [ "${CRM_alert_rc:-1}" = 0 ]; then outcome="was fenced"; else outcome="could NOT be fenced: nothing is taken over from it"; fi
printf '%s\n\ntold by %s at %s\nlook: crm_mon --one-shot; stonith_admin --history %s\n' \
  "${CRM_alert_desc:-no description}" "$(uname -n)" "${CRM_alert_timestamp:-$(date)}" "${CRM_alert_node:-'*'}" |
  mail -s "${CRM_alert_node:-a node} $outcome" "$CRM_alert_recipient"
