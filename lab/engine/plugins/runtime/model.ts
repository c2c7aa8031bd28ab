/** check, diff and state, worked out from a table: the same rules for every resource type. */
import { Field, Fields, ResourceType } from "./table";
import { hasUnknown, isObject, Json, Props, secret, UNKNOWN } from "./wire";

/** Why an input was refused. */
export interface Failure {
  property: string;
  reason: string;
}

/** One difference: where, and what kind. */
export interface Difference {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

const isAbsent = (value: Json | undefined): boolean => value === undefined || value === null;
const zero: Record<string, (value: Json) => boolean> = {
  list: (value) => Array.isArray(value) && value.length === 0,
  set: (value) => Array.isArray(value) && value.length === 0,
  map: (value) => isObject(value) && Object.keys(value).length === 0,
  object: (value) => isObject(value) && Object.keys(value).length === 0,
  string: (value) => value === "",
  int: (value) => value === 0,
  number: (value) => value === 0,
  bool: (value) => value === false,
};
/** Absent, or what the services answer for "nothing given". */
const isEmpty = (field: Field, value: Json | undefined): boolean =>
  isAbsent(value) || (zero[field.kind]?.(value as Json) ?? false);

/** A value in the shape of its field: numbers given as text become numbers, and so on. */
function coerce(field: Field, value: Json): Json {
  if (value === null || value === UNKNOWN) return value;
  if ((field.kind === "int" || field.kind === "number") && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) {
    return Number(value);
  }
  if (field.kind === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (field.kind === "bool" && (value === "true" || value === "false")) return value === "true";
  if (Array.isArray(value) && field.items) return value.map((entry) => coerce(field.items as Field, entry));
  if (isObject(value) && field.fields) return coerceObject(field.fields, value) as Json;
  return value;
}

function coerceObject(fields: Fields, props: Props): Props {
  const out: Props = {};
  for (const [key, value] of Object.entries(props)) {
    if (isAbsent(value) || key === "__defaults") continue;
    const field = fields[key];
    out[key] = field ? coerce(field, value as Json) : value;
  }
  return out;
}

const typeOk: Record<string, (value: Json) => boolean> = {
  string: (value) => typeof value === "string",
  int: (value) => typeof value === "number" && Number.isInteger(value),
  number: (value) => typeof value === "number",
  bool: (value) => typeof value === "boolean",
  list: (value) => Array.isArray(value),
  set: (value) => Array.isArray(value),
  map: isObject,
  object: isObject,
  any: () => true,
};

function checkField(field: Field, value: Json, path: string, failures: Failure[]): void {
  if (value === UNKNOWN) return;
  if (!typeOk[field.kind]?.(value)) {
    failures.push({ property: path, reason: `expected ${field.kind}, got ${describe(value)}` });
    return;
  }
  if (field.oneOf && !field.oneOf.includes(value as string | number)) {
    failures.push({ property: path, reason: `expected one of ${field.oneOf.join(", ")}, got ${describe(value)}` });
  }
  if (field.length && typeof value === "string" && (value.length < field.length[0] || value.length > field.length[1])) {
    const [least, most] = field.length;
    // The value itself may be a password: only its length is said.
    failures.push({ property: path, reason: `expected ${least} to ${most} characters, got ${value.length}` });
  }
  if (Array.isArray(value) && field.items) {
    value.forEach((entry, index) => {
      if (entry !== null) checkField(field.items as Field, entry, `${path}[${index}]`, failures);
    });
  }
  if (isObject(value) && field.fields) checkFields(field.fields, value, `${path}.`, failures);
}

function describe(value: Json): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  return typeof value === "string" ? "a string" : JSON.stringify(value);
}

function checkFields(fields: Fields, props: Props, prefix: string, failures: Failure[]): void {
  for (const [key, field] of Object.entries(fields)) {
    const value = props[key];
    if (isAbsent(value)) {
      if (field.required)
        failures.push({ property: prefix + key, reason: `missing required property '${prefix}${key}'` });
    } else if (!field.output) {
      checkField(field, value as Json, prefix + key, failures);
    }
  }
}

/** Inputs as they will be used: shaped, defaults filled in, with the reasons against them. */
export function check<C>(type: ResourceType<C>, olds: Props, news: Props): { inputs: Props; failures: Failure[] } {
  const inputs = coerceObject(type.fields, news);
  const failures: Failure[] = [];
  for (const key of Object.keys(inputs)) {
    const field = type.fields[key];
    if (!field || field.output) failures.push({ property: key, reason: `${type.token} has no input '${key}'` });
  }
  checkFields(type.fields, inputs, "", failures);
  if (type.defaultsIn === "inputs") fillDefaults(type.fields, inputs);
  failures.push(...(type.check?.(inputs, olds) ?? []));
  return { inputs, failures };
}

/** Fills defaults in, at every depth, in place. */
export function fillDefaults(fields: Fields, props: Props): Props {
  for (const [key, field] of Object.entries(fields)) {
    const value = props[key];
    if (isAbsent(value)) {
      if (field.default !== undefined) props[key] = field.default;
    } else if (field.fields && isObject(value)) {
      fillDefaults(field.fields, value);
    } else if (Array.isArray(value) && field.items?.fields) {
      for (const entry of value) if (isObject(entry)) fillDefaults(field.items.fields, entry);
    }
  }
  return props;
}

/** What differs between the state and the inputs. `oldInputs` tell a removed input from one that was never given. */
export function diff<C>(type: ResourceType<C>, olds: Props, news: Props, oldInputs?: Props): Difference[] {
  const out: Difference[] = [];
  for (const [key, field] of Object.entries(type.fields)) {
    if (field.output) continue;
    const wanted = news[key];
    const before = olds[key];
    if (field.same && !isAbsent(before) && !isAbsent(wanted)) {
      if (field.same(before as Json, wanted as Json, news, olds)) continue;
    }
    compare(field, key, before, wanted, field.replaces ?? false, out, oldInputs ? oldInputs[key] : before);
  }
  return out;
}

function compare(
  field: Field,
  path: string,
  before: Json | undefined,
  wanted: Json | undefined,
  replaces: boolean,
  out: Difference[],
  given: Json | undefined,
): void {
  if (isAbsent(wanted)) {
    const fallback = field.default;
    if (field.computed || isEmpty(field, before)) return;
    if (fallback !== undefined && JSON.stringify(fallback) === JSON.stringify(before)) return;
    if (field.output) return;
    // Never asked for and not asked for now: what the service says is no change of the program's.
    if (isAbsent(given) && fallback === undefined && (field.kind === "object" || field.kind === "list")) return;
    out.push({ path, kind: "delete", replaces });
    return;
  }
  if (isAbsent(before)) {
    if (isEmpty(field, wanted) && !hasUnknown(wanted)) return;
    out.push({ path, kind: "add", replaces });
    return;
  }
  if (wanted === UNKNOWN) {
    out.push({ path, kind: "update", replaces });
    return;
  }
  if (field.kind === "set" && Array.isArray(before) && Array.isArray(wanted)) {
    compareSets(field, path, before, wanted, replaces, out);
  } else if (field.kind === "list" && Array.isArray(before) && Array.isArray(wanted)) {
    const longest = Math.max(before.length, wanted.length);
    for (let index = 0; index < longest; index++) {
      const at = `${path}[${index}]`;
      if (index >= wanted.length) out.push({ path: at, kind: "delete", replaces });
      else if (index >= before.length) out.push({ path: at, kind: "add", replaces });
      else compare(field.items ?? { kind: "any" }, at, before[index], wanted[index], replaces, out, before[index]);
    }
  } else if (field.fields && isObject(before) && isObject(wanted)) {
    for (const [key, inner] of Object.entries(field.fields)) {
      if (inner.output) continue;
      const entry = (before as Props)[key];
      compare(
        inner,
        `${path}.${key}`,
        entry,
        (wanted as Props)[key],
        replaces || (inner.replaces ?? false),
        out,
        entry,
      );
    }
  } else if (isObject(before) && isObject(wanted)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(wanted)])) {
      const inner = field.items ?? { kind: "any" as const };
      const [a, b] = [(before as Props)[key], (wanted as Props)[key]];
      compare(inner, `${path}.${key}`, a, b, replaces, out, a);
    }
  } else if (canonical(before as Json) !== canonical(wanted as Json)) {
    out.push({ path, kind: "update", replaces });
  }
}

