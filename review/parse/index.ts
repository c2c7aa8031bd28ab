import { isAscii } from "node:buffer";
import { joined, stepOf, type RawStep } from "./steps";
import { PreviewError, type Plan, type Step } from "./plan";
import { splitLaidOut, splitSteps } from "./split";
import { isObject } from "./values";

export { hostTextOf, PreviewError, nameOf, typeOf, typesOf } from "./plan";
export type { Operation, Plan, State, Step } from "./plan";

type Json = Readonly<Record<string, unknown>>;

const HOW = "give what `pulumi preview --json` prints, the whole of it";

/**
 * Reads what `pulumi preview --json` printed: one document, or (with PULUMI_ENABLE_STREAMING_JSON_PREVIEW) a line for each event.
 * Fields that are not known are passed over; what is missing makes the plan have gaps.
 *
 * @throws PreviewError where it is neither.
 */
export function parsePreview(preview: string | Uint8Array): Plan {
  const bytes = withoutMark(
    typeof preview === "string"
      ? Buffer.from(preview)
      : Buffer.from(preview.buffer, preview.byteOffset, preview.length),
  );
  const start = bytes.findIndex((byte) => !SPACES.has(byte));
  if (start === -1) {
    throw new PreviewError("the preview is empty", `${HOW}: did the command before the pipe fail?`);
  }
  if (bytes[start] !== OPEN) {
    throw new PreviewError('this is no preview: it does not begin with "{"', `${HOW}: was --json left out?`);
  }
  const document = bytes.subarray(start);
  const end = document.indexOf(NEWLINE);
  const first = readLine((end === -1 ? document : document.subarray(0, end)).toString("utf8"));
  // An event is whole on its line; a document of one line is told by what it holds.
  return first !== undefined && isEvent(first) ? fromEvents(document) : fromDigest(document);
}

const OPEN = 0x7b;
const NEWLINE = 0x0a;
const SPACES = new Set([0x20, 0x09, NEWLINE, 0x0d]);

/** Some programs put a mark before UTF-8. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** A plan of steps that something else than a preview has told: nothing is missing. */
export function planOf(steps: readonly Step[]): Plan {
  return { format: "digest", steps, gaps: [], warnings: 0, errors: [] };
}

function readLine(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isEvent = (value: Json): boolean =>
  "sequence" in value || Object.keys(value).some((key) => key.endsWith("Event"));

function fromDigest(bytes: Buffer): Plan {
  // Step by step: the whole of a large preview would be in memory several times over.
  const split = splitLaidOut(bytes) ?? splitSteps(bytes);
  const document = readWhole(split?.rest ?? bytes);
  if (!isObject(document)) throw new PreviewError("this is no preview: it is no JSON object", HOW);
  if ("deployment" in document) {
    throw new PreviewError("this is a stack's state, not a preview", `${HOW}; a state is for \`linode-ha graph\``);
  }
  if (!("changeSummary" in document) && !("steps" in document) && !("diagnostics" in document)) {
    throw new PreviewError("this is JSON, but no preview: it has neither steps nor a summary", HOW);
  }
  const found = gather();
  const add = (step: unknown): void => {
    if (!isObject(step)) {
      found.gaps.push("a step is no object");
      return;
    }
    const { op, urn, oldState, newState, diffReasons, replaceReasons, detailedDiff } = step;
    const [old, now] = [oldState, newState];
    found.add({ op, urn, old, new: now, diffs: diffReasons, keys: replaceReasons, detailed: detailedDiff });
  };
  listOf(document["steps"]).forEach(add);
  for (const [from, to] of split?.steps ?? []) add(readWhole(bytes.subarray(from, to)));
  for (const each of listOf(document["diagnostics"])) if (isObject(each)) found.diagnostic(each);
  if (document["maybeCorrupt"] === true) found.gaps.push("the engine says that the state may be corrupt");
  return found.plan("digest", document["changeSummary"], document["config"]);
}

function readWhole(bytes: Buffer): unknown {
  const text = isAscii(bytes) ? bytes.toString("latin1") : bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    const cut = staysOpen(text);
    throw new PreviewError(
      cut ? "the preview is cut short: its JSON does not end" : "the preview is no JSON",
      cut ? `${HOW}: was the command ended, or the disk full?` : HOW,
    );
  }
}

