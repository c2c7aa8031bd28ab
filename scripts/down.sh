#!/usr/bin/env bash
# Usage: scripts/down.sh [--purge]
# Stops the local Linode; with --purge, also removes its machines, disks and Pulumi state.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

if [[ ! -e dist/lab/cli/main.js ]]; then
  # Whoever removed dist/ may still have a lab running.
  require_node
  ensure_packages
  build
fi
bin/linode-lab down "$@"
