import type { ProcedureName } from "./meanings/types";

const LOOK = "`linode-ha status` says healthy, and both sides of every volume are UpToDate";

/** Which order of steps is safe, by what a finding needs. `NODE`, `PEER` and `GROUP` stand for the pair's own. */
export const PROCEDURES: Readonly<Record<ProcedureName, readonly string[]>> = {
  none: [],
  ask: [
    "do not approve it before somebody has said what it does",
    "if it is one of the product's own things, add it to `review/meanings/`, the one table of what things mean",
  ],
  data: [
    "ask whether the data is meant to go: if a name was changed, keep the old name or give the resource an alias",
    "have a backup, and restore from it once, somewhere else",
    LOOK,
    "replace one side alone (`pulumi up --target`), wait for its resync, then the other",
  ],
  protection: [
    "ask why: nothing fails today, and a later failure loses data",
    "if it is meant, allow it by name, with a date on which that ends (docs/review.md)",
  ],
  format: [
    "put the setting back: nothing is formatted that holds data",
    "for another file system: a new volume beside the old one, copy, then move the group over",
  ],
  "one-node": [
    LOOK,
    "take all groups off the node: `linode-ha standby NODE`",
    "deploy that node alone: `pulumi up --target` its resources",
    "wait until it is healthy and its resync is over, then `linode-ha standby NODE --off`",
    "only then the other node, in the same way",
  ],
  rolled: [
    LOOK,
    "move the groups to the node that is to restart last: `linode-ha switchover GROUP --to PEER`",
    "`pulumi up`: it restarts one node at a time, each only while its peer is healthy",
    "move the groups back, if that matters",
  ],
  "both-nodes": [
    "announce a maintenance window: no order of steps keeps the service up",
    "have a backup, and a way back: the former configuration",
    "stop what writes, then deploy, then look: `linode-ha status`",
  ],
  "quiet-hour": [
    LOOK,
    "choose a quiet hour: writes wait, or the service restarts",
    "`pulumi up`, then `linode-ha status`",
  ],
  maintenance: [
    LOOK,
    "`linode-ha maintenance`: the manager watches, restarts and moves nothing; services go on",
    "stop the manager on both nodes where a refusal says so, then `pulumi up`",
    "`linode-ha maintenance --off`, then `linode-ha status`",
  ],
  "step-down": [
    LOOK,
    "on one node stop what uses the volume, then its unit: `systemctl stop linode-ha-drbd@VOLUME`",
    "`pulumi up`, which reconnects the sides and brings that node back",
  ],
  "move-away": [
    "move the address's group to the other node: `linode-ha switchover GROUP --to PEER`",
    "deploy the node that no longer announces: `pulumi up --target` its resources",
    "move the group back, deploy the other node",
  ],
  "restart-later": [
    "`pulumi up`",
    "in a quiet hour, on the active node: restart the service, or `linode-ha switchover GROUP`",
  ],
};
