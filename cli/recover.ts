import { UserError } from "../components/internal/errors";
import { inBytes } from "./bytes";
import {
  decideRecover,
  parseGenerations,
  type Generations,
  type RecoverPlan,
  type RecoverWish,
} from "./decide/splitBrain";
import { until } from "./reach/await";
import { checkCopyFile, copyDevice } from "./reach/copyDevice";
import { must, nodeNamed, quoted, type Node } from "./reach/nodes";
import type { PairState } from "./state/pair";
import { drbdWords, isTalking, parseProcDrbd, type DrbdSide } from "./state/procDrbd";
import { readPair } from "./status";

/** How a split brain is ended. */
export interface RecoverOptions extends RecoverWish {
  /** Asked before anything is discarded; gets what will be lost as its last words. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Keep an image of the discarded side in this file, here. */
  readonly copy?: string;
  /** What the resync may take, in seconds; the copy has as long. */
  readonly timeoutSeconds: number;
  /** Default 2000. */
  readonly pollMs?: number;
}

/** A side's last write and the moment the sides parted, as far as something there knows them. */
export interface SideTimes {
  readonly lastWrite?: string;
  readonly parted?: string;
}

const DO_NOT_WORRY = "nothing was discarded; see: linode-ha status, then run this again";

/**
 * Ends a split brain: the other side's writes since the parting are discarded, and it copies from the side that is kept.
 *
 * @throws UserError where this is refused, or did not come to its end.
 */
export async function recover(
  nodes: readonly Node[],
  options: RecoverOptions,
  say: (line: string) => void,
): Promise<void> {
  if (options.copy !== undefined) checkCopyFile(options.copy);
  const plan = await decideNow(nodes, options);
  const [keeper, loser] = [nodeNamed(nodes, plan.keep), nodeNamed(nodes, plan.discard)];
  const state = await readPair(nodes);
  const [keptTimes, lostTimes] = await Promise.all([
    timesOf(keeper, plan, backingOf(state, plan, plan.keep)),
    timesOf(loser, plan, plan.backing),
  ]);
  for (const line of planWords(plan, state, keptTimes, lostTimes)) say(line);
  const question = `Discard what ${plan.discard} wrote since the sides parted (${inBytes(plan.lostBytes)})?`;
  if (!(await options.confirm(question))) {
    throw new UserError("Nothing was changed", [
      {
        path: plan.volume,
        what: "discarding was not confirmed",
        todo: `type the name of the node whose writes are discarded, or use --yes`,
      },
    ]);
  }
  // A person took their time: what was decided upon may have changed.
  await decideNow(nodes, options);
  const name = quoted(plan.volume);
  // A side that stands alone has no connection left, and the kernel refuses to end what is not there.
  if ((await sideAt(loser, plan.minor))?.connection !== "StandAlone") {
    await must(loser, `drbdadm disconnect ${name}`, 60_000, DO_NOT_WORRY);
  }
  if (options.copy !== undefined) {
    say(`copying ${plan.backing} of ${plan.discard} to ${options.copy}`);
    const bytes = await copyDevice(loser, plan.backing, options.copy, options.timeoutSeconds * 1000);
    say(`copied ${inBytes(bytes)}`);
    for (const line of restoreWords(options.copy, plan)) say(`  ${line}`);
  }
  // Refused by the kernel while anything there has the device open.
  await must(loser, `drbdadm secondary ${name}`, 60_000, DO_NOT_WORRY);
  await must(loser, `drbdadm connect --discard-my-data ${name}`, 60_000, DO_NOT_WORRY);
  if ((await sideAt(keeper, plan.minor))?.connection === "StandAlone") {
    await must(keeper, `drbdadm connect ${name}`, 60_000, `there: drbdadm connect ${plan.volume}`);
  }
  await watchResync(loser, plan, options, say);
}

async function decideNow(nodes: readonly Node[], wish: RecoverWish): Promise<RecoverPlan> {
  const [state, generations] = await Promise.all([readPair(nodes), generationsOf(nodes, wish.volume)]);
  const decision = decideRecover(state, generations, wish);
  if ("plan" in decision) return decision.plan;
  throw new UserError(`Volume ${wish.volume}: nothing was changed`, decision.problems);
}

