#!/usr/bin/env bash
# The programs of a WordPress site, on all nodes at once: role.sh apply | check | remove.
# Nothing is configured, and nothing starts.
set -euo pipefail
LHA_STEP_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../lib/core.sh
. "$LHA_STEP_DIR/lib/core.sh"

role_apply() {
  ensure_packages
}

role_remove() {
  result kept "the packages"
}

role_main "$@"
