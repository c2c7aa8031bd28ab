import type { Verdict } from "./types";

interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** From the outermost on, as `tag#id`. */
  readonly path: readonly string[];
}

/** Elements by id: everything in the product's part of the cluster's configuration has one. */
function elementsOf(text: string): ReadonlyMap<string, Element> {
  const found = new Map<string, Element>();
  const open: string[] = [];
  for (const [, close, tag = "", rest = "", empty] of text.matchAll(
    /<(\/)?([\w-]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/)?>/g,
  )) {
    if (close !== undefined) {
      open.pop();
      continue;
    }
    const attributes = Object.fromEntries(
      [...rest.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    const id = attributes["id"];
    // What has no id is known by where it stands.
    found.set(id ?? [...open, tag].join(" "), { tag, attributes, path: [...open] });
    if (empty === undefined) open.push(`${tag}#${id ?? ""}`);
  }
  return found;
}

const DAEMON = "Pacemaker";
const live = (why: string): Verdict => ({ rank: 5, why, effect: "none", daemon: DAEMON, procedure: "none" });
const weaker = (why: string): Verdict => ({ rank: 1, why, effect: "none", daemon: DAEMON, procedure: "protection" });
const restarts = (what: string): Verdict => ({
  rank: 4,
  why: `Pacemaker restarts ${what} where it runs, and what stands on it`,
  effect: "service-restart",
  daemon: DAEMON,
  procedure: "maintenance",
});
const moves = (why: string): Verdict => ({
  rank: 3,
  why,
  effect: "node-down",
  daemon: DAEMON,
  procedure: "maintenance",
});
const ends = (what: string): Verdict => ({
  rank: 2,
  why: `${what} leaves the cluster's configuration: it is stopped, and no node runs it any more`,
  effect: "stays-down",
  daemon: DAEMON,
  procedure: "both-nodes",
});

const CONTAINERS = new Set([
  "configuration",
  "crm_config",
  "resources",
  "constraints",
  "operations",
  "alerts",
  "select",
  "nodes",
]);
const RUN = new Set(["primitive", "group", "clone", "master", "bundle"]);

/** What a change of the cluster's configuration means, element by element. */
export function judgeCib(old: string, now: string): readonly Verdict[] {
  const [before, after] = [elementsOf(old), elementsOf(now)];
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const stonith = new Set(
    [...before, ...after].filter(([, { attributes }]) => attributes["class"] === "stonith").map(([id]) => id),
  );
  const verdicts = keys.flatMap((key): readonly Verdict[] => {
    const [one, other] = [before.get(key), after.get(key)];
    const element = other ?? one;
    if (element === undefined || same(one, other)) return [];
    // What comes or goes with its parent is told by the parent.
    const parents = element.path.map((each) => each.slice(each.indexOf("#") + 1)).filter((id) => id !== "");
    if (parents.some((id) => before.has(id) !== after.has(id))) return [];
    const owner = parents.find((id) => RUN.has((before.get(id) ?? after.get(id))?.tag ?? "")) ?? "";
    const fences = stonith.has(key) || parents.some((id) => stonith.has(id));
    return [judgeElement(key, element, one, other, owner === "" ? key : (parents.at(-2) ?? owner), fences)];
  });
  return [...verdicts, ...orders(before, after)];
}

const same = (one: Element | undefined, other: Element | undefined): boolean =>
  one !== undefined && other !== undefined && JSON.stringify(one.attributes) === JSON.stringify(other.attributes);

function judgeElement(
  key: string,
  element: Element,
  one: Element | undefined,
  other: Element | undefined,
  owner: string,
  fences: boolean,
): Verdict {
  const { tag, attributes } = element;
  if (fences)
    return other === undefined && RUN.has(tag)
      ? weaker(`${key} goes: nobody can fence that node any more`)
      : live("how a node is fenced");
  if (tag === "nvpair")
    return judgePair(attributes["name"] ?? "", one?.attributes["value"], other?.attributes["value"], element, owner);
  if (RUN.has(tag)) {
    if (other === undefined) return ends(key);
    return one === undefined ? added(key, element) : restarts(key);
  }
  if (tag === "op") return live("how often and how long Pacemaker looks");
  if (tag === "rsc_location") return moves("where a group may run: Pacemaker may move it at once");
  if (tag === "rsc_colocation" || tag === "rsc_order" || tag === "rsc_ticket")
    return moves("what runs together: Pacemaker may stop, start or move it");
  if (tag.startsWith("fencing-"))
    return other === undefined ? weaker("the order of fencing goes") : live("the order of fencing");
  if (/attributes$|_set$|^(alert|recipient|select_.*|rule|expression)$/.test(tag) || CONTAINERS.has(tag))
    return live("what Pacemaker reads again");
  return {
    rank: 0,
    why: `nobody has said what <${tag}> in the cluster's configuration does`,
    procedure: "ask",
    daemon: DAEMON,
  };
}

/** In a group, what comes after a new member is stopped and started behind it. */
function added(key: string, { path }: Element): Verdict {
  return path.some((each) => each.startsWith("group#"))
    ? restarts(`what comes after ${key} in its group`)
    : live(`${key} is new`);
}

function judgePair(
  name: string,
  old: string | undefined,
  now: string | undefined,
  { path }: Element,
  owner: string,
): Verdict {
  const within = path.map((each) => each.slice(0, each.indexOf("#")));
  if (name === "stonith-enabled")
    return now === "true"
      ? live("fencing is on")
      : weaker("fencing is off: a lost node's services start elsewhere while it may still write");
  if (name === "no-quorum-policy")
    return now === "ignore"
      ? weaker("each side of a partition goes on by itself")
      : live("what a side without quorum does");
  if (name === "maintenance-mode") return live("whether Pacemaker acts at all");
  if (name === "resource-stickiness" || name === "priority")
    return moves("what keeps a group where it is: Pacemaker may move it at once");
  if (within.includes("crm_config") || within.includes("op_defaults")) return live("how Pacemaker decides");
  if (within.includes("instance_attributes")) return restarts(owner);
  if (["failure-timeout", "migration-threshold", "notify", "interleave", "on-fail"].includes(name))
    return live("when Pacemaker gives up on a node");
  if (within.includes("rsc_defaults") || within.includes("meta_attributes")) {
    return {
      rank: 2,
      why: `${name} of ${owner} decides whether and how often it runs`,
      effect: "stays-down",
      daemon: DAEMON,
      procedure: "maintenance",
    };
  }
  return {
    rank: 0,
    why: `nobody has said what ${name} (${old ?? "not set"} → ${now ?? "not set"}) does`,
    procedure: "ask",
    daemon: DAEMON,
  };
}

/** A group's members in another order are stopped and started. */
function orders(before: ReadonlyMap<string, Element>, after: ReadonlyMap<string, Element>): readonly Verdict[] {
  const members = (all: ReadonlyMap<string, Element>): ReadonlyMap<string, readonly string[]> => {
    const groups = new Map<string, string[]>();
    for (const [id, { tag, path }] of all) {
      const group = path.find((each) => each.startsWith("group#"));
      if (tag === "primitive" && group !== undefined) groups.set(group, [...(groups.get(group) ?? []), id]);
    }
    return groups;
  };
  const now = members(after);
  return [...members(before)].flatMap(([group, list]) => {
    const kept = (ids: readonly string[] | undefined, others: readonly string[]): string =>
      (ids ?? []).filter((id) => others.includes(id)).join(" ");
    const other = now.get(group);
    return other !== undefined && kept(list, other) !== kept(other, list)
      ? [restarts(group.replace("group#", "group "))]
      : [];
  });
}