async function generationsOf(
  nodes: readonly Node[],
  volume: string,
): Promise<Readonly<Record<string, Generations | undefined>>> {
  const each = nodes.map(async (node) => {
    const { stdout } = await node.run(`drbdadm get-gi ${quoted(volume)}`, 20_000).catch(() => ({ stdout: "" }));
    return [node.name, parseGenerations(stdout)] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}

/** When a file system of ext2 to ext4 was last written by its own account, and when the kernel saw the sides part. */
async function timesOf(node: Node, { minor }: RecoverPlan, backing: string): Promise<SideTimes> {
  const command =
    `dumpe2fs -h ${quoted(backing)} 2>/dev/null | sed -n 's/^Last write time: */lastWrite=/p'; ` +
    `journalctl --dmesg --boot --output short-iso --no-pager 2>/dev/null | grep -E 'drbd${minor}\\b.*Split-Brain' | tail -n 1 | sed 's/ .*//; s/^/parted=/'`;
  const { stdout } = await node.run(command, 30_000).catch(() => ({ stdout: "" }));
  const [lastWrite, parted] = ["lastWrite", "parted"].map((key) => new RegExp(`^${key}=(.+)$`, "m").exec(stdout)?.[1]);
  return { ...(lastWrite === undefined ? {} : { lastWrite }), ...(parted === undefined ? {} : { parted }) };
}

function backingOf(state: PairState, { volume }: RecoverPlan, node: string): string {
  return state.resources.find(({ name }) => name === volume)?.backing[node] ?? "";
}

/** Both sides and what is lost, as a person sees them before the question. */
export function planWords(plan: RecoverPlan, state: PairState, kept: SideTimes, lost: SideTimes): readonly string[] {
  const sides = state.resources.find(({ name }) => name === plan.volume)?.sides ?? {};
  const side = (node: string, verb: string, bytes: number, times: SideTimes): string[] => {
    const seen = sides[node];
    return [
      `  ${verb} ${node}: ${seen === undefined ? "" : drbdWords(seen)}`,
      `    changed since the sides parted: ${inBytes(bytes)} (${bytes} bytes, in blocks of 4 KiB)`,
      `    last write by the file system's account: ${times.lastWrite ?? "not known"}`,
      `    the parting was seen: ${times.parted ?? "not in this boot's log"}`,
    ];
  };
  return [
    `${plan.volume} is a split brain:`,
    ...side(plan.keep, "KEEP   ", plan.keptBytes, kept),
    ...side(plan.discard, "DISCARD", plan.lostBytes, lost),
    ...plan.warnings.map((warning) => `  CAUTION: ${warning}`),
  ];
}

/** How the copy is used. */
export function restoreWords(
  file: string,
  { volume, discard }: Pick<RecoverPlan, "volume" | "discard">,
): readonly string[] {
  return [
    `single files out of it (the file system is at its beginning, DRBD's metadata at its end): mount -o ro,loop ${file} /mnt`,
    "  (ext4 that was not unmounted in order: mount -o ro,noload,loop; a database: start a server of its own on a copy of the folder)",
    `all of it: only as a new volume's content, never onto the disk of ${volume} on ${discard} while that is connected`,
  ];
}

async function sideAt(node: Node, minor: number): Promise<DrbdSide | undefined> {
  const { stdout } = await node.run("cat /proc/drbd", 20_000).catch(() => ({ stdout: "" }));
  return parseProcDrbd(stdout).get(minor);
}

async function watchResync(
  loser: Node,
  { volume, minor, discard, keep }: RecoverPlan,
  { timeoutSeconds, pollMs = 2000 }: RecoverOptions,
  say: (line: string) => void,
): Promise<void> {
  let last: DrbdSide | undefined;
  let shown = -10;
  const connected = await until(
    async () => ((last = await sideAt(loser, minor)) !== undefined && isTalking(last) ? last : undefined),
    60_000,
    Math.min(pollMs, 1000),
  );
  if (connected === undefined) {
    throw new UserError(`${volume}: the two sides did not connect within 60 s`, [
      {
        path: `${volume} on ${discard}`,
        what: last === undefined ? "the node does not answer" : drbdWords(last),
        todo: `see the network between the nodes and journalctl -k on both; then, on ${discard}: drbdadm disconnect ${volume}; run this again`,
      },
    ]);
  }
  say(`connected; ${discard} copies from ${keep}`);
  const whole = await until(
    async () => {
      last = (await sideAt(loser, minor)) ?? last;
      const percent = last?.progress?.percent ?? 0;
      if (percent - shown >= 10) {
        say(`  ${percent} %${last?.progress?.finish === undefined ? "" : `, ${last.progress.finish} left`}`);
        shown = percent;
      }
      return last?.connection === "Connected" && last.disk === "UpToDate" ? last : undefined;
    },
    timeoutSeconds * 1000,
    pollMs,
  );
  if (whole === undefined) {
    throw new UserError(`${volume}: the resync did not end within ${timeoutSeconds} s`, [
      {
        path: `${volume} on ${discard}`,
        what: last === undefined ? "" : drbdWords(last),
        todo: "it goes on by itself; follow it: linode-ha status",
      },
    ]);
  }
  say(`${volume}: both sides are UpToDate, with the data of ${keep}`);
}