/** Sets are equal when every member has its like; else each member without one is a difference. */
function compareSets(
  field: Field,
  path: string,
  before: Json[],
  wanted: Json[],
  replaces: boolean,
  out: Difference[],
): void {
  const items = field.items ?? { kind: "any" as const };
  const rest = [...before];
  wanted.forEach((entry, index) => {
    const found = rest.findIndex((candidate) => {
      const differences: Difference[] = [];
      compare(items, "", candidate, entry, false, differences, candidate);
      return differences.length === 0;
    });
    if (found >= 0) rest.splice(found, 1);
    else out.push({ path: `${path}[${index}]`, kind: index < before.length ? "update" : "add", replaces });
  });
  if (wanted.length < before.length) {
    for (let index = wanted.length; index < before.length; index++) {
      out.push({ path: `${path}[${index}]`, kind: "delete", replaces });
    }
  }
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value)) {
    const entries = Object.entries(value as Record<string, Json>).filter(([, entry]) => entry !== null);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`)
      .join()}}`;
  }
  return JSON.stringify(value);
}

/** The outputs that a preview can promise: inputs, what is known already, and unknowns for the rest. */
export function previewState<C>(type: ResourceType<C>, news: Props, olds?: Props): Props {
  const state: Props = fillDefaults(type.fields, { ...news });
  for (const [key, field] of Object.entries(type.fields)) {
    if (!isAbsent(state[key]) || (!field.output && !field.computed)) continue;
    const known = olds?.[key];
    state[key] = known === undefined || field.volatile ? UNKNOWN : known;
  }
  return state;
}

