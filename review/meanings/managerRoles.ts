import { judgeCib } from "./cibFile";
import { judgeGroup, judgeHaCf } from "./managerFiles";
import type { RoleMeaning } from "./roleTypes";
import {
  compared,
  ended,
  fresh,
  harmless,
  later,
  OWN_TOOLS,
  ownProgram,
  refusedLive,
  reloads,
  SETTLING,
  unseen,
} from "./roleWords";
import { unfelt, type Verdict } from "./types";

const announceRefused: Verdict = {
  rank: 3,
  why: "an address that a node announces changes or goes",
  effect: "node-down",
  daemon: "FRR",
  procedure: "move-away",
  refused: "the node that announces it refuses: its group has to move first",
};

export const floating: RoleMeaning = {
  called: "the announcement of floating addresses",
  created: unfelt("sessions with the route servers; nothing is announced by it"),
  removed: announceRefused,
  unseen: unseen("FRR", 3),
  program: ownProgram("FRR", 4),
  files: [
    [/^\/etc\/frr\/frr\.conf$/, reloads("FRR", "FRR takes it in as it runs; its sessions stay")],
    [
      /^\/etc\/frr\/daemons$/,
      {
        rank: 4,
        why: "FRR restarts: its sessions end and come back",
        effect: "service-restart",
        daemon: "FRR",
        procedure: "move-away",
        refused: "a node that announces refuses it",
      },
    ],
    [
      /^\/etc\/linode-ha\/announce\//,
      fresh(later("one more address that the node may announce", "FRR"), announceRefused),
    ],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    ADDRESSES: reloads("FRR"),
    SERVERS: reloads("FRR"),
    NODE_AS: { ...announceRefused, why: "the node's number among the routers changes" },
  },
};

export const fencing: RoleMeaning = {
  called: "fencing",
  created: unfelt("a lost peer can be powered off from now on"),
  removed: {
    rank: 1,
    why: "a lost node is no longer powered off before its services start elsewhere: both can write",
    effect: "none",
    procedure: "protection",
  },
  unseen: unseen("the fence agent", 5),
  program: ownProgram("the fence agent", 5),
  secret: later("the token with which a lost peer is powered off; the step proves that it works", "the fence agent"),
  files: [
    [
      /^\/etc\/linode-ha\/fencing/,
      reloads("the fence agent", "read at its next use; the step proves that the token works"),
    ],
    [/^\/usr\/sbin\/fence_linode$|^\/usr\/lib\/stonith\//, reloads("the fence agent", "read at its next use")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    ...Object.fromEntries(
      ["API_URL", "CA_FILE", "TOKEN_FILE", "PEER_NAME", "PEER_ID", "SELF_ID"].map((name) => [
        name,
        reloads("the fence agent", "proved by the step before anything relies on it"),
      ]),
    ),
  },
};

const COROSYNC_KEY = "nodes that differ in it do not see each other any more, and each would fence the other";

export const pacemaker: RoleMeaning = {
  called: "the cluster",
  created: unfelt("the manager finds what runs and goes on with it"),
  removed: ended("the manager stops, and with it all that it runs", "Pacemaker"),
  unseen: unseen("Pacemaker", 3),
  program: ownProgram("Pacemaker", 4),
  secret: refusedLive(
    `the key of the membership changes: ${COROSYNC_KEY}`,
    "the hosts refuse it while the cluster runs",
    "corosync",
  ),
  files: [
    [/^\/etc\/corosync\/corosync\.conf$/, reloads("corosync", "a running corosync takes times and addresses in")],
    [/^\/etc\/corosync\/authkey$/, refusedLive(COROSYNC_KEY, "the hosts refuse it while the cluster runs", "corosync")],
    [/\/cib\.xml$/, compared(ended("the cluster's configuration comes or goes", "Pacemaker"), judgeCib)],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    FIXED: refusedLive(
      `name, members, links or quorum of the cluster change: ${COROSYNC_KEY}`,
      "the hosts refuse it while the cluster runs",
      "corosync",
    ),
    PEER: refusedLive("the cluster gets another member", "the hosts refuse it while the cluster runs", "corosync"),
    QDEVICE: reloads("corosync", "a third vote comes or goes"),
    FENCING: ({ new: now }) =>
      now === "no"
        ? {
            rank: 1,
            why: "fencing is off: a lost node's services start elsewhere while it may still write",
            effect: "none",
            procedure: "protection",
          }
        : reloads("Pacemaker", "fencing is on"),
    GROUPS_AND_LAST: later("what the step waits for"),
    RESOURCES: later("what the step looks at"),
    MANAGED_UNITS: later("what starts no longer by itself at boot"),
    SCORES_TIMER: harmless,
    SETTLE: harmless,
  },
};

