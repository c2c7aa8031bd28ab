#!/usr/bin/env bash
# Usage: scripts/format.sh
# Formats the sources: prettier for TypeScript and documents, shfmt for shell.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

require_node
ensure_commands git=git shfmt=shfmt
ensure_packages
npx --no-install prettier --write --cache --log-level warn .
git ls-files --cached --others --exclude-standard -z -- '*.sh' '.ci/run' | xargs -0 -r shfmt -w -i 2 -ci
