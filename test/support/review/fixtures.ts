import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parsePreview, review, type Review, type ReviewOptions } from "../../../review";
import { projectRoot } from "../lab";

/** A preview that the real engine made of one of the forty changes. */
export function previewOf(id: string): string {
  return gunzipSync(readFileSync(join(projectRoot, "test", "unit", "review", "previews", `${id}.json.gz`))).toString(
    "utf8",
  );
}

/** The review of one of the forty. */
export const reviewOf = (id: string, options?: ReviewOptions): Review => review(parsePreview(previewOf(id)), options);

const URN = "urn:pulumi:lab::linode-ha";

/** A step as a preview has it. */
export interface TestStep {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: object;
  readonly newState?: object;
  readonly detailedDiff?: Readonly<Record<string, { kind: string }>> | null;
  readonly diffReasons?: readonly string[];
}

/** What a step is made of; whatever is left out is not there. */
export interface StepParts {
  readonly old?: Readonly<Record<string, unknown>>;
  readonly new?: Readonly<Record<string, unknown>>;
  /** Types of the parents, from the outermost on. */
  readonly parents?: readonly string[];
  readonly custom?: boolean;
  readonly diffs?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** One step of one resource. */
export function step(op: string, type: string, name: string, parts: StepParts = {}): TestStep {
  const urn = `${URN}::${[...(parts.parents ?? []), type].join("$")}::${name}`;
  const state = (inputs: Readonly<Record<string, unknown>>): object => ({
    urn,
    type,
    custom: parts.custom ?? true,
    inputs,
    outputs: inputs,
    ...parts.more,
  });
  return {
    op,
    urn,
    ...(parts.old === undefined ? {} : { oldState: state(parts.old) }),
    ...(parts.new === undefined ? {} : { newState: state(parts.new) }),
    ...(parts.diffs === undefined ? {} : { diffReasons: parts.diffs, detailedDiff: null }),
  };
}

/** A whole preview of such steps. */
export function preview(steps: readonly TestStep[], more: Readonly<Record<string, unknown>> = {}): string {
  const changeSummary: Record<string, number> = {};
  for (const { op } of steps) changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  return JSON.stringify({ config: {}, steps, changeSummary, ...more });
}

/** The review of such steps. */
export const reviewed = (steps: readonly TestStep[], options?: ReviewOptions): Review =>
  review(parsePreview(preview(steps)), options);

/** A pair's own resource, which the program changes one node at a time. */
export const PAIR = ["linode-ha:pair:HaPair"] as const;