/** The state after an operation: what the service says and what the program gave, by the type's own trust. */
export function mergeState<C>(type: ResourceType<C>, inputs: Props, service: Props, olds: Props = {}): Props {
  const wanted = fillDefaults(type.fields, { ...inputs });
  const merged: Props = {};
  for (const key of Object.keys(type.fields)) {
    const [ours, theirs] = [wanted[key], service[key]];
    const first = type.trust === "program" ? (ours ?? theirs) : (theirs ?? ours);
    const field = type.fields[key] as Field;
    const kept = field.output || field.computed ? olds[key] : undefined;
    const value = first ?? kept;
    if (!isAbsent(value)) merged[key] = value;
  }
  return merged;
}

/** The inputs that would have made this state. On a refresh only what the program gave, with its present values. */
export function inputsFromState<C>(type: ResourceType<C>, state: Props, oldInputs?: Props): Props {
  const inputs: Props = {};
  for (const [key, field] of Object.entries(type.fields)) {
    if (field.output) continue;
    const value = state[key];
    if (oldInputs) {
      if (isAbsent(oldInputs[key])) continue;
      const differs: Difference[] = [];
      compare(field, key, value, oldInputs[key], false, differs, value);
      inputs[key] = differs.length === 0 || isAbsent(value) ? oldInputs[key] : withoutOutputs(field, value as Json);
    } else if (!isEmpty(field, value) && (field.required || JSON.stringify(field.default) !== JSON.stringify(value))) {
      inputs[key] = withoutOutputs(field, value as Json);
    }
  }
  return inputs;
}

function withoutOutputs(field: Field, value: Json): Json {
  if (Array.isArray(value))
    return field.items ? value.map((entry) => withoutOutputs(field.items as Field, entry)) : value;
  if (!isObject(value) || !field.fields) return value;
  const fields = field.fields;
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>)
      .filter(
        ([key, entry]) => fields[key] !== undefined && fields[key].output !== true && !isEmpty(fields[key], entry),
      )
      .map(([key, entry]) => [key, withoutOutputs(fields[key] as Field, entry)]),
  );
}

/** Marks what must be secret: fields that the table calls so, and properties whose source was a secret. */
export function markSecrets<C>(type: ResourceType<C>, props: Props, fromSecrets: ReadonlySet<string>): Props {
  const out: Props = {};
  for (const [key, value] of Object.entries(props)) {
    if (isAbsent(value)) continue;
    const field = type.fields[key];
    const hidden = value !== UNKNOWN && (field?.secret === true || fromSecrets.has(key));
    out[key] = hidden ? secret(value as Json) : field ? markNested(field, value as Json) : value;
  }
  return out;
}

function markNested(field: Field, value: Json): Json {
  if (Array.isArray(value)) return field.items ? value.map((entry) => markNested(field.items as Field, entry)) : value;
  if (!isObject(value) || !field.fields) return value;
  const fields = field.fields;
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>).map(([key, entry]) => {
      const inner = fields[key];
      if (!inner || entry === null || entry === UNKNOWN) return [key, entry];
      return [key, inner.secret ? secret(entry) : markNested(inner, entry)];
    }),
  );
}