export const heartbeat: RoleMeaning = {
  called: "Heartbeat",
  created: unfelt("the manager starts the groups where they belong"),
  removed: ended("the manager stops, and with it all that it holds", "Heartbeat"),
  unseen: unseen("Heartbeat", 3),
  program: ownProgram("Heartbeat", 4),
  secret: refusedLive(
    "the key of the heartbeats changes: both nodes would take all groups",
    "the hosts refuse it while Heartbeat runs",
    "Heartbeat",
  ),
  files: [
    [/^\/etc\/ha\.d\/ha\.cf$/, compared(ended("Heartbeat's settings come or go", "Heartbeat"), judgeHaCf)],
    [
      /^\/etc\/ha\.d\/authkeys$/,
      refusedLive("both nodes would take all groups", "the hosts refuse it while Heartbeat runs", "Heartbeat"),
    ],
    [/^\/etc\/ha\.d\/haresources$/, later("read at the next move; nothing is started or stopped now", "Heartbeat")],
    [/^\/etc\/ha\.d\/resource\.d\//, reloads("Heartbeat", "read at its next use")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    PEER: refusedLive("the pair gets another member", "the hosts refuse it while Heartbeat runs", "Heartbeat"),
    FENCING: pacemaker.variables["FENCING"] ?? harmless,
    LAST: harmless,
    RESOURCES: later("what the step looks at"),
    GROUPS_WANTED: later("what the step waits for"),
    MANAGED_UNITS: later("what starts no longer by itself at boot"),
    SETTLE: harmless,
  },
};

export const settled: RoleMeaning = {
  called: "the wait for Heartbeat",
  created: unfelt("waits until all groups run"),
  removed: unfelt("nothing of it stays on a host"),
  unseen: unseen("Heartbeat", 5),
  program: ownProgram("Heartbeat", 5),
  files: OWN_TOOLS,
  variables: {
    ...SETTLING,
    ...Object.fromEntries(
      ["SETTLE", "SETTINGS", "GROUPS_WANTED", "RESOURCES", "PEER", "JOBS"].map((name) => [name, harmless]),
    ),
  },
};

export const manual: RoleMeaning = {
  called: "a group that a person moves",
  created: unfelt("the group starts on its preferred node, where that is safe"),
  removed: ended("the group is stopped, and nobody starts it again", "ha-group"),
  unseen: unseen("ha-group", 3),
  program: ownProgram("ha-group", 4),
  files: [
    [/^\/etc\/linode-ha\/groups\//, compared(ended("the group comes or goes", "ha-group"), judgeGroup)],
    [/^\/etc\/linode-ha\/links\//, later("read at the group's next start", "ha-group")],
    ...OWN_TOOLS,
  ],
  variables: {
    ...SETTLING,
    PREFERRED: later("where the group starts the first time"),
    PEER: { ...ended("the pair gets another member", "ha-group"), procedure: "one-node" },
    RESOURCES: later("what the step looks at"),
    MANAGED_UNITS: later("what starts no longer by itself at boot"),
    GROUP: ended("the group gets another name", "ha-group"),
  },
};
