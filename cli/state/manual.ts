import type { GroupState, ManagerState } from "./groups";

/** `ha-group status GROUP --json` and the group's file, on one node. */
export interface ManualAnswer {
  readonly file: string;
  readonly status?: {
    readonly active: boolean;
    readonly members: readonly { readonly member: string; readonly state: string }[];
  };
}

/** Puts both nodes' groups together; by node name, then by group. */
export function manualState(answers: Readonly<Record<string, Readonly<Record<string, ManualAnswer>>>>): ManagerState {
  const names = [...new Set(Object.values(answers).flatMap((groups) => Object.keys(groups)))].sort();
  return {
    kind: "manual",
    nodes: Object.keys(answers).map((name) => ({ name, online: true, standby: false, words: "a person decides" })),
    maintenance: false,
    groups: names.map((name) => groupOf(name, answers)),
    notes: [],
  };
}

function groupOf(name: string, answers: Readonly<Record<string, Readonly<Record<string, ManualAnswer>>>>): GroupState {
  const sides = Object.entries(answers).flatMap(([node, groups]) => {
    const answer = groups[name];
    return answer === undefined ? [] : [{ node, answer }];
  });
  const file = sides[0]?.answer.file ?? "";
  const words = (pattern: RegExp): string[] => [...file.matchAll(pattern)].map(([, word]) => word ?? "");
  const [preferred] = words(/^preferred (\S+)/gm);
  const activeOn = sides.filter(({ answer }) => answer.status?.active === true).map(({ node }) => node);
  // What did not say what it runs may run it: never taken for idle.
  const silent = sides.filter(({ answer }) => answer.status === undefined).map(({ node }) => node);
  // A resource that is Primary nowhere but here, with all the rest stopped, is a group that is half here too.
  const partlyOn = sides
    .filter(
      ({ node, answer }) =>
        silent.includes(node) ||
        (!activeOn.includes(node) && answer.status?.members.some(({ state }) => state === "started")),
    )
    .map(({ node }) => node);
  return {
    name,
    ...(preferred === undefined ? {} : { preferred }),
    drbd: words(/^run drbd (\S+)/gm),
    addresses: words(/^run address (\S+)/gm),
    activeOn,
    partlyOn,
    silentOn: silent,
    notes: sides.flatMap(({ node, answer }) =>
      silent.includes(node)
        ? [`${node} did not say in time what it runs`]
        : partlyOn.includes(node)
          ? (answer.status?.members ?? [])
              .filter(({ state }) => state === "started")
              .map(({ member }) => `${member} runs on ${node}`)
          : [],
    ),
    failback: false,
  };
}
