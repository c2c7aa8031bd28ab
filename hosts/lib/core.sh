#!/usr/bin/env bash
# What every role shares: its variables, words to the person watching, named exit codes, bounded waits, and the result, which is
# one JSON object on the last line of standard output. Sourced by role.sh, which then defines role_apply, role_check and
# role_remove and ends with `role_main "$@"`.
#
# A role runs in one of two modes. In "apply" the helpers do what is missing; in "check" the same helpers only say what they would
# do. So that both can share one text, a role asks `if applying` before anything of its own that changes the host.

set -euo pipefail
export LC_ALL=C
shopt -u patsub_replacement 2>/dev/null || : # bash 5.2: an "&" in a replacement is just an "&"

readonly EXIT_USAGE=2 EXIT_DRIFT=3 EXIT_REFUSED=10 EXIT_UNSAFE=11 EXIT_TIMED_OUT=12
readonly LHA_BASE=/var/lib/linode-ha
LHA_MODE=apply
LHA_CHANGES=()
LHA_RESULT=()

: "${LHA_STEP_DIR:?role.sh sets LHA_STEP_DIR before it reads the library}"
# shellcheck source=/dev/null
. "$LHA_STEP_DIR/variables"
: "${STEP:?}" "${NODE:?}" "${PACKAGES?}"

# say WORDS...: progress, for the person watching.
say() {
  printf '[%s %s] %s\n' "$NODE" "$STEP" "$*" >&2
}

# die CODE WHAT DO...: what happened and where, then what to do about it, one way a line.
die() {
  local code=$1 what=$2 way
  shift 2
  printf 'error: %s\n  where: host %s, step %s\n' "$what" "$NODE" "$STEP" >&2
  for way in "$@"; do
    printf '  do: %s\n' "$way" >&2
  done
  exit "$code"
}

applying() {
  [[ $LHA_MODE == apply ]]
}

# changed WORDS...: remembers a change (or, in check mode, a difference) for the result.
changed() {
  LHA_CHANGES+=("$*")
  if applying; then say "$*"; else say "would change: $*"; fi
}

# json_string TEXT: the text as a JSON string.
json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//$'\r'/\\r}
  printf '"%s"' "${text//[[:cntrl:]]/}"
}

# result NAME TEXT and result_raw NAME JSON: one more field of the result.
result() {
  LHA_RESULT+=("\"$1\":$(json_string "$2")")
}
result_raw() {
  LHA_RESULT+=("\"$1\":$2")
}

print_result() {
  local changes=() change field text
  for change in ${LHA_CHANGES[@]+"${LHA_CHANGES[@]}"}; do
    changes+=("$(json_string "$change")")
  done
  text="\"changed\":$([[ ${#LHA_CHANGES[@]} -gt 0 ]] && printf true || printf false)"
  text+=",\"changes\":[$(
    IFS=,
    printf '%s' "${changes[*]-}"
  )]"
  for field in ${LHA_RESULT[@]+"${LHA_RESULT[@]}"}; do
    text+=",$field"
  done
  printf '{%s}\n' "$text"
}

# wait_for SECONDS WHAT COMMAND...: polls until the command succeeds; says every ten seconds what it waits for; returns 12 if it never did.
# Set POLL to look less often where looking costs.
wait_for() {
  local limit=$1 what=$2 begun=$SECONDS told=$SECONDS
  shift 2
  until "$@"; do
    if ((SECONDS - begun >= limit)); then
      return "$EXIT_TIMED_OUT"
    fi
    if ((SECONDS - told >= 10)); then
      told=$SECONDS
      say "waiting for $what ($((SECONDS - begun)) of at most $limit s)"
    fi
    sleep "${POLL:-0.3}"
  done
}

# state_file NAME: where this host remembers something beyond a run. Not in the step's folder, which every run lays anew.
state_file() {
  mkdir -p "$LHA_BASE/state"
  printf '%s/state/%s' "$LHA_BASE" "$1"
}

# write_durably PATH: standard input becomes the file's content, all of it or none, also after a power cut.
write_durably() {
  local path=$1
  cat >"$path.new"
  sync -d "$path.new"
  mv "$path.new" "$path"
  sync "$(dirname "$path")"
}

on_error() {
  case $1 in "$EXIT_USAGE" | "$EXIT_REFUSED" | "$EXIT_UNSAFE" | "$EXIT_TIMED_OUT") return ;; esac # already explained by die
  printf 'error: unexpected failure (exit %s) of: %s\n  where: host %s, step %s, line %s of %s\n' \
    "$1" "$4" "$NODE" "$STEP" "$2" "${3##*/}" >&2
  printf '  do: run "linode-ha-step %s apply" on the host once more; what was done so far stays done\n' "$STEP" >&2
}

# role_main VERB: runs the verb. Only the result goes to standard output; whatever a command prints goes to standard error.
role_main() {
  if (($# != 1)) || [[ ! $1 =~ ^(apply|check|remove)$ ]]; then
    printf 'usage: %s apply | check | remove\n' "${0##*/}" >&2
    exit "$EXIT_USAGE"
  fi
  if ((EUID != 0)); then
    printf 'error: run this as root\n' >&2
    exit "$EXIT_USAGE"
  fi
  umask 022
  exec 3>&1 1>&2
  set -E
  trap 'on_error $? "$LINENO" "${BASH_SOURCE[0]}" "$BASH_COMMAND"' ERR
  case $1 in
    apply)
      install_step_command
      role_apply
      # A step that says it is done is not done again: what it wrote must be there also after a power cut in the next half minute.
      sync -f /etc "$LHA_BASE"
      ;;
    check)
      LHA_MODE=check
      role_apply
      ;;
    remove) role_remove ;;
  esac
  trap - ERR
  print_result >&3
  if [[ $1 == check && ${#LHA_CHANGES[@]} -gt 0 ]]; then
    exit "$EXIT_DRIFT"
  fi
}

# shellcheck source=files.sh
. "$LHA_STEP_DIR/lib/files.sh"
# shellcheck source=packages.sh
. "$LHA_STEP_DIR/lib/packages.sh"
# shellcheck source=units.sh
. "$LHA_STEP_DIR/lib/units.sh"
