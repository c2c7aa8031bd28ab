import { UserError } from "../components/internal/errors";
import { decideMove, type MovePlan, type MoveWish } from "./decide/move";
import { until } from "./reach/await";
import { must, nodeNamed, quoted, type Node } from "./reach/nodes";
import { answers, parseProbe, Probe, probeTargets, type Outage } from "./reach/probe";
import type { PairState } from "./state/pair";
import { readPair } from "./status";

/** How a group is moved. */
export interface SwitchoverOptions extends MoveWish {
  /** What the move may take, in seconds. */
  readonly timeoutSeconds: number;
  /** `HOST:PORT` where a client would look. Default: a listening port of the group's own address. */
  readonly probe?: string;
  /** Between looks, in milliseconds. Default 1000. */
  readonly pollMs?: number;
}

/** How it went. */
export interface SwitchoverResult {
  readonly moved: boolean;
  readonly seconds: number;
  /** As a client saw it; undefined where there was nothing to look at. */
  readonly outage?: Outage & { readonly at: string };
}

/** Where Debian's versions of Heartbeat keep the two commands. */
const HB = (command: string): string =>
  `for folder in /usr/share/heartbeat /usr/libexec/heartbeat /usr/lib/heartbeat; do if test -x $folder/${command.split(" ")[0] ?? ""}; then exec $folder/${command}; fi; done; echo 'not found on this host'; exit 127`;

/** Gives up what Heartbeat holds on this node: `local`, `foreign` or `all`. */
export function hbStandby(set: "local" | "foreign" | "all"): string {
  return HB(`hb_standby ${set}`);
}

/** Takes over what Heartbeat holds on the peer. */
export function hbTakeover(set: "local" | "foreign" | "all"): string {
  return HB(`hb_takeover ${set}`);
}

/**
 * Moves a group to the other node, as planned, and waits until it serves there.
 *
 * @throws UserError where the move is refused (nothing was changed) or did not come to its end (it says how it was left).
 */
export async function switchover(
  nodes: readonly Node[],
  options: SwitchoverOptions,
  say: (line: string) => void,
): Promise<SwitchoverResult> {
  const decision = decideMove(await readPair(nodes), options);
  if ("problems" in decision) {
    if (decision.there === true) {
      say(`${options.group} is active there already: nothing to do`);
      return { moved: false, seconds: 0 };
    }
    throw new UserError(`Group ${options.group} is not moved; nothing was changed`, decision.problems);
  }
  return move(nodes, decision.plan, options, say);
}

/** Carries a plan out. */
export async function move(
  nodes: readonly Node[],
  plan: MovePlan,
  options: Pick<SwitchoverOptions, "timeoutSeconds" | "probe" | "pollMs">,
  say: (line: string) => void,
): Promise<SwitchoverResult> {
  const [from, to] = [nodeNamed(nodes, plan.from), nodeNamed(nodes, plan.to)];
  const client = await startProbe(nodes, plan, options.probe, say);
  const begun = Date.now();
  const limitMs = options.timeoutSeconds * 1000;
  const also = plan.together.length > 0 ? `, with ${plan.together.join(", ")}` : "";
  say(`moving ${plan.group}${also} from ${plan.from} to ${plan.to}`);
  try {
    await carryOut(plan, from, to, limitMs, say, () =>
      arrived(nodes, plan, begun, limitMs, options.pollMs ?? 1000, say),
    );
  } catch (error) {
    await client?.probe.stop(0);
    throw error;
  }
  const seconds = (Date.now() - begun) / 1000;
  const outage = client === undefined ? undefined : { ...(await client.probe.stop(10_000)), at: client.at };
  say(`${plan.group} is active on ${plan.to}`);
  if (outage === undefined) {
    say(
      `outage: at most ${seconds.toFixed(1)} s, the whole move; no address of the group answers here (--probe HOST:PORT)`,
    );
  } else if (outage.serves) {
    say(
      `outage: ${(outage.longestMs / 1000).toFixed(1)} s without an answer at ${outage.at}; the whole move took ${seconds.toFixed(1)} s`,
    );
  } else {
    say(`outage: ${outage.at} does not answer from here since ${(outage.longestMs / 1000).toFixed(1)} s`);
  }
  return { moved: true, seconds, ...(outage === undefined ? {} : { outage }) };
}

/**
 * Asks Pacemaker to run groups on a node, and takes the wish back once `then` has ended, however it ended.
 *
 * @throws UserError where the cluster does not take the wish; whatever `then` throws.
 */
export async function whileWished(
  to: Node,
  groups: readonly string[],
  limitMs: number,
  say: (line: string) => void,
  then: () => Promise<void>,
): Promise<void> {
  // The lifetime is for the case that this process dies before it clears what it asked for.
  const lifetime = `PT${Math.ceil(limitMs / 60_000) + 5}M`;
  const command = (words: string): string =>
    groups.map((group) => `crm_resource --resource ${quoted(group)} ${words}`).join(" && ");
  const clear = command("--clear");
  try {
    await must(
      to,
      command(`--move --node ${quoted(to.name)} --lifetime ${lifetime}`),
      30_000,
      "read: journalctl -u pacemaker -n 50, there",
    );
    await then();
  } finally {
    const { code } = await to.run(clear, 30_000).catch(() => ({ code: 1 }));
    if (code !== 0) say(`the wish to be on ${to.name} is still in the cluster, for ${lifetime}; clear it: ${clear}`);
  }
}

