import { inBytes } from "./bytes";
import { findingsOf, gradeOf } from "./decide/grade";
import type { ExitCode } from "./exitCodes";
import type { Node } from "./reach/nodes";
import { survey } from "./reach/survey";
import { pairState, type PairState } from "./state/pair";
import type { DrbdSide } from "./state/procDrbd";

const GRADES = ["healthy", "DEGRADED", "CRITICAL", "UNKNOWN"] as const;

/** Asks all nodes at once, and puts what they say together. */
export async function readPair(nodes: readonly Node[]): Promise<PairState> {
  return pairState(await Promise.all(nodes.map(survey)));
}

/**
 * The state for programs: `schema` (1; raised when a field changes its meaning), `grade`, `exitCode`, `findings`, and what was found
 * (`nodes`, `resources`, `manager`). docs/operating.md describes each field.
 */
export function statusJson(state: PairState): Readonly<Record<string, unknown>> {
  const exitCode = gradeOf(state);
  return { schema: 1, grade: GRADES[exitCode].toLowerCase(), exitCode, findings: findingsOf(state), ...state };
}

/** What `linode-ha status` says of one pair, or of each of several: for programs one object, or a list of them, each with its `pair`. */
export function statusText(
  pairs: readonly { readonly name?: string | undefined; readonly nodes: readonly Node[]; readonly state: PairState }[],
  json: boolean,
): string {
  if (json) {
    const all = pairs.map(({ name, state }) => ({
      ...(name === undefined ? {} : { pair: name }),
      ...statusJson(state),
    }));
    return `${JSON.stringify(all.length === 1 ? all[0] : all, undefined, 2)}\n`;
  }
  return pairs
    .map(({ name, nodes, state }) => `${name === undefined ? "" : `== ${name}\n`}${formatStatus(state, nodes)}`)
    .join("");
}

/** The state on one screen. */
export function formatStatus(state: PairState, nodes: readonly Node[]): string {
  const exitCode: ExitCode = gradeOf(state);
  const { manager } = state;
  const width = Math.max(...nodes.map(({ name }) => name.length), 4);
  return [
    `pair      ${GRADES[exitCode]}`,
    ...findingsOf(state).map(({ severity, what }) => `  ${severity === "critical" ? "!!" : " !"} ${what}`),
    "",
    ...state.nodes.flatMap((node) => {
      const endpoint = nodes.find(({ name }) => name === node.name)?.endpoint;
      const failed = node.checks.filter(({ ok }) => !ok).length;
      const checks = node.reached
        ? `${node.checks.length - failed} of ${node.checks.length} checks are well`
        : "not reached";
      return [
        `node      ${node.name.padEnd(width)}  ${checks}`,
        `  addresses   ${endpoint?.public4 ?? ""}  ${endpoint?.public6 ?? ""}  between the nodes: ${endpoint?.interconnect ?? ""}`,
        ...(node.floating.length > 0 ? [`  floating    ${node.floating.join("  ")}`] : []),
        ...node.checks.map(({ name, ok, detail }) => `  ${`${name} `.padEnd(12)}${ok ? "" : "FAILED "}${detail}`),
      ];
    }),
    "",
    ...state.resources.flatMap(({ name, minor, sides }) => [
      `drbd      ${name} (/dev/drbd${minor})`,
      ...Object.entries(sides).map(([node, side]) => `  ${node.padEnd(width)}  ${sideWords(side)}`),
    ]),
    "",
    `manager   ${manager.kind === "manual" ? "by hand (ha-group)" : manager.kind}${manager.maintenance ? ", MAINTENANCE MODE" : ""}`,
    ...manager.nodes.map(({ name, words }) => `  ${name.padEnd(width)}  ${words}`),
    ...manager.groups.map(({ name, activeOn, partlyOn, preferred, addresses }) => {
      const parts = partlyOn.length > 0 ? `, PARTLY on ${partlyOn.join(" and ")}` : "";
      const where = activeOn.length > 0 ? `on ${activeOn.join(" AND ")}` : "NOT ACTIVE";
      const more = [...(preferred === undefined ? [] : [`preferred: ${preferred}`]), ...addresses].join(", ");
      return `group     ${name}  ${where}${parts}${more === "" ? "" : `  (${more})`}`;
    }),
    ...(manager.fencing === undefined ? [] : [`fencing   ${manager.fencing.words}`]),
    "",
  ].join("\n");
}

function sideWords({ connection, role, disk, outOfSyncBytes, progress }: DrbdSide): string {
  const words = [connection, role, disk, ...(outOfSyncBytes > 0 ? [`${inBytes(outOfSyncBytes)} out of sync`] : [])];
  const finish = progress?.finish === undefined ? "" : `, ${progress.finish} left`;
  return [...words, ...(progress === undefined ? [] : [`${progress.kind} ${progress.percent} %${finish}`])].join("  ");
}
