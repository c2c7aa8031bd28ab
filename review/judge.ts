import { hostChanges, type HostChange, type HostText } from "./hostText";
import { lineDiff } from "./lineDiff";
import { judged, meaningOf, roleMeanings, unfelt, type HostJudge, type RoleMeaning, type Verdict } from "./meanings";
import { hostTextOf, type Step } from "./parse";
import { isUnknown, keyLines, SECRET_TEXT, shown, shownLine } from "./parse/values";
import type { Rank } from "./ranks";
import type { Reason } from "./review";

/** A reason with all that its verdict says. */
export interface Judged {
  readonly reason: Reason;
  readonly verdict: Verdict;
}

/** What a step means, reason by reason, and what it is. */
export interface Judgement {
  readonly called: string;
  readonly judged: readonly Judged[];
}

export const COMMAND = "command:remote:Command";

const unknown = (why: string): Verdict => ({ rank: 0, why, procedure: "ask" });

function whole(verdict: Verdict, rank: Rank = verdict.rank): Judged {
  return {
    verdict: { ...verdict, rank },
    reason: { property: "", old: "", new: "", rank, why: verdict.why, daemon: verdict.daemon },
  };
}

/** Judges one step by itself: what other steps do never makes it better. */
export function judge(step: Step): Judgement {
  const { op } = step;
  if (op === "same" || op === "read" || op === "forget")
    return { called: kindWords(step), judged: [whole(quiet(step))] };
  if (op === "unknown") {
    const what =
      step.engineOp === ""
        ? "the step names no operation"
        : `the engine's operation "${step.engineOp}" is not known here`;
    return { called: kindWords(step), judged: [whole(unknown(what))] };
  }
  if (step.old === undefined && step.new === undefined) {
    return { called: kindWords(step), judged: [whole(unknown("the step tells neither what was nor what will be"))] };
  }
  if (op === "delete" && step.old?.retainOnDelete === true) {
    return {
      called: kindWords(step),
      judged: [whole(unfelt("the program no longer looks after it; it stays as it is"))],
    };
  }
  return step.type === COMMAND ? judgeHostStep(step) : judgeResource(step);
}

function quiet({ op, old, new: now }: Step): Verdict {
  if (op === "forget") return unfelt("the program no longer looks at it; it stays as it is");
  if (op === "same" && old?.protect === true && now?.protect === false)
    return unfelt("it is no longer protected against being deleted");
  return unfelt(op === "read" ? "it is looked at" : "nothing changes");
}

const kindWords = (step: Step): string => meaningOf(step)?.called ?? step.type;

function judgeResource(step: Step): Judgement {
  const meaning = meaningOf(step);
  if (meaning === undefined) {
    return {
      called: step.type,
      judged: [whole(unknown("nobody has said what this type of resource means for a pair"))],
    };
  }
  const { called } = meaning;
  const { op } = step;
  if (op === "create" || op === "delete") return { called, judged: [whole(judged(meaning[op], step))] };
  const state = step.new ?? step.old;
  const isComponent = state !== undefined && !state.custom;
  const properties = changedProperties(step).map((property): Judged => {
    const [before, after] = [step.old?.inputs[property], step.new?.inputs[property]];
    const known = meaning.properties[property];
    const verdict = isComponent
      ? unfelt("its children speak for themselves")
      : known === undefined
        ? unknown(`nobody has said what ${property} of ${called} does`)
        : judged(known, { property, old: before, new: after, step });
    const text = (value: unknown): string => (known === undefined ? "(not shown)" : shown(value, property));
    return {
      verdict,
      reason: {
        property,
        old: text(before),
        new: text(after),
        rank: verdict.rank,
        why: verdict.why,
        daemon: verdict.daemon,
      },
    };
  });
  if (op === "replace") return { called, judged: [whole(judged(meaning.replace, step)), ...properties] };
  if (properties.length > 0) return { called, judged: properties };
  const silent = isComponent || op === "import";
  return {
    called,
    judged: [
      whole(silent ? unfelt("nothing of it changes") : unknown("the engine changes it, and does not say what of it")),
    ],
  };
}

/**
 * Properties that differ: what the provider names, as far as the program sets it, and what the program sets otherwise. Secrets look the
 * same before and after, so the provider's word counts for them; its own outputs move along and say nothing.
 */
function changedProperties({ old, new: now, diffs, op }: Step): readonly string[] {
  const [before, after] = [old?.inputs ?? {}, now?.inputs ?? {}];
  const set = new Set([...Object.keys(before), ...Object.keys(after)].filter((key) => !key.startsWith("__")));
  const named = diffs.filter((key) => set.has(key));
  // A provider that compares says what differs: what it does not name is a matter of form, or is ignored.
  const found = named.length > 0 ? named : [...set].filter((key) => !alike(before[key], after[key]));
  if (found.length > 0 || op === "replace") return [...new Set(found)].sort();
  return [...new Set(diffs)].sort();
}

const alike = (one: unknown, other: unknown): boolean => one === other || JSON.stringify(one) === JSON.stringify(other);

function judgeHostStep(step: Step): Judgement {
  const [old, now] = [hostTextOf(step.old), hostTextOf(step.new)];
  const told = now ?? old ?? removalOf(step);
  const role = told === undefined ? roleByName(step.name) : roleMeanings[told.role];
  if (role === undefined) {
    const why =
      told === undefined
        ? "a command runs on a host, and it is none of the product's steps"
        : `nobody has said what the role ${told.role} means`;
    return { called: "a command on a host", judged: [whole(unknown(why))] };
  }
  const called = told === undefined ? role.called : `${role.called} (step ${told.step})`;
  switch (step.op) {
    case "create":
      return { called, judged: [whole(role.created)] };
    case "delete":
      return {
        called,
        judged: [whole(step.new === undefined && goesWithItsNode(step) ? { ...role.removed } : role.removed)],
      };
    case "replace":
      // The new one runs first; undoing the old one then takes away what both have.
      return {
        called,
        judged: [
          whole({
            ...role.removed,
            why: `the step is made anew, and undoing the old one takes away what it set up: ${role.removed.why}`,
          }),
        ],
      };
    default:
      return { called, judged: judgeUpdate(step, role, old, now, isUnknown(step.new?.inputs["create"])) };
  }
}

