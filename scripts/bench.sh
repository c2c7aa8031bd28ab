#!/usr/bin/env bash
# Usage: scripts/bench.sh [MEASURE...]   or ONLY="MEASURE..." in the environment
# Measures what the project promises and prints it as a table; without a choice, all of it: docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

require_node
ensure_packages
build
read -ra only <<<"${ONLY:-}"
(($# > 0)) || set -- "${only[@]}"
exec npx --no-install ts-node bench/main.ts "$@"