async function carryOut(
  { group, manager, from: source, set }: MovePlan,
  from: Node,
  to: Node,
  limitMs: number,
  say: (line: string) => void,
  wait: () => Promise<void>,
): Promise<void> {
  const name = quoted(group);
  switch (manager) {
    case "pacemaker":
      await whileWished(to, [group], limitMs, say, wait);
      return;
    case "heartbeat":
      await must(from, hbStandby(set), 30_000, "read: journalctl -u heartbeat -n 50, there");
      await wait();
      return;
    case "manual":
      await must(
        from,
        `ha-group stop ${name}`,
        limitMs,
        `see what holds it; to go on serving there: ha-group start ${group}`,
      );
      say(`stopped on ${source}`);
      try {
        await must(
          to,
          `ha-group start ${name}`,
          limitMs,
          `mend it there; linode-ha status shows where ${group} is now`,
        );
      } catch (error) {
        const back = await from.run(`ha-group start ${name}`, limitMs).catch(() => ({ code: 1 }));
        say(
          back.code === 0 ? `started again on ${source}` : `NOT started again on ${source}: ${group} is active nowhere`,
        );
        throw error;
      }
      await wait();
  }
}

/** Waits until the group runs whole on the target and nowhere else. */
async function arrived(
  nodes: readonly Node[],
  plan: MovePlan,
  begun: number,
  limitMs: number,
  pollMs: number,
  say: (line: string) => void,
): Promise<void> {
  let seen = "";
  let last: PairState | undefined;
  const done = await until(
    async () => {
      last = await readPair(nodes);
      const now = placeWords(last, plan.group);
      if (now !== seen) say(`  ${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${now}`);
      seen = now;
      const settled = [plan.group, ...plan.together].every((name) => isOnlyOn(last, name, plan.to));
      return settled ? true : undefined;
    },
    Math.max(0, limitMs - (Date.now() - begun)),
    pollMs,
  );
  if (done === true) return;
  throw new UserError(`Group ${plan.group} did not arrive on ${plan.to} within ${limitMs / 1000} s`, [
    {
      path: plan.group,
      what: `was last seen ${seen}`,
      todo: `see: linode-ha status; read on ${plan.to}: journalctl -u ${plan.manager === "manual" ? "linode-ha-group@*" : plan.manager} -n 100`,
    },
  ]);
}

/** Whether a group runs whole on one node, and nothing of it elsewhere. */
export function isOnlyOn(state: PairState | undefined, name: string, node: string): boolean {
  const group = state?.manager.groups.find((each) => each.name === name);
  return group?.activeOn.join() === node && group.partlyOn.length === 0;
}

function placeWords(state: PairState, name: string): string {
  const group = state.manager.groups.find((each) => each.name === name);
  if (group === undefined) return "not to be seen";
  const parts = group.partlyOn.length > 0 ? `partly on ${group.partlyOn.join(" and ")}` : "";
  return (
    [group.activeOn.length > 0 ? `on ${group.activeOn.join(" and ")}` : "", parts].filter(Boolean).join(", ") ||
    "active nowhere"
  );
}

async function startProbe(
  nodes: readonly Node[],
  plan: MovePlan,
  asked: string | undefined,
  say: (line: string) => void,
): Promise<{ probe: Probe; at: string } | undefined> {
  const given = asked === undefined ? undefined : parseProbe(asked);
  if (asked !== undefined && given === undefined) {
    throw new UserError("Nothing was changed", [
      { path: "--probe", given: asked, what: "is no HOST:PORT", todo: "for example --probe 192.0.2.10:3306" },
    ]);
  }
  const state = given === undefined ? await readPair(nodes) : undefined;
  const addresses = state?.manager.groups.find(({ name }) => name === plan.group)?.addresses ?? [];
  const listening =
    addresses.length === 0
      ? ""
      : await nodeNamed(nodes, plan.from)
          .run("ss -Hltn", 10_000)
          .then(
            ({ stdout }) => stdout,
            () => "",
          );
  const targets = given === undefined ? probeTargets(listening, addresses) : [given];
  for (const target of targets.slice(0, 10)) {
    if (await answers(target)) {
      const at = `${target.host} port ${target.port}`;
      say(`measuring at ${at}`);
      return { probe: new Probe(() => answers(target)), at };
    }
  }
  if (given !== undefined) {
    throw new UserError("Nothing was changed", [
      {
        path: "--probe",
        given: asked,
        what: "does not answer from here",
        todo: "name a port that answers before the move, or leave it out",
      },
    ]);
  }
  return undefined;
}
