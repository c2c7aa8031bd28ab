import { judge, type Judged } from "./judge";
import { interruptionOf } from "./measured";
import type { Verdict } from "./meanings";
import { nodeOf } from "./node";
import { typesOf, type Plan, type Step } from "./parse";
import { PROCEDURES } from "./procedures";
import { DEFAULT_FAIL_ON, exitCodeFor, NOTHING, worst, type Rank } from "./ranks";
import type { Finding, Review } from "./review";
import { dutyOf, type KnownStatus } from "./status";

/** What a review is told beside the plan. */
export interface ReviewOptions {
  /** What the last status said. Default: any node may be the active one. */
  readonly status?: KnownStatus;
  /** What is better than this ends with exit code 0. Default: what interrupts service. */
  readonly failOn?: Rank;
}

/** A finding about one resource, with what is needed to put findings together. */
interface Single extends Finding {
  readonly verdict: Verdict;
  /** What holds its node: a pair's resources are told from another pair's. */
  readonly family: string;
  /** It is made of its children, which have findings of their own. */
  readonly isComponent: boolean;
}

/** Says what a plan does to availability and data. The rank of the whole is that of its worst finding. */
export function review(plan: Plan, options: ReviewOptions = {}): Review {
  const singles = plan.steps
    .filter(({ op }) => op !== "same")
    .map((step) => single(step, plan.system, options.status))
    .filter(({ rank, isComponent }) => rank < NOTHING || !isComponent);
  const findings = [...incomplete(plan), ...bothNodes(singles), ...merged(singles)].sort(
    (one, other) =>
      one.rank - other.rank ||
      Number(one.follows === true) - Number(other.follows === true) ||
      (other.interruption.seconds ?? Infinity) - (one.interruption.seconds ?? Infinity) ||
      0,
  );
  const rank = worst(findings.map((finding) => finding.rank));
  const counts: Record<string, number> = {};
  for (const { op } of plan.steps) counts[op] = (counts[op] ?? 0) + 1;
  return {
    rank,
    exitCode: exitCodeFor(rank, options.failOn ?? DEFAULT_FAIL_ON),
    headline: headline(rank, findings),
    findings,
    counts,
    ...(plan.system === undefined ? {} : { system: plan.system }),
    activeKnown: options.status !== undefined,
  };
}

function headline(rank: Rank, findings: readonly Finding[]): string {
  const lead = findings[0];
  if (lead === undefined) return "Nothing changes.";
  const alike = findings.filter((finding) => finding.rank === rank && finding.follows !== true).length;
  const more = alike > 1 ? ` (and ${alike - 1} more of this rank)` : "";
  const refused = lead.refused === undefined ? "" : "; refused as it is";
  const place = lead.nodes.length > 0 ? ` on ${lead.nodes.join(" and ")}` : "";
  switch (rank) {
    case 0:
      return `Not understood: ${lead.names[0] ?? lead.called}: ${lead.why}${more}.`;
    case 6:
      return "Nothing to fear: nobody feels this change.";
    case 5:
      return `Nothing to fear: running programs take new settings in, ${lead.called}${place}${more}.`;
    default: {
      const opening = { 1: "May lose data", 2: "Both nodes at once", 3: "Failover", 4: "Restart in place" }[rank];
      return `${opening}: ${lead.called}${place}: ${lead.why}${refused}${more}.`;
    }
  }
}

function single(step: Step, system: string | undefined, status: KnownStatus | undefined): Single {
  const { called, judged } = judge(step);
  const lead = worstOf(judged);
  const node = nodeOf(step) ?? (lead.verdict.nodeDown === undefined ? undefined : step.name);
  const duty = dutyOf(status, node);
  const verdict = forDuty(lead.verdict, duty);
  const { rank, effect = "none", resync, refused, procedure = "none", why } = verdict;
  return {
    rule: `${step.type}/${step.op}`,
    rank,
    operation: step.op,
    type: step.type,
    called,
    names: [step.name],
    urns: [step.urn],
    nodes: node === undefined ? [] : [node],
    ...(rank <= 4 && node !== undefined ? { duty } : {}),
    why,
    reasons: judged.map(({ reason }) => reason),
    interruption: interruptionOf(effect, system, duty === "standby"),
    ...(resync === undefined ? {} : { resync }),
    ...(refused === undefined ? {} : { refused }),
    steps: PROCEDURES[procedure],
    ...(verdict.follows === true ? { follows: true } : {}),
    verdict,
    family: familyOf(step),
    isComponent: (step.new ?? step.old)?.custom === false,
  };
}

