import type { Problem } from "../../components/internal/errors";
import { inBytes } from "../bytes";
import type { PairState } from "../state/pair";
import { drbdWords, isTalking } from "../state/procDrbd";

/** The generation identifiers of one side: of its data, of the data at the moment the sides parted, and before. */
export interface Generations {
  readonly current: bigint;
  readonly bitmap: bigint;
  readonly history: readonly bigint[];
}

/** What two sides are to each other, by their generations. */
export type Relation =
  /** The same data. */
  | "equal"
  /** The first has all that the second has, and more. */
  | "first-later"
  | "second-later"
  /** Both went on from the same data. */
  | "split-brain"
  /** One has never held data. */
  | "blank"
  | "unrelated";

/** Set while a side is Primary; not part of the identifier. */
const PRIMARY_BIT = 1n;
const JUST_CREATED = 4n;

/** Reads `drbdadm get-gi`: `CURRENT:BITMAP:HISTORY:HISTORY:flags…`. Undefined where that is not what it is. */
export function parseGenerations(text: string): Generations | undefined {
  const match = /\b([0-9A-F]{16}):([0-9A-F]{16}):([0-9A-F]{16}):([0-9A-F]{16})\b/i.exec(text);
  if (match === null) return undefined;
  const [current = 0n, bitmap = 0n, ...history] = match.slice(1).map((hex) => BigInt(`0x${hex}`) & ~PRIMARY_BIT);
  return { current, bitmap, history };
}

/** As DRBD itself compares two sides when they meet. */
export function relationOf(first: Generations, second: Generations): Relation {
  const blank = ({ current }: Generations): boolean => current === 0n || current === JUST_CREATED;
  if (blank(first) || blank(second)) return "blank";
  if (first.current === second.current) return "equal";
  const past = ({ bitmap, history }: Generations): bigint[] => [bitmap, ...history].filter((each) => each !== 0n);
  if (past(second).includes(first.current)) return "second-later";
  if (past(first).includes(second.current)) return "first-later";
  return past(first).some((each) => past(second).includes(each)) ? "split-brain" : "unrelated";
}

/** What is asked for. */
export interface RecoverWish {
  readonly volume: string;
  readonly keep: string;
}

/** What will be done, and what it costs. */
export interface RecoverPlan {
  readonly volume: string;
  readonly minor: number;
  readonly keep: string;
  readonly discard: string;
  /** Bytes that were written on the discarded side since the sides parted, in blocks of 4 KiB: all of them are lost. */
  readonly lostBytes: number;
  /** As many on the side that is kept. */
  readonly keptBytes: number;
  readonly backing: string;
  /** What a person should know before saying yes. */
  readonly warnings: readonly string[];
}

/** A plan, or everything that speaks against it. */
export type RecoverDecision = { readonly plan: RecoverPlan } | { readonly problems: readonly Problem[] };

