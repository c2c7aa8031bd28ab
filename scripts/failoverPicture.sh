#!/usr/bin/env bash
# Usage: scripts/failoverPicture.sh
# Draws docs/failover.svg and the table of docs/results/failover.md from docs/results/failover.jsonl, to which tests add a line for each
# fault when FAILOVER_RESULTS names it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

require_node
ensure_packages
npx --no-install ts-node bench/failoverPicture.ts docs/results/failover.jsonl docs/results/failover.md docs/failover.svg
npx --no-install prettier --write --log-level warn docs/results/failover.md
