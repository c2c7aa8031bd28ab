#!/usr/bin/env bash
# Usage: scripts/up.sh [SYSTEM]
# From a fresh Debian machine to a running pair: installs what is missing, starts the local Linode, deploys SYSTEM
# (default dual-primary) on it and says how it is. Run again, it changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh

readonly system=${1:-dual-primary}
readonly stack=lab
# `lab` alone is the system that the project starts with; each other one has a configuration of its own.
if [[ $system == dual-primary ]]; then
  config=stacks/Pulumi.lab.yaml
else
  config=stacks/Pulumi.lab.$system.yaml
fi
[[ -f $config ]] || die "there is no system '$system' for the lab ($config is missing)" "Choose one that has a file stacks/Pulumi.lab*.yaml."

in_lab() {
  bin/linode-lab exec -- "$@"
}

started=$SECONDS
require_node
ensure_packages
build
say "starting the local Linode"
bin/linode-lab up
say "stack $stack ($system)"
in_lab pulumi stack select "$stack" --create --non-interactive
in_lab bin/linode-ha resume --stack "$stack" --config-file "$config"
in_lab pulumi up --stack "$stack" --config-file "$config" --yes --skip-preview --non-interactive
say "asking the nodes"
in_lab bin/linode-ha status --stack "$stack"
say "done in $((SECONDS - started)) s"
cat <<'TEXT'
Next:
  bin/linode-lab ssh web1                      a shell on a node
  bin/linode-lab ssh web1 -- drbdadm status    one command on it
  bin/linode-lab fault power-cut web1          watch the pair live through a power cut
  bin/linode-lab exec -- pulumi preview        what a change of stacks/Pulumi.lab.yaml would do
  make down                                    stop the lab (make purge also removes what it stored)
TEXT
