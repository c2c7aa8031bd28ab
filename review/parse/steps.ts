import { compacted, readHostText } from "../hostText";
import { nameOf, typeOf, type Operation, type State, type Step } from "./plan";
import { isObject } from "./values";

/** A step as either format has it. */
export interface RawStep {
  readonly op: unknown;
  readonly urn: unknown;
  readonly old: unknown;
  readonly new: unknown;
  readonly diffs: unknown;
  readonly keys: unknown;
  readonly detailed: unknown;
}

/** What each of the engine's operations comes to (`resource/deploy/step.go`). One that is not here is not understood. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
  "read-replacement": "replace",
  "discard-replaced": "replace",
  read: "read",
  refresh: "read",
  import: "import",
  discard: "forget",
  "remove-pending-replace": "forget",
  "extend-parameterize": "forget",
};

/** A step, or undefined where it names no resource. */
export function stepOf(raw: RawStep, programs: Map<string, string>): Step | undefined {
  if (typeof raw.urn !== "string" || raw.urn === "") return undefined;
  const urn = visible(raw.urn);
  const engineOp = typeof raw.op === "string" ? raw.op : "";
  const detailed = isObject(raw.detailed) ? raw.detailed : {};
  const kinds = Object.entries(detailed).map(([path, diff]) => [topName(path), kindOf(diff)] as const);
  const told = [...textsOf(raw.diffs), ...textsOf(raw.keys)].map(topName);
  const replaced = kinds.filter(([, kind]) => kind.endsWith("-replace")).map(([name]) => name);
  return {
    op: OPERATIONS[engineOp] ?? "unknown",
    engineOp,
    urn,
    type: typeOf(urn),
    name: nameOf(urn),
    old: stateOf(raw.old, programs),
    new: stateOf(raw.new, programs),
    diffs: distinct([...kinds.map(([name]) => name), ...told]),
    replaces: distinct([...textsOf(raw.keys).map(topName), ...replaced]),
  };
}

/** A name is shown at terminals, which take control characters for commands. */
// eslint-disable-next-line no-control-regex -- those are meant
const visible = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");

/** `kind` in the digest, `diffKind` among events. */
function kindOf(diff: unknown): string {
  const kind = isObject(diff) ? (diff["kind"] ?? diff["diffKind"]) : undefined;
  return typeof kind === "string" ? kind : "";
}

/** `interfaces[1].label` and `["a.b"].c` begin with what the property is called. */
function topName(path: string): string {
  return /^\["([^"]*)"\]/.exec(path)?.[1] ?? /^[^.[]+/.exec(path)?.[0] ?? path;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

const distinct = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].filter((name) => !name.startsWith("__"));

function stateOf(value: unknown, programs: Map<string, string>): State | undefined {
  if (!isObject(value)) return undefined;
  const text = (key: string): string | undefined => {
    const found = value[key];
    return typeof found === "string" && found !== "" ? found : undefined;
  };
  const urn = text("urn") ?? "";
  const type = text("type") ?? typeOf(urn);
  const inputs = isObject(value["inputs"]) ? value["inputs"] : {};
  const found = type === "command:remote:Command" ? readHostText(inputs["create"]) : undefined;
  const host = found === undefined ? undefined : compacted(found, programs);
  return {
    urn,
    type,
    custom: value["custom"] === true,
    id: text("id"),
    inputs: host === undefined ? inputs : { ...inputs, create: `step ${host.step}` },
    ...(host === undefined ? {} : { host }),
    // Of a command they are its inputs once more, and what it printed.
    outputs: isObject(value["outputs"]) && !type.startsWith("command:") ? value["outputs"] : {},
    parent: text("parent"),
    protect: value["protect"] === true,
    retainOnDelete: value["retainOnDelete"] === true,
    deletedWith: text("deletedWith"),
  };
}

/** One step for each resource: `--show-replacement-steps` and the stream of events tell a replacement in three. */
export function joined(steps: readonly Step[]): readonly Step[] {
  const byUrn = new Map<string, Step>();
  for (const step of steps) {
    const before = byUrn.get(step.urn);
    byUrn.set(step.urn, before === undefined ? step : together(before, step));
  }
  return [...byUrn.values()];
}

function together(one: Step, other: Step): Step {
  const ops = new Set([one.op, other.op]);
  const op = (): Operation => {
    if (ops.has("unknown")) return "unknown";
    // What is deleted and made again under one name is replaced, whatever the engine calls it.
    if (ops.has("replace") || (ops.has("delete") && ops.has("create"))) return "replace";
    const order: readonly Operation[] = ["delete", "update", "create", "import", "forget", "read", "same"];
    return order.find((each) => ops.has(each)) ?? "unknown";
  };
  return {
    ...one,
    op: op(),
    old: one.old ?? other.old,
    new: one.new ?? other.new,
    diffs: distinct([...one.diffs, ...other.diffs]),
    replaces: distinct([...one.replaces, ...other.replaces]),
  };
}
