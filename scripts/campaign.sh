#!/usr/bin/env bash
# Usage: scripts/campaign.sh [PATTERN]
# The long runs that do not fit into `make test`: updates killed at ten moments, an API in trouble, refusals. They use the
# lab `test`, which is gone afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

unset LINODE_LAB LINODE_TOKEN LINODE_URL PULUMI_HOME PULUMI_BACKEND_URL PULUMI_ACCESS_TOKEN
export LINODE_HA_TEST_LAB=test

purge_lab() {
  bin/linode-lab --lab "$LINODE_HA_TEST_LAB" down --purge --force
}

require_node
ensure_browser
ensure_packages
build
trap purge_lab EXIT
npx --no-install jest --selectProjects campaign --runInBand --reporters=default --reporters=./test/support/progressReporter.js \
  --testPathPatterns "${1:-test/campaign}"