/** Decides whether this is a split brain that can be ended by discarding the other side. Nothing is decided on a guess. */
export function decideRecover(
  state: PairState,
  generations: Readonly<Record<string, Generations | undefined>>,
  { volume, keep }: RecoverWish,
): RecoverDecision {
  const refuse = (path: string, what: string, todo: string, allowed?: string): RecoverDecision => ({
    problems: [{ path, what, todo, ...(allowed === undefined ? {} : { allowed }) }],
  });
  const names = state.nodes.map(({ name }) => name);
  const resource = state.resources.find(({ name }) => name === volume);
  const unreached = state.nodes.filter(({ reached }) => !reached);
  if (unreached.length > 0) {
    return refuse(
      unreached.map(({ name }) => name).join(", "),
      `cannot be reached: ${unreached[0]?.why ?? ""}`,
      "both sides must be seen before one is given up",
    );
  }
  if (resource === undefined) {
    const known = state.resources.map(({ name }) => name).join(", ");
    return refuse("VOLUME", `there is no replicated volume "${volume}"`, "see them: linode-ha status", known);
  }
  const discard = names.find((name) => name !== keep);
  if (!names.includes(keep) || discard === undefined) {
    return refuse(
      "--keep",
      `"${keep}" is no node of this pair`,
      "name the node whose data are to stay",
      names.join(", "),
    );
  }
  const [winner, loser] = [resource.sides[keep], resource.sides[discard]];
  const [winnerGi, loserGi] = [generations[keep], generations[discard]];
  if (
    winner === undefined ||
    loser === undefined ||
    winner.connection === "Unconfigured" ||
    loser.connection === "Unconfigured"
  ) {
    return refuse(volume, "is not configured on both nodes", `there: systemctl start linode-ha-drbd@${volume}`);
  }
  if (isTalking(winner) || isTalking(loser)) {
    return refuse(
      volume,
      `is connected, so this is no split brain: ${drbdWords(winner)}`,
      "nothing to recover: linode-ha status",
    );
  }
  if (winnerGi === undefined || loserGi === undefined) {
    const where = winnerGi === undefined ? keep : discard;
    return refuse(`${volume} on ${where}`, "its generations cannot be read", `there: drbdadm get-gi ${volume}`);
  }
  const connect = `on both nodes: drbdadm connect ${volume}; DRBD then copies in the right direction by itself`;
  switch (relationOf(winnerGi, loserGi)) {
    case "equal":
      return refuse(volume, "both sides have the same data: this is no split brain", connect);
    case "first-later":
      return refuse(volume, `${discard} is only behind, not parted from ${keep}: this is no split brain`, connect);
    case "second-later":
      return refuse(
        volume,
        `${keep} is only behind ${discard}, which has all that it has and more: this is no split brain`,
        connect,
      );
    case "blank":
      return refuse(volume, "one side has never held data: this is no split brain", connect);
    case "unrelated":
      return refuse(
        volume,
        "the two sides have no common past: they are not two halves of one volume",
        "find out which disk is attached where (linode-ha status, lsblk) before anything is overwritten",
      );
    case "split-brain":
      break;
  }
  if (winner.disk !== "UpToDate") {
    return refuse(
      `${volume} on ${keep}`,
      `is not UpToDate, so it cannot be the side to keep: ${drbdWords(winner)}`,
      `keep the other: --keep ${discard}; or have this side mended first`,
    );
  }
  if (loser.disk === "Diskless" || loser.disk === "Failed") {
    return refuse(
      `${volume} on ${discard}`,
      `has no disk: ${drbdWords(loser)}`,
      "attach it first: drbdadm attach, there",
    );
  }
  const device = `/dev/drbd${resource.minor}`;
  const mounted = state.nodes.find(({ name }) => name === discard)?.mounts[device];
  if (loser.role === "Primary" || mounted !== undefined) {
    return refuse(
      `${volume} on ${discard}`,
      `is in use (${mounted === undefined ? "Primary" : `Primary, mounted at ${mounted}`}): what is being written there would be lost under its users`,
      demotion(state, volume, discard, mounted),
    );
  }
  const warnings = [
    ...(loser.outOfSyncBytes > winner.outOfSyncBytes
      ? [
          `${discard} has changed more than ${keep} (${inBytes(loser.outOfSyncBytes)} against ${inBytes(winner.outOfSyncBytes)})`,
        ]
      : []),
    ...(winner.outOfSyncBytes === 0 && loser.outOfSyncBytes > 0
      ? [`${keep} has not been written to at all since they parted`]
      : []),
    ...(loser.disk !== "UpToDate" ? [`${discard} is ${loser.disk}`] : []),
  ];
  const plan = { volume, minor: resource.minor, keep, discard, warnings, backing: resource.backing[discard] ?? "" };
  return { plan: { ...plan, lostBytes: loser.outOfSyncBytes, keptBytes: winner.outOfSyncBytes } };
}

/** How what uses the side to be discarded is stopped, in the words of what manages it. */
function demotion(
  { manager, resources }: PairState,
  volume: string,
  node: string,
  mounted: string | undefined,
): string {
  const group = manager.groups.find(({ drbd }) => drbd.includes(volume))?.name;
  const again = "then run this again";
  if (manager.kind === "manual" && group !== undefined) return `on ${node}: ha-group stop ${group}; ${again}`;
  if (manager.kind === "pacemaker") {
    const meta = `crm_resource --resource drbd-${volume}-clone --meta`;
    return `on ${node}: ${meta} --set-parameter target-role --parameter-value Unpromoted; ${again}; at the end: ${meta} --delete-parameter target-role`;
  }
  if (manager.kind === "heartbeat")
    return `on ${node}: systemctl stop heartbeat; ${again}; at the end: systemctl start heartbeat`;
  const keeper =
    resources.find(({ name }) => name === volume)?.dualPrimary === true
      ? `systemctl stop linode-ha-drbd-keeper@${volume}; `
      : "";
  return `on ${node}: ${keeper}stop what writes; ${mounted === undefined ? "" : `umount ${mounted}; `}drbdadm secondary ${volume}; ${again}${keeper === "" ? "" : `; at the end: systemctl start linode-ha-drbd-keeper@${volume}`}`;
}
