import type { FencingState, GroupState, ManagerNode, ManagerState } from "./groups";
import { findAll, parseXml, type XmlNode } from "./xml";

const is = (node: XmlNode | undefined, name: string): boolean => node?.attributes[name] === "true";
const named = (node: XmlNode, name: string): string => node.attributes[name] ?? "";

/**
 * The cluster as `crm_mon --output-as=xml` shows it, with what only its configuration (`cibadmin --query --scope configuration`) knows.
 *
 * @throws Error where one of them is not whole.
 */
export function parsePacemaker(crmMon: string, configuration: string): ManagerState {
  const mon = parseXml(crmMon);
  const cib = parseXml(configuration);
  const options = findAll(mon, "cluster_options")[0];
  const nodes = (mon.children.find(({ name }) => name === "nodes")?.children ?? [])
    .filter(({ name }) => name === "node")
    .map(nodeOf);
  return {
    kind: "pacemaker",
    nodes,
    maintenance: is(options, "maintenance-mode"),
    groups: (mon.children.find(({ name }) => name === "resources")?.children ?? [])
      .filter(({ name }) => name === "group")
      .map((group) => groupOf(group, cib)),
    fencing: fencingOf(mon, options),
    notes: notesOf(mon),
  };
}

function nodeOf(node: XmlNode): ManagerNode {
  const words = [
    ...(is(node, "online") ? ["online"] : ["offline"]),
    ...(is(node, "standby") || is(node, "standby_onfail") ? ["standby"] : []),
    ...(is(node, "maintenance") ? ["maintenance"] : []),
    ...(is(node, "pending") ? ["pending"] : []),
    ...(is(node, "unclean") ? ["UNCLEAN"] : []),
  ];
  return {
    name: named(node, "name"),
    online: is(node, "online") && !is(node, "unclean") && !is(node, "pending"),
    standby: is(node, "standby") || is(node, "standby_onfail"),
    words: words.join(", "),
  };
}

function groupOf(group: XmlNode, cib: XmlNode): GroupState {
  const name = named(group, "id");
  const members = group.children.filter((child) => child.name === "resource");
  const places = members.map((member) =>
    is(member, "active") && !is(member, "failed")
      ? member.children.filter((child) => child.name === "node").map((node) => named(node, "name"))
      : [],
  );
  const somewhere = [...new Set(places.flat())].sort();
  const activeOn = somewhere.filter((node) => places.every((place) => place.includes(node)));
  const declared = findAll(cib, "group").find((element) => named(element, "id") === name);
  const stickiness = findAll(declared ?? group, "nvpair").find((pair) => named(pair, "name") === "resource-stickiness")
    ?.attributes["value"];
  const constraints = cib.children.find((child) => child.name === "constraints")?.children ?? [];
  const [best] = constraints
    .filter((each) => each.name === "rsc_location" && named(each, "rsc") === name && /^\d+$/.test(named(each, "score")))
    .sort((one, other) => Number(named(other, "score")) - Number(named(one, "score")));
  return {
    name,
    ...(best === undefined ? {} : { preferred: named(best, "node") }),
    drbd: constraints
      .filter((each) => each.name === "rsc_colocation" && named(each, "rsc") === name)
      .flatMap((each) => /^drbd-(.+)-clone$/.exec(named(each, "with-rsc"))?.[1] ?? []),
    addresses: findAll(declared ?? group, "nvpair")
      .filter((pair) => named(pair, "name") === "ip")
      .map((pair) => named(pair, "value")),
    activeOn,
    partlyOn: somewhere.filter((node) => !activeOn.includes(node)),
    notes: members.flatMap((member) => {
      if (is(member, "failed")) return [`${named(member, "id")} failed`];
      if (!is(member, "active")) return [`${named(member, "id")} is stopped`];
      return is(member, "managed") ? [] : [`${named(member, "id")} is unmanaged`];
    }),
    ...(stickiness === undefined ? {} : { failback: stickiness === "0" }),
  };
}

function fencingOf(mon: XmlNode, options: XmlNode | undefined): FencingState {
  const enabled = is(options, "stonith-enabled") || is(options, "fencing-enabled");
  const devices = findAll(mon, "resource").filter((each) => named(each, "resource_agent").startsWith("stonith:"));
  const dead = devices.filter((each) => !is(each, "active") || is(each, "failed")).map((each) => named(each, "id"));
  const [last] = findAll(mon, "fence_event");
  const history =
    last === undefined
      ? ""
      : `; last: ${named(last, "action")} of ${named(last, "target")}, ${named(last, "status")} ${named(last, "completed")}`;
  if (!enabled) return { enabled, ok: true, words: "none: two nodes that lose each other may both go on" };
  if (devices.length === 0) return { enabled, ok: false, words: "enabled, but there is no device" };
  const words =
    dead.length > 0 ? `does not run: ${dead.join(", ")}` : devices.map((each) => named(each, "id")).join(", ");
  return { enabled, ok: dead.length === 0, words: `${words}${history}`.trim() };
}

function notesOf(mon: XmlNode): string[] {
  return [
    ...findAll(mon, "failure").map(
      (each) =>
        `${named(each, "op_key") || named(each, "id")} failed on ${named(each, "node")}: ${named(each, "exitreason") || named(each, "exitstatus")}`,
    ),
    // That nodes do not fence themselves is no ban of anybody's.
    ...findAll(mon, "ban")
      .filter((each) => !/^fence-(.+)-not-on-\1$/.test(named(each, "id")))
      .map((each) => `${named(each, "resource")} may not run on ${named(each, "node")} (${named(each, "id")})`),
  ];
}
