#!/usr/bin/env bash
# Usage: scripts/campaign.sh
# The long fault runs: same code as the tests, more cases. None exist yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

[[ -e test/campaign ]] || die "there are no campaigns yet" "\`make test\` runs all the tests there are."
require_node
ensure_packages
build
as_root npx --no-install jest --selectProjects campaign --runInBand