/** Whether an object, a list or a string is still open where the text ends. */
function staysOpen(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (const [token] of text.matchAll(/\\.|["{}[\]]/gs)) {
    if (token === '"') quoted = !quoted;
    else if (!quoted) depth += token === "{" || token === "[" ? 1 : token === "}" || token === "]" ? -1 : 0;
  }
  return quoted || depth > 0;
}

/** `preludeEvent`, `resourcePreEvent`, `resOutputsEvent`, `diagnosticEvent`, `summaryEvent`; the others say nothing of the plan. */
function fromEvents(bytes: Buffer): Plan {
  const found = gather();
  let config: unknown;
  let summary: unknown;
  const refreshed = new Set<string>();
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.toString("utf8", start, end).trim();
    start = end + 1;
    if (line === "") continue;
    const event = readLine(line);
    if (event === undefined) {
      found.gaps.push(newline === -1 ? "the last event is cut short" : "a line is no event");
      continue;
    }
    if (isObject(event["preludeEvent"])) config = event["preludeEvent"]["config"];
    if (isObject(event["diagnosticEvent"])) found.diagnostic(event["diagnosticEvent"]);
    if (event["errorEvent"] !== undefined) found.gaps.push("the engine met an error of its own");
    if (isObject(event["summaryEvent"])) {
      summary = event["summaryEvent"]["resourceChanges"];
      const { result } = event["summaryEvent"];
      if (typeof result === "string" && result !== "succeeded") found.gaps.push(`the preview ${result}`);
      if (event["summaryEvent"]["maybeCorrupt"] === true)
        found.gaps.push("the engine says that the state may be corrupt");
    }
    const before = metadataOf(event["resourcePreEvent"]);
    if (before?.op === "refresh" && typeof before.urn === "string") refreshed.add(before.urn);
    if (before !== undefined) found.add(before);
    // What a refresh found comes after it was begun.
    const after = metadataOf(event["resOutputsEvent"]);
    if (after !== undefined && refreshed.has(String(after.urn)) && after.op !== "refresh") found.add(after);
  }
  return found.plan("events", summary, config);
}

function metadataOf(event: unknown): RawStep | undefined {
  const metadata = isObject(event) ? event["metadata"] : undefined;
  if (!isObject(metadata)) return undefined;
  const { op, urn, diffs, keys, detailedDiff } = metadata;
  return { op, urn, old: metadata["old"], new: metadata["new"], diffs, keys, detailed: detailedDiff };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

interface Gathered {
  readonly gaps: string[];
  add(raw: RawStep): void;
  diagnostic(event: Json): void;
  plan(format: Plan["format"], summary: unknown, config: unknown): Plan;
}

function gather(): Gathered {
  const steps: Step[] = [];
  const programs = new Map<string, string>();
  const gaps: string[] = [];
  const errors: string[] = [];
  let warnings = 0;
  return {
    gaps,
    add: (raw) => {
      const step = stepOf(raw, programs);
      if (step === undefined) gaps.push("a step names no resource");
      else steps.push(step);
    },
    diagnostic: ({ severity, message }) => {
      // Debug lines of the stream hold the secrets of every call in plain: they are never looked at.
      if (severity === "error") errors.push(typeof message === "string" ? message : "");
      if (severity === "warning") warnings += 1;
    },
    plan: (format, summary, config) => {
      const all = joined(steps);
      const found = [
        ...(errors.length > 0
          ? [`the preview failed with ${errors.length} error${errors.length === 1 ? "" : "s"}`]
          : []),
        ...missing(all, summary),
        ...gaps,
      ];
      return { format, steps: all, system: systemOf(config), gaps: [...new Set(found)], warnings, errors };
    },
  };
}

/** Changes that the engine counted and that are not among the steps. */
function missing(steps: readonly Step[], summary: unknown): readonly string[] {
  if (!isObject(summary)) return ["the preview has no summary: it did not come to its end"];
  return Object.entries(summary).flatMap(([op, count]) => {
    if (op === "same" || typeof count !== "number") return [];
    const seen = steps.filter((step) => step.engineOp === op || (op === "replace" && step.op === "replace")).length;
    // A replacement told in three steps is counted as one.
    if (seen >= count || /-replace(ment|d)$/.test(op) || op === "refresh") return [];
    return [`the engine counts ${count} × ${op}, and ${seen} are told`];
  });
}

function systemOf(config: unknown): string | undefined {
  const found = Object.entries(isObject(config) ? config : {}).find(([key]) => /(^|:)system$/.test(key))?.[1];
  return typeof found === "string" && found !== "" ? found : undefined;
}
