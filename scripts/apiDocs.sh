#!/usr/bin/env bash
# Usage: scripts/apiDocs.sh FOLDER
# Writes the API reference of components/index.ts, generated from the docstrings, into FOLDER.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

folder=${1:?"Usage: scripts/apiDocs.sh FOLDER"}
require_node
ensure_packages
npx --no-install typedoc --options docs/typedoc.json --out "$folder"
