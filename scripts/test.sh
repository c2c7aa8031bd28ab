#!/usr/bin/env bash
# Usage: scripts/test.sh [STAGE...]   lint, types, unit, golden, hosts, lab; all of them without arguments
# Runs the stages in order, says how long each took, and ends with one line `N passed, N failed`: tests, and one check for
# each linter and for the types. Labs run under the name `test`, beside the user's own, and are gone afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

readonly all_stages=(lint types unit golden hosts lab)
readonly linters=(eslint prettier shellcheck shfmt)
# The rest of the machine's environment must not reach the tests: neither a lab of the user's nor an account of theirs.
unset LINODE_LAB LINODE_TOKEN LINODE_URL PULUMI_HOME PULUMI_BACKEND_URL PULUMI_ACCESS_TOKEN
export LINODE_HA_TEST_LAB=test

passed=0
failed=0
summary=()
work=$(mktemp -d)

lab_used=false

purge_lab() {
  lab_used=true
  if [[ -e dist/lab/cli/main.js ]]; then
    bin/linode-lab --lab "$LINODE_HA_TEST_LAB" down --purge --force >"$work/purge.log" 2>&1 || {
      cat "$work/purge.log" >&2
      die "the lab '$LINODE_HA_TEST_LAB' could not be removed" "See above; then: bin/linode-lab --lab $LINODE_HA_TEST_LAB down --purge --force"
    }
  fi
}

count() { # count PASSED FAILED
  passed=$((passed + $1))
  failed=$((failed + $2))
}

check() { # check COMMAND...: counts as one
  if "$@"; then count 1 0; else count 0 1; fi
}

jest_stage() {
  local report=$work/$1.json as=()
  # Host tests make network namespaces themselves; lab tests leave that to linode-lab, which asks for root where it needs it.
  [[ $1 != hosts ]] || as=(as_root env "LINODE_HA_TEST_LAB=$LINODE_HA_TEST_LAB")
  # Suites of hosts have namespaces of their own and wait more than they work: two at once. Lab tests share one lab.
  case $1 in
    hosts) set -- "$1" --maxWorkers=2 ;;
    lab) set -- "$1" --runInBand ;;
  esac
  [[ $1 != hosts && $1 != lab ]] || set -- "$@" --reporters=default --reporters=./test/support/progressReporter.js
  "${as[@]}" npx --no-install jest --selectProjects "$1" --json --outputFile="$report" "${@:2}" >/dev/null ||
    [[ -s $report ]] || echo '{"numPassedTests":0,"numFailedTests":1,"numRuntimeErrorTestSuites":0}' >"$report"
  # A suite that does not even load has failed, although no test of it did.
  count "$(node -p "require('$report').numPassedTests")" \
    "$(node -p "const r = require('$report'); r.numFailedTests + r.numRuntimeErrorTestSuites || (r.success === false ? 1 : 0)")"
}

# What the nodes have from their own packages: tests of certificates and proxies run it here.
ensure_hosts_programs() {
  ensure_commands curl=curl dehydrated=dehydrated nginx=nginx-light openssl=openssl
  /usr/bin/python3 -I -c 'import dns.resolver' 2>/dev/null || install_packages python3-dnspython
  unpack_commands "$work/tools" promtool=prometheus exportfs=nfs-kernel-server nfsconf=nfs-common
}

stage() {
  case $1 in
    lint) for linter in "${linters[@]}"; do check scripts/lint.sh "$linter"; done ;;
    types) check npx --no-install tsc --noEmit -p tsconfig.json ;;
    unit | golden) jest_stage "$1" ;;
    hosts | lab)
      [[ $1 != hosts ]] || ensure_hosts_programs
      purge_lab
      jest_stage "$1"
      ;;
    *) die "unknown stage: $1" "Usage: scripts/test.sh [$(
      IFS='|'
      echo "${all_stages[*]}"
    )]..." ;;
  esac
}

on_exit() {
  local code=$?
  # A lab of somebody else's test run must not end with a stage that needs none.
  if [[ $lab_used == true ]]; then purge_lab; fi
  rm -rf "$work"
  exit "$code"
}

require_node
ensure_commands git=git shellcheck=shellcheck shfmt=shfmt
ensure_packages
build
trap on_exit EXIT

(($# > 0)) || set -- "${all_stages[@]}"
for name in "$@"; do
  say "stage $name"
  before=$SECONDS
  passed_before=$passed
  failed_before=$failed
  stage "$name"
  summary+=("$(printf '%-8s %5d s %5d passed %4d failed' "$name" $((SECONDS - before)) $((passed - passed_before)) $((failed - failed_before)))")
done

printf '\n'
printf '%s\n' "${summary[@]}"
printf '%s\n' "total $SECONDS s"
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0 && passed > 0))
