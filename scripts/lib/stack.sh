# shellcheck shell=bash
# Which Pulumi stack a system has in the local Linode. Source it.

# lab_stack SYSTEM: `lab` is the system that the project starts with; each other one has a stack of its own, so that they stand side by
# side. The stack's configuration is stacks/Pulumi.<stack>.yaml, where Pulumi itself looks for it.
lab_stack() {
  if [[ $1 == dual-primary ]]; then printf 'lab'; else printf 'lab-%s' "$1"; fi
}