const goesWithItsNode = ({ old }: Step): boolean => old?.deletedWith !== undefined;

/** The step and role that a text for undoing names. */
function removalOf({ old }: Step): Pick<HostText, "step" | "role"> | undefined {
  const text = old?.inputs["delete"];
  const [, step = "", role = ""] =
    /^# linode-ha step (\S+): remove role (\S+)$/m.exec(typeof text === "string" ? text : "") ?? [];
  return role === "" ? undefined : { step, role };
}

/** Where no text is known yet: `<thing>-<node>-<role>`, and `activate` for `drbd-activate`. */
function roleByName(name: string): RoleMeaning | undefined {
  const found = Object.keys(roleMeanings)
    .filter((role) => name.endsWith(`-${role}`) || role.endsWith(`-${name.slice(name.lastIndexOf("-") + 1)}`))
    .sort((one, other) => other.length - one.length)[0];
  return found === undefined ? undefined : roleMeanings[found];
}

function judgeUpdate(
  step: Step,
  role: RoleMeaning,
  old: HostText | undefined,
  now: HostText | undefined,
  unseen: boolean,
): readonly Judged[] {
  const others = changedProperties(step).filter((property) => property !== "create");
  const around = others.map((property) => judgeProperty(step, role, property));
  if (unseen) return [whole(role.unseen), ...around];
  if (old === undefined || now === undefined) return [whole(unknown("the step's text cannot be read")), ...around];
  const changes = hostChanges(old, now).flatMap((change) => judgeChange(role, change));
  return changes.length + around.length > 0
    ? [...changes, ...around]
    : [whole(unfelt("the step runs again; its text is the same"))];
}

const REACH = new Set(["connection", "logging", "addPreviousOutputInEnv", "delete"]);

function judgeProperty(step: Step, role: RoleMeaning, property: string): Judged {
  const verdict: Verdict = REACH.has(property)
    ? unfelt(
        property === "delete" ? "how the step is undone, later" : "how the step reaches its host; the step runs again",
      )
    : property === "stdin"
      ? (role.secret ?? unknown("the step gets a secret that nobody has said anything of"))
      : unknown(`nobody has said what ${property} of a step does`);
  const hidden = property === "stdin" || property === "connection";
  const text = (value: unknown): string => (hidden ? "[secret]" : shown(value, property));
  const reason = {
    property,
    old: text(step.old?.inputs[property]),
    new: text(step.new?.inputs[property]),
    rank: verdict.rank,
    why: verdict.why,
  };
  return { verdict, reason: { ...reason, daemon: verdict.daemon } };
}

function judgeChange(role: RoleMeaning, change: HostChange): readonly Judged[] {
  const verdicts = applied(judgeOf(role, change), change);
  const lead = [...verdicts].sort((one, other) => one.rank - other.rank)[0] ?? unfelt("the step runs again");
  const whys = [...new Set(verdicts.filter(({ rank }) => rank === lead.rank).map(({ why }) => why))];
  const verdict = { ...lead, why: whys.join("; ") === "" ? lead.why : whys.join("; ") };
  return [{ verdict, reason: reasonOf(change, verdict) }];
}

function judgeOf(role: RoleMeaning, { kind, name }: HostChange): HostJudge {
  switch (kind) {
    case "file":
      return role.files.find(([path]) => path.test(name))?.[1] ?? unknown(`nobody has said what the file ${name} does`);
    case "variable":
      return role.variables[name] ?? unknown(`nobody has said what the step's variable ${name} does`);
    case "program":
      return role.program;
    case "machine":
      return role.unseen.rank === 5
        ? role.unseen
        : { ...role.unseen, why: "another machine or boot disk has the node's name, and is set up" };
    case "frame":
      return unfelt("how the step brings itself to its host");
  }
}

function applied(judge: HostJudge, change: HostChange): readonly Verdict[] {
  const verdict = typeof judge === "function" ? judge(change) : judge;
  return Array.isArray(verdict) ? (verdict as readonly Verdict[]) : [verdict as Verdict];
}

function reasonOf(change: HostChange, { rank, why, daemon }: Verdict): Reason {
  const { kind, name, old, new: now } = change;
  const common = { rank, why, daemon };
  // A mode or an owner is one line; a file's text is told line by line.
  const isMode = kind === "file" && /^\d{3,4} /.test(old ?? now ?? "");
  if (kind === "file" && !isMode) {
    const hidden = keyLines(old ?? "", now ?? "");
    const lines = lineDiff(old ?? "", now ?? "").map(({ sign, text }) => ({
      sign,
      text: hidden.has(text.trim()) && text.trim() !== "" ? SECRET_TEXT : shownLine(text),
    }));
    return {
      property: name,
      old: old === undefined ? "(none)" : "",
      new: now === undefined ? "(none)" : "",
      ...common,
      lines,
    };
  }
  const property =
    kind === "file" ? name : kind === "program" ? `program ${name}` : kind === "variable" ? `variable ${name}` : kind;
  const text = (value: string | undefined): string =>
    kind === "program" || kind === "frame" ? "" : shown(value, name);
  return { property, old: text(old), new: text(now), ...common };
}
