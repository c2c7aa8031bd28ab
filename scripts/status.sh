#!/usr/bin/env bash
# Usage: scripts/status.sh [SYSTEM]
# Asks the nodes of the pair that SYSTEM (default dual-primary) has in the local Linode how they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/stack.sh
source scripts/lib/stack.sh

bin/linode-lab exec -- bin/linode-ha status --stack "$(lab_stack "${1:-dual-primary}")"
