import { planOf, review, type Finding, type Step } from "../review";
import { isSecret, UNKNOWN_TEXT } from "../review/parse/values";
import type { OldResource } from "./oldState";

/** A resource as the program wants it, the way a policy is told. */
export interface NewResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URNs that it had before. */
  readonly aliases: readonly string[];
}

/**
 * What the program does to a resource, as far as its inputs say. That the engine replaces it for another reason, and that a secret
 * changes, a policy cannot know: the review of a preview does.
 */
export function stepFor(resource: NewResource, old: OldResource | undefined): Step | undefined {
  const { urn, type, name, inputs } = resource;
  const now = {
    urn,
    type,
    custom: old?.custom ?? !type.startsWith("linode-ha:"),
    inputs,
    outputs: {},
    parent: old?.parent,
    deletedWith: old?.deletedWith,
    protect: false,
    retainOnDelete: false,
  };
  if (old === undefined)
    return { op: "create", engineOp: "create", urn, type, name, new: now, diffs: [], replaces: [] };
  const diffs = changed(old.inputs, inputs);
  return diffs.length === 0
    ? undefined
    : { op: "update", engineOp: "update", urn, type, name, old: stateOf(old), new: now, diffs, replaces: [] };
}

/** What the program no longer has. */
export function stepsForGone(old: ReadonlyMap<string, OldResource>, kept: ReadonlySet<string>): readonly Step[] {
  return [...old.values()]
    .filter(({ urn, type }) => !kept.has(urn) && !type.startsWith("pulumi:"))
    .map((each) => ({
      op: "delete",
      engineOp: "delete",
      urn: each.urn,
      type: each.type,
      name: each.urn.slice(each.urn.lastIndexOf("::") + 2),
      old: stateOf(each),
      diffs: [],
      replaces: [],
    }));
}

/** The findings of some steps that are of a rank or worse. */
export function findingsOf(steps: readonly Step[], worst: number): readonly Finding[] {
  return review(planOf(steps)).findings.filter(({ rank }) => rank <= worst);
}

const stateOf = (old: OldResource): NonNullable<Step["old"]> => ({
  ...old,
  protect: false,
  retainOnDelete: old.retainOnDelete === true,
});

function changed(old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): readonly string[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(now)].filter((key) => !key.startsWith("__")));
  return [...keys].filter((key) => !hasSecret(old[key]) && canonical(old[key]) !== canonical(now[key])).sort();
}

/** What is encrypted before cannot be compared with what is not. */
function hasSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasSecret);
}

/** Fields in one order, without what the engine adds for itself; what is empty counts as not given. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (key, each: unknown) => {
    if (key.startsWith("__") || each === null) return undefined;
    if (typeof each !== "object" || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** The properties of a policy's argument as plain values: reading one that is not known yet throws. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) =>
      read(value as unknown as Record<string, unknown>, String(index)),
    );
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value as Record<string, unknown>, key)]));
}

function read(from: Readonly<Record<string, unknown>>, key: string): unknown {
  let value: unknown;
  try {
    value = from[key];
  } catch {
    return UNKNOWN_TEXT;
  }
  return plain(value);
}
