#!/usr/bin/env bash
# Usage: scripts/lint.sh [LINTER...]   eslint, prettier, shellcheck, shfmt; all of them without arguments
# Runs every linter asked for, even when an earlier one found something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

shell_files() {
  git ls-files --cached --others --exclude-standard -z -- '*.sh' '.ci/run'
}

run_linter() {
  case $1 in
    eslint) npx --no-install eslint --cache --cache-location node_modules/.cache/eslint/ --max-warnings 0 . ;;
    prettier) npx --no-install prettier --check --cache --log-level warn . ;;
    shellcheck) shell_files | xargs -0 -r shellcheck --external-sources --source-path=SCRIPTDIR ;;
    shfmt) shell_files | xargs -0 -r shfmt -d -i 2 -ci ;;
    *) die "unknown linter: $1" "Usage: scripts/lint.sh [eslint|prettier|shellcheck|shfmt]..." ;;
  esac
}

require_node
ensure_commands git=git shellcheck=shellcheck shfmt=shfmt
ensure_packages

(($# > 0)) || set -- eslint prettier shellcheck shfmt
failed=()
for linter in "$@"; do
  say "$linter"
  run_linter "$linter" || failed+=("$linter")
done
((${#failed[@]} == 0)) || die "not clean: ${failed[*]}" "\`make format\` writes what prettier and shfmt want; the rest is above."
