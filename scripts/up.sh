#!/usr/bin/env bash
# Usage: scripts/up.sh [SYSTEM]
# From a fresh Debian machine to a running pair: installs what is missing, starts the local Linode, deploys SYSTEM
# (default dual-primary) on it and says how it is. Run again, it changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/stack.sh
source scripts/lib/stack.sh

readonly system=${1:-dual-primary}
stack=$(lab_stack "$system")
readonly stack config=stacks/Pulumi.$stack.yaml
[[ -f $config ]] || die "there is no system '$system' for the lab ($config is missing)" "Choose one that has a file stacks/Pulumi.lab*.yaml."

in_lab() {
  bin/linode-lab exec -- "$@"
}

started=$SECONDS
require_node
ensure_packages
build
say "starting the local Linode"
mapfile -t images < <(sed -n 's/^ *image: \(private\/[0-9]*\)$/\1/p' "$config" | sort -u)
bin/linode-lab up "${images[@]/#/--image=}"
say "stack $stack ($system)"
in_lab pulumi stack select "$stack" --create --non-interactive
in_lab bin/linode-ha resume --stack "$stack" --config-file "$config"
in_lab pulumi up --stack "$stack" --config-file "$config" --yes --skip-preview --non-interactive
say "asking the nodes"
in_lab bin/linode-ha status --stack "$stack"
node=$(sed -n 's/^ *nodes: \[\([a-z0-9-]*\),.*/\1/p' "$config")
# A system of several pairs leaves its names to the defaults.
: "${node:=nfs1}"
say "done in $((SECONDS - started)) s"
cat <<TEXT
Next:
  bin/linode-lab ssh $node                      a shell on a node
  bin/linode-lab ssh $node -- drbdadm status    one command on it
  bin/linode-lab fault power-cut $node          watch the pair live through a power cut
  bin/linode-lab exec -- pulumi preview        what a change of $config would do
  make down                                    stop the lab (make purge also removes what it stored)
TEXT
