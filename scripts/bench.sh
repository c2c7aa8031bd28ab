#!/usr/bin/env bash
# Usage: scripts/bench.sh [BENCHMARK...]
# Measures what the project promises and prints it as a table; without arguments, all of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

require_node
ensure_packages
build
npx --no-install ts-node bench/main.ts "$@"
