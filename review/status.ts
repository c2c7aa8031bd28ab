import { isObject } from "./parse/values";

/** What the last `linode-ha status --json` said of who does what. */
export interface KnownStatus {
  /** By node name: the groups and volumes that it carries. A node that is in neither list was not asked. */
  readonly active: Readonly<Record<string, readonly string[]>>;
  /** How well the pair was: `healthy`, `degraded`, `critical` or `unknown`. */
  readonly grade: string;
}

/** The file is not what `linode-ha status --json` prints. */
export class StatusError extends Error {
  readonly todo = "give what `linode-ha status --json` printed";

  constructor(what: string) {
    super(what);
    this.name = "StatusError";
  }
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
const objectsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** From worst to best. */
const GRADES = ["unknown", "critical", "degraded", "healthy"];

/**
 * The status of one pair, or of all pairs of a stack together: each node as its own pair has it, and the worst grade.
 *
 * @throws StatusError where it is not one, or is of a schema that is not known.
 */
export function parseStatus(text: string): KnownStatus {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new StatusError("the status is no JSON");
  }
  const pairs = (Array.isArray(document) ? document : [document]).map(pairStatus);
  const grades = pairs.map(({ grade }) => grade);
  const worst = GRADES.find((grade) => grades.includes(grade)) ?? "unknown";
  return { active: Object.assign({}, ...pairs.map(({ active }) => active)) as KnownStatus["active"], grade: worst };
}

function pairStatus(document: unknown): KnownStatus {
  if (!isObject(document) || !("grade" in document) || !isObject(document["manager"]))
    throw new StatusError("this is no status of a pair");
  if (document["schema"] !== 1)
    throw new StatusError(`the status is of schema ${JSON.stringify(document["schema"])}, and only 1 is known`);
  const active: Record<string, string[]> = {};
  for (const { name, reached } of objectsOf(document["nodes"])) {
    if (typeof name === "string" && reached === true) active[name] = [];
  }
  const carries = (node: string, what: string): void => {
    (active[node] ??= []).push(what);
  };
  for (const group of objectsOf(document["manager"]["groups"])) {
    for (const node of [...textsOf(group["activeOn"]), ...textsOf(group["partlyOn"])])
      carries(node, `group ${String(group["name"])}`);
  }
  for (const { name, sides } of objectsOf(document["resources"])) {
    for (const [node, side] of Object.entries(isObject(sides) ? sides : {})) {
      if (isObject(side) && side["role"] === "Primary") carries(node, `volume ${String(name)}`);
    }
  }
  const { grade } = document;
  return { active, grade: typeof grade === "string" ? grade : "unknown" };
}

/** What a node is, as far as it is known. */
export type NodeDuty = "active" | "standby" | "either";

/** A node that nobody asked may be the active one. */
export function dutyOf(status: KnownStatus | undefined, node: string | undefined): NodeDuty {
  const carried = node === undefined ? undefined : status?.active[node];
  if (carried === undefined) return "either";
  return carried.length > 0 ? "active" : "standby";
}
