import { invalid, type ApiError } from "./errors";

type Predicate = (item: object) => boolean;

/** A parsed `X-Filter`: which items it admits and in which order they are listed. */
export interface Filter {
  readonly admits: Predicate;
  readonly orderBy?: string;
  readonly descending: boolean;
}

const EVERYTHING: Filter = { admits: () => true, descending: false };
const COMPARISONS: Record<string, (value: unknown, operand: unknown) => boolean> = {
  "+gt": (value, operand) => compare(value, operand) > 0,
  "+gte": (value, operand) => compare(value, operand) >= 0,
  "+lt": (value, operand) => compare(value, operand) < 0,
  "+lte": (value, operand) => compare(value, operand) <= 0,
  "+neq": (value, operand) => !equals(value, operand),
  "+contains": contains,
};

/** Reads an `X-Filter` header. `keys` are the fields of this list that can be filtered on, nested ones with a dot. */
export function parseFilter(header: string | undefined, keys: readonly string[]): Filter {
  if (header === undefined || header.trim() === "") return EVERYTHING;
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    throw refuse("X-Filter is not valid JSON");
  }
  if (!isObject(parsed)) throw refuse("X-Filter must be a JSON object");
  const { "+order": order, "+order_by": orderBy, ...conditions } = parsed;
  if (order !== undefined && order !== "asc" && order !== "desc") throw refuse('"+order" must be "asc" or "desc"');
  if (orderBy !== undefined && (typeof orderBy !== "string" || !keys.includes(orderBy))) {
    throw refuse(`Cannot order by ${String(orderBy)}`);
  }
  const filter = { admits: conjunction(conditions, keys), descending: order === "desc" };
  return orderBy === undefined ? filter : { ...filter, orderBy };
}

/** Applies a filter: the admitted items, ordered. Equal ones keep their order of age, newest first when descending. */
export function applyFilter<T extends object>(items: readonly T[], filter: Filter): T[] {
  const admitted = items.filter((item) => filter.admits(item));
  const { orderBy } = filter;
  if (orderBy === undefined) return admitted;
  const read = reader(orderBy);
  const sorted = admitted.sort((a, b) => compare(read(a), read(b)));
  if (!filter.descending) return sorted;
  // A stable sort reversed: several events of one second still come newest first.
  return sorted.reverse();
}

function conjunction(conditions: Record<string, unknown>, keys: readonly string[]): Predicate {
  const parts = Object.entries(conditions).map(([key, value]) => condition(key, value, keys));
  return (item) => parts.every((part) => part(item));
}

function condition(key: string, value: unknown, keys: readonly string[]): Predicate {
  if (key === "+and" || key === "+or") {
    if (!Array.isArray(value) || !value.every(isObject)) throw refuse(`"${key}" needs a list of filters`);
    const parts = value.map((each) => conjunction(each, keys));
    return key === "+and" ? (item) => parts.every((part) => part(item)) : (item) => parts.some((part) => part(item));
  }
  if (key.startsWith("+")) throw refuse(`Unknown filter operator ${key}`);
  if (!keys.includes(key)) throw refuse(`Cannot filter on ${key}`);
  const read = reader(key);
  if (!isObject(value)) return (item) => equals(read(item), value);
  const tests = Object.entries(value).map(([operator, operand]) => {
    const test = COMPARISONS[operator];
    if (test === undefined) throw refuse(`Unknown filter operator ${operator}`);
    return (item: object) => test(read(item), operand);
  });
  return (item) => tests.every((test) => test(item));
}

function refuse(reason: string): ApiError {
  return invalid(reason, "X-Filter");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the value under a key; `entity.id` looks inside. Made once a filter: clients poll lists of thousands of events. */
function reader(key: string): (item: object) => unknown {
  const parts = key.split(".");
  return (item) => {
    let value: unknown = item;
    for (const part of parts) {
      if (typeof value !== "object" || value === null) return undefined;
      value = (value as Record<string, unknown>)[part];
    }
    return value ?? null;
  };
}

/**
 * Lists match when one of their members does, and a member that is an object by its label: that is how profiles are found
 * by a VLAN. Numbers and their text are the same, as clients send either.
 */
function equals(value: unknown, operand: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => equals(isObject(each) ? each["label"] : each, operand));
  if (value === undefined || value === null || operand === null) return (value ?? null) === operand;
  return String(value) === String(operand);
}

function compare(a: unknown, b: unknown): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === "number" && !Number.isNaN(Number(b))) return a - Number(b);
  const left = String(a);
  const right = String(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function contains(value: unknown, operand: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => contains(each, operand));
  return value !== null && value !== undefined && String(value).toLowerCase().includes(String(operand).toLowerCase());
}
