import { UserError } from "../components/internal/errors";
import { inBytes } from "./bytes";
import { EXIT, type ExitCode } from "./exitCodes";
import { until } from "./reach/await";
import { must, quoted, type Node } from "./reach/nodes";
import type { PairState, ResourceState } from "./state/pair";
import { drbdWords, isWhole, parseProcDrbd, type DrbdSide } from "./state/procDrbd";
import { readPair } from "./status";

/** How a verification is made. */
export interface VerifyOptions {
  /** Default: every volume, one after the other. */
  readonly volume?: string;
  /** For each volume. */
  readonly timeoutSeconds: number;
  /** Default 2000. */
  readonly pollMs?: number;
}

/** The volumes to verify, if each can be verified now. @throws UserError where one cannot. */
export function chooseVolumes(state: PairState, volume: string | undefined): readonly ResourceState[] {
  const known = state.resources.map(({ name }) => name);
  if (known.length === 0 || (volume !== undefined && !known.includes(volume))) {
    const what = known.length === 0 ? "no replicated volume was found on this pair" : "there is no such volume";
    const allowed = known.length === 0 ? {} : { allowed: known.join(", ") };
    throw new UserError("Nothing to verify", [
      { path: "VOLUME", given: volume, what, ...allowed, todo: "see: linode-ha status" },
    ]);
  }
  const chosen = state.resources.filter(({ name }) => volume === undefined || name === volume);
  const problems = chosen.flatMap(({ name, sides }) => {
    const side = Object.values(sides)[0];
    if (side !== undefined && isWhole(side)) return [];
    const what = side === undefined ? "no node answers for it" : drbdWords(side);
    const running = side?.connection.startsWith("Verify") === true;
    const todo = running
      ? "a verification is on its way; follow it: linode-ha status"
      : "both sides must be connected and UpToDate: linode-ha status";
    return [{ path: name, what, todo }];
  });
  if (problems.length > 0) throw new UserError("Not verified; nothing was changed", problems);
  return chosen;
}

/** Compares both sides of each volume, block by block, while they are in use. Changes no data. */
export async function verify(
  nodes: readonly Node[],
  options: VerifyOptions,
  say: (line: string) => void,
): Promise<ExitCode> {
  let worst: ExitCode = EXIT.healthy;
  for (const resource of chooseVolumes(await readPair(nodes), options.volume)) {
    if (!(await verifyOne(nodes, resource, options, say))) worst = EXIT.critical;
  }
  return worst;
}

async function verifyOne(
  nodes: readonly Node[],
  { name, minor, sides, dualPrimary }: ResourceState,
  { timeoutSeconds, pollMs = 2000 }: VerifyOptions,
  say: (line: string) => void,
): Promise<boolean> {
  const place = Object.keys(sides).find((each) => sides[each]?.role === "Primary") ?? Object.keys(sides)[0];
  const node = nodes.find((each) => each.name === place);
  if (node === undefined) throw new Error(`no node for ${name}`);
  const before = sides[node.name]?.outOfSyncBytes ?? 0;
  if (before > 0) say(`${name}: ${inBytes(before)} were known to differ before; they are counted again`);
  const since = (await must(node, "date +%s", 20_000, "see that it answers")).trim();
  const why = "if it has no verify-alg: set net.verifyAlg of the volume and deploy";
  await must(node, `drbdadm verify ${quoted(name)}`, 60_000, why);
  say(`${name}: verifying from ${node.name}`);
  let shown = -10;
  const end = await until(
    async (): Promise<DrbdSide | undefined> => {
      const side = await lookAt(node, minor);
      if (side === undefined) return undefined;
      if (!side.connection.startsWith("Verify")) return side;
      const percent = side.progress?.percent ?? 0;
      if (percent - shown >= 10) {
        say(`${name}: ${percent} %${side.progress?.finish === undefined ? "" : `, ${side.progress.finish} left`}`);
        shown = percent;
      }
      return undefined;
    },
    timeoutSeconds * 1000,
    pollMs,
  );
  if (end === undefined) {
    throw new UserError(`${name}: the verification did not end within ${timeoutSeconds} s`, [
      {
        path: `${name} on ${node.name}`,
        what: "it goes on in the kernel, or the node does not answer",
        todo: `follow it: linode-ha status; to stop it, there: drbdadm disconnect ${name}; drbdadm connect ${name}`,
      },
    ]);
  }
  if (end.connection !== "Connected") {
    throw new UserError(`${name}: the verification was cut short`, [
      {
        path: `${name} on ${node.name}`,
        what: drbdWords(end),
        todo: "see to the connection (linode-ha status), then verify again",
      },
    ]);
  }
  if (end.outOfSyncBytes === 0) {
    say(`${name}: both sides are the same`);
    return true;
  }
  const blocks = end.outOfSyncBytes / 4096;
  const [noun, verb] = blocks === 1 ? ["block", "differs"] : ["blocks", "differ"];
  say(`${name}: ${blocks} ${noun} of 4 KiB (${inBytes(end.outOfSyncBytes)}) ${verb} between the sides`);
  for (const line of await rangesSince(node, since, minor)) say(`  ${line}`);
  for (const line of nextSteps(name, node.name, dualPrimary)) say(`  ${line}`);
  return false;
}

/** What a person does about blocks that differ. */
export function nextSteps(name: string, node: string, dualPrimary: boolean): readonly string[] {
  return [
    ...(dualPrimary
      ? [
          "both sides may write: stop what uses the volume on the node whose blocks shall be overwritten, and make it Secondary",
        ]
      : [
          "the Primary's blocks are copied over the Secondary's; if you doubt the Primary's disk, move the group away first",
        ]),
    `then, on ${node}: drbdadm disconnect ${name}; drbdadm connect ${name}; what differs is copied now`,
    `afterwards: linode-ha verify ${name}`,
    "find the cause: memory, disk, a program that changes what it is writing (swap, mail queues); see the kernel's log of both nodes",
  ];
}

async function lookAt(node: Node, minor: number): Promise<DrbdSide | undefined> {
  try {
    return parseProcDrbd((await node.run("cat /proc/drbd", 20_000)).stdout).get(minor);
  } catch {
    return undefined; // a look that fails is made again
  }
}

async function rangesSince(node: Node, since: string, minor: number): Promise<readonly string[]> {
  const command = `journalctl --dmesg --since @${since} --output cat --no-pager`;
  const { stdout } = await node.run(command, 30_000).catch(() => ({ stdout: "" }));
  const lines = stdout
    .split("\n")
    .filter((line) => line.includes("Out of sync:") && new RegExp(`\\bdrbd${minor}\\b`).test(line));
  const more = lines.length > 20 ? [`… and ${lines.length - 20} more ranges, in the kernel's log of ${node.name}`] : [];
  return [...lines.slice(0, 20).map((line) => line.trim()), ...more];
}
