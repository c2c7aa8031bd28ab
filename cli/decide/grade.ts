import { EXIT, type ExitCode } from "../exitCodes";
import type { PairState, ResourceState } from "../state/pair";
import { drbdWords, isTalking, isWhole } from "../state/procDrbd";

/** Something that is not as it should be. */
export interface Finding {
  readonly severity: "degraded" | "critical";
  readonly what: string;
}

/** Everything that is wrong with a pair, the worst first. */
export function findingsOf(state: PairState): Finding[] {
  const degraded = (what: string): Finding => ({ severity: "degraded", what });
  const critical = (what: string): Finding => ({ severity: "critical", what });
  const { manager } = state;
  const found = [
    ...state.nodes
      .filter(({ reached }) => !reached)
      .map(({ name, why }) => degraded(`${name} cannot be reached: ${why ?? ""}`)),
    ...state.nodes.flatMap(({ name, checks }) =>
      checks.filter(({ ok }) => !ok).map((check) => degraded(`${name}: ${check.name}: ${check.detail}`)),
    ),
    ...state.resources.flatMap(resourceFindings),
    ...manager.groups.flatMap(({ name, activeOn, partlyOn, silentOn, notes, preferred }) => {
      if (activeOn.length > 1) return [critical(`group ${name} is active on both nodes`)];
      const why = notes.map((note) => degraded(`group ${name}: ${note}`));
      // Who did not answer in time may well have all of it.
      const silent = partlyOn.length > 0 && partlyOn.every((node) => silentOn?.includes(node));
      if (activeOn.length === 1 || silent) return why;
      if (partlyOn.length > 0) {
        return [critical(`group ${name} is only partly active, on ${partlyOn.join(" and ")}`), ...why];
      }
      const unseen = state.nodes.filter(({ reached }) => !reached).map((node) => node.name);
      const where = unseen.length > 0 ? `; ${unseen.join(" and ")} could not be asked` : "";
      const home = preferred === undefined ? "" : ` (preferred: ${preferred})`;
      return [critical(`group ${name} is not active${where}${home}`)];
    }),
    ...manager.nodes
      .filter(({ online, standby }) => !online || standby)
      .map(({ name, words }) => degraded(`the manager has ${name} as: ${words}`)),
    ...(manager.kind !== "none" && manager.nodes.length === 0
      ? [critical("the manager answers on no node: nothing is known of the groups")]
      : []),
    ...(manager.maintenance ? [degraded("maintenance mode: nothing is watched or moved")] : []),
    ...(manager.fencing?.ok === false ? [degraded(`fencing: ${manager.fencing.words}`)] : []),
    ...manager.notes.map(degraded),
  ];
  return found.sort((one, other) => Number(other.severity === "critical") - Number(one.severity === "critical"));
}

function resourceFindings({ name, sides, dualPrimary }: ResourceState): Finding[] {
  const both = Object.values(sides);
  const findings: Finding[] = [];
  const primaries = both.filter(({ role }) => role === "Primary");
  if (both.some(({ connection }) => connection === "StandAlone")) {
    const severity = primaries.length > 1 ? "critical" : "degraded";
    const what = `${name}: the sides have parted (StandAlone); see: linode-ha recover split-brain ${name} --keep NODE`;
    findings.push({ severity, what });
  } else if (primaries.length > 1 && !dualPrimary) {
    findings.push({ severity: "critical", what: `${name} is Primary on both nodes` });
  }
  if (both.length > 0 && !both.some(({ disk, peerDisk }) => disk === "UpToDate" || peerDisk === "UpToDate")) {
    findings.push({ severity: "critical", what: `${name}: no side is UpToDate` });
  }
  for (const [node, side] of Object.entries(sides)) {
    if (isTalking(side) && side.outOfSyncBytes > 0 && side.progress === undefined && side.connection === "Connected") {
      const what = `${name} on ${node}: ${side.outOfSyncBytes} bytes differ between the sides, found by a verification`;
      findings.push({ severity: "degraded", what });
    }
    if (!isWhole(side)) findings.push({ severity: "degraded", what: `${name} on ${node}: ${drbdWords(side)}` });
  }
  return findings;
}

/** The exit code for a pair in this state. */
export function gradeOf(state: PairState): ExitCode {
  if (!state.nodes.some(({ reached }) => reached)) return EXIT.unknown;
  const findings = findingsOf(state);
  if (findings.some(({ severity }) => severity === "critical")) return EXIT.critical;
  return findings.length > 0 ? EXIT.degraded : EXIT.healthy;
}
