#!/usr/bin/env bash
# Usage: scripts/status.sh
# Asks the nodes of the pair in the local Linode how they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

bin/linode-lab exec -- bin/linode-ha status --stack lab
