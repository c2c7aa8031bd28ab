import type { Problem } from "../../components/internal/errors";
import type { GroupState } from "../state/groups";
import type { PairState } from "../state/pair";
import { drbdWords, isWhole } from "../state/procDrbd";

/** What a planned move does, once nothing speaks against it. */
export interface MovePlan {
  readonly group: string;
  readonly from: string;
  readonly to: string;
  readonly manager: "pacemaker" | "heartbeat" | "manual";
  /** Groups that go with it: Heartbeat moves all that are preferred on one node together. */
  readonly together: readonly string[];
  /** For Heartbeat: which of its two sets moves, as the node that gives up sees it. */
  readonly set: "local" | "foreign";
}

/** A plan, or everything that speaks against it. */
export type MoveDecision =
  { readonly plan: MovePlan } | { readonly problems: readonly Problem[]; readonly there?: boolean };

/** How a move is asked for. */
export interface MoveWish {
  readonly group: string;
  /** Default: the node where it does not run. */
  readonly to?: string;
  /** Whether groups that cannot be left behind may go with it. */
  readonly together?: boolean;
}

/** Decides whether a group can be moved as planned: nothing is moved to where it could not serve. */
export function decideMove(state: PairState, wish: MoveWish): MoveDecision {
  const { manager, nodes } = state;
  const names = nodes.map(({ name }) => name);
  const group = manager.groups.find(({ name }) => name === wish.group);
  if (manager.kind === "none" || group === undefined) {
    const known = manager.groups.map(({ name }) => name).join(", ");
    return {
      problems: [
        {
          path: "GROUP",
          given: wish.group,
          what: manager.kind === "none" ? "nothing manages groups on this pair" : "there is no such group",
          ...(known === "" ? {} : { allowed: known }),
          todo:
            manager.kind === "none"
              ? "a pair whose two nodes both serve has nothing to move"
              : "see them: linode-ha status",
        },
      ],
    };
  }
  const [from] = group.activeOn;
  if (group.activeOn.length !== 1 || from === undefined || group.partlyOn.length > 0) {
    const where = [...group.activeOn, ...group.partlyOn].join(" and ");
    const what =
      group.activeOn.length > 1
        ? `is active on ${where}`
        : where === ""
          ? "is active nowhere"
          : `is only partly active, on ${where}`;
    const todo =
      manager.kind === "manual" && group.activeOn.length === 0
        ? `on the node that shall serve: ha-group start ${group.name}`
        : "a planned move begins where all is well; mend that first: linode-ha status";
    return { problems: [{ path: group.name, what, todo }] };
  }
  const to = wish.to ?? names.find((name) => name !== from);
  if (to === undefined || !names.includes(to)) {
    return {
      problems: [
        {
          path: "--to",
          given: wish.to,
          what: "is no node of this pair",
          allowed: names.join(", "),
          todo: "name one of them",
        },
      ],
    };
  }
  if (to === from) {
    return { there: true, problems: [{ path: group.name, what: `is active on ${to} already`, todo: "nothing to do" }] };
  }
  const together =
    manager.kind === "heartbeat"
      ? manager.groups.filter(
          (other) => other !== group && other.preferred === group.preferred && other.activeOn.includes(from),
        )
      : [];
  const problems = [
    ...targetProblems(state, to, from),
    ...[group, ...together].flatMap((each) => replicationProblems(state, each, to)),
    ...managerProblems(state, group, to, from),
    ...(together.length > 0 && wish.together !== true
      ? [
          {
            path: group.name,
            what: `Heartbeat moves groups by preferred node: ${together.map(({ name }) => name).join(", ")} would go with it`,
            todo: "add --together if that is what you want",
          },
        ]
      : []),
  ];
  if (problems.length > 0) return { problems };
  const set = group.preferred === from ? "local" : "foreign";
  return {
    plan: { group: group.name, from, to, manager: manager.kind, together: together.map(({ name }) => name), set },
  };
}

function targetProblems({ nodes, manager }: PairState, to: string, from: string): Problem[] {
  const target = nodes.find(({ name }) => name === to);
  const source = nodes.find(({ name }) => name === from);
  const seen = manager.nodes.find(({ name }) => name === to);
  return [
    ...[target, source].flatMap((node) =>
      node?.reached === true
        ? []
        : [
            {
              path: node?.name ?? to,
              what: `cannot be reached: ${node?.why ?? ""}`,
              todo: "a planned move needs both nodes",
            },
          ],
    ),
    ...(target?.checks ?? [])
      // What DRBD and the manager say is judged by itself, and said better.
      .filter(({ ok, name }) => !ok && !/^(drbd|heartbeat|pacemaker|corosync|ha-group|group)/.test(name))
      .map(({ name, detail }) => ({ path: to, what: `is not healthy: ${name}: ${detail}`, todo: "mend that first" })),
    ...(seen === undefined || seen.standby || !seen.online
      ? [
          {
            path: to,
            what: `the manager would not run anything there: ${seen?.words ?? "it does not know the node"}`,
            todo: seen?.standby === true ? `linode-ha standby ${to} --off` : "see to the manager on that node",
          },
        ]
      : []),
  ];
}

function replicationProblems({ resources }: PairState, group: GroupState, to: string): Problem[] {
  return group.drbd.flatMap((name): Problem[] => {
    const side = resources.find((each) => each.name === name)?.sides[to];
    const path = `${name} on ${to}`;
    if (side === undefined) {
      return [{ path, what: "is not there, or could not be asked", todo: "see: linode-ha status" }];
    }
    if (side.connection === "StandAlone") {
      const todo = `see both sides and decide which to keep: linode-ha recover split-brain ${name} --keep NODE`;
      return [{ path, what: `the sides have parted: ${drbdWords(side)}`, todo }];
    }
    // A verification copies nothing, so it is no reason to stay.
    if (isWhole({ ...side, connection: side.connection.replace(/^Verify[ST]$/, "Connected") })) return [];
    const todo =
      side.disk === "UpToDate"
        ? "wait until both sides are connected and UpToDate"
        : "wait until it has all data: linode-ha status";
    return [{ path, what: `does not have all data, or is not connected: ${drbdWords(side)}`, todo }];
  });
}

function managerProblems({ manager }: PairState, group: GroupState, to: string, from: string): Problem[] {
  return [
    ...(manager.maintenance
      ? [{ path: "manager", what: "is in maintenance mode and moves nothing", todo: "linode-ha maintenance --off" }]
      : []),
    ...(manager.notes.some((note) => note.includes("taking or giving up"))
      ? [{ path: "manager", what: "another move is on its way", todo: "wait until it is over" }]
      : []),
    ...(manager.kind === "pacemaker" &&
    group.failback === true &&
    group.preferred !== undefined &&
    group.preferred !== to
      ? [
          {
            path: group.name,
            what: `goes back to ${group.preferred} by itself (failback), as soon as the move is no longer forced`,
            todo: `linode-ha standby ${from} keeps it away until linode-ha standby ${from} --off`,
          },
        ]
      : []),
  ];
}
