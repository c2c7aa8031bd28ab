#!/usr/bin/env bash
# Usage: scripts/build.sh
# Compiles the project to dist/, after installing what it is compiled with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

require_node
ensure_packages
build