/** The pair that a resource is a child of, by its URN: a stack may have several. Others are told by their outermost component's type. */
function familyOf({ urn, old, new: now }: Step): string {
  const parent = now?.parent ?? old?.parent;
  return parent !== undefined && /[:$]linode-ha:pair:HaPair::/.test(parent) ? parent : (typesOf(urn)[0] ?? "");
}

/** The worst reason speaks for the resource; what it leaves open the next ones fill in. */
function worstOf(judged: readonly Judged[]): Judged {
  const sorted = [...judged].sort((one, other) => one.verdict.rank - other.verdict.rank);
  const [lead, ...rest] = sorted;
  if (lead === undefined) throw new Error("a step without a reason");
  const nodeDown = [lead, ...rest].map(({ verdict }) => verdict.nodeDown).sort()[0];
  const resync = lead.verdict.resync ?? rest.find(({ verdict }) => verdict.resync !== undefined)?.verdict.resync;
  return {
    ...lead,
    verdict: {
      ...lead.verdict,
      ...(nodeDown === undefined ? {} : { nodeDown }),
      ...(resync === undefined ? {} : { resync }),
    },
  };
}

/** A node that carries nothing can go: its peer's writes wait until it is taken for gone. */
function forDuty(verdict: Verdict, duty: ReturnType<typeof dutyOf>): Verdict {
  // What a manager moves, it moves whichever node told it so.
  const own = verdict.nodeDown !== undefined || verdict.follows === true;
  if (verdict.rank !== 3 || verdict.effect !== "node-down" || duty !== "standby" || !own) return verdict;
  return { ...verdict, rank: 4, why: `${verdict.why}; by the last known status this node carries nothing` };
}

/** Two nodes of one pair go down in the same plan, and nothing makes one wait for the other. */
function bothNodes(singles: readonly Single[]): readonly Finding[] {
  const down = singles.filter(({ verdict }) => verdict.nodeDown !== undefined);
  const families = [...new Set(down.map(({ family }) => family))];
  return families.flatMap((family): readonly Finding[] => {
    const own = down.filter((one) => one.family === family);
    const nodes = [...new Set(own.flatMap((one) => one.nodes))].sort();
    if (nodes.length < 2 || own.every(({ verdict }) => verdict.nodeDown === "rolled")) return [];
    const reasons = own.flatMap(({ names, reasons: all, called }) =>
      all.slice(0, 1).map((reason) => ({ ...reason, property: names[0] ?? "", why: `${called}: ${reason.why}` })),
    );
    return [
      {
        rule: "both-nodes",
        rank: 2,
        operation: "update",
        type: "",
        called: "the pair",
        names: [...new Set(own.flatMap(({ names }) => names))],
        urns: [...new Set(own.flatMap(({ urns }) => urns))],
        nodes,
        why: "both nodes go down in the same update, and nothing makes one wait for the other",
        reasons,
        interruption: { words: "until one of them is back" },
        steps: PROCEDURES["one-node"],
      },
    ];
  });
}

/** What is wrong with the plan itself: a part of it may be missing, so nothing good can be said of the whole. */
function incomplete(plan: Plan): readonly Finding[] {
  return plan.gaps.map((gap) => ({
    rule: "incomplete",
    rank: 0,
    operation: "unknown",
    type: "",
    called: "the preview",
    names: ["the preview"],
    urns: [],
    nodes: [],
    why: gap,
    reasons: [],
    interruption: { words: "not known" },
    steps: ["read what `pulumi preview` itself says, mend it, and review again"],
  }));
}

/** The like of it on both nodes is one finding. */
function merged(singles: readonly Single[]): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const { verdict: _verdict, isComponent: _isComponent, family, ...finding } of singles) {
    const { rule, rank, called, why, nodes, duty, reasons, refused } = finding;
    const alike = reasons.map(({ property, old, new: now, rank: own }) => [property, old, now, own]);
    const key =
      nodes.length === 0
        ? finding.urns.join()
        : JSON.stringify([rule, family, rank, called, why, duty, refused, alike]);
    const before = found.get(key);
    found.set(
      key,
      before === undefined
        ? finding
        : {
            ...before,
            names: [...before.names, ...finding.names],
            urns: [...before.urns, ...finding.urns],
            nodes: [...new Set([...before.nodes, ...nodes])].sort(),
            ...(before.resync === undefined ? {} : { resync: addedUp(before, finding) }),
          },
    );
  }
  return [...found.values()].map((finding) => ({
    ...finding,
    names: [...finding.names].sort(),
    urns: [...finding.urns].sort(),
  }));
}

function addedUp(one: Finding, other: Finding): NonNullable<Finding["resync"]> {
  const [first, second] = [one.resync?.bytes, other.resync?.bytes];
  const words = one.resync?.words ?? "";
  return first === undefined || second === undefined ? { words } : { words, bytes: first + second };
}
