import type { HostText } from "../hostText";
import { nodeOf } from "../node";
import { hostTextOf, nameOf, typeOf, type Plan, type State, type Step } from "../parse";
import { isObject, shown } from "../parse/values";
import { PictureBuilder, type Picture } from "./model";

/** One resource, from a state or a plan. */
interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly state: State;
}

/** What a document of a stack is not. */
export class GraphError extends Error {
  readonly todo = "give what `pulumi stack export`, `pulumi preview --json` or `pulumi stack output --json` printed";
}

/** The picture of a plan: what was and what will be together. A plan without `--show-sames` has only what changes. */
export function pictureOfPlan(plan: Plan): Picture {
  const resources = plan.steps.flatMap(({ urn, type, old, new: now }): Resource[] => {
    const state = mergedState(old, now);
    return state === undefined ? [] : [{ urn, type, state }];
  });
  return build(resources, stackOf(plan.steps[0]?.urn));
}

/** Before and after in one: an unknown text after the change says less than the one before it. */
function mergedState(old: State | undefined, now: State | undefined): State | undefined {
  if (old === undefined || now === undefined) return now ?? old;
  const host = hostTextOf(now) ?? hostTextOf(old);
  const both = { ...now, inputs: { ...old.inputs, ...now.inputs }, outputs: { ...old.outputs, ...now.outputs } };
  return host === undefined ? both : { ...both, host };
}

/** The picture of `pulumi stack export`. Secrets in it are encrypted, and would not be looked at otherwise. */
export function pictureOfState(document: unknown): Picture {
  const deployment = isObject(document) ? document["deployment"] : undefined;
  if (!isObject(deployment)) throw new GraphError("this is no stack's state");
  const list: readonly unknown[] = Array.isArray(deployment["resources"]) ? (deployment["resources"] as unknown[]) : [];
  const resources = list.filter(isObject).flatMap((each): Resource[] => {
    const { urn, parent, deletedWith } = each;
    if (typeof urn !== "string" || each["delete"] === true) return [];
    const part = (key: string): Readonly<Record<string, unknown>> => (isObject(each[key]) ? each[key] : {});
    const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
    const state: State = {
      urn,
      type: typeOf(urn),
      custom: each["custom"] === true,
      inputs: part("inputs"),
      outputs: part("outputs"),
      parent: text(parent),
      deletedWith: text(deletedWith),
      protect: false,
      retainOnDelete: false,
    };
    return [{ urn, type: typeOf(urn), state }];
  });
  return build(resources, stackOf(resources[0]?.urn));
}

/** The picture of `pulumi stack output --json`: what the product's own stacks say of themselves. */
export function pictureOfOutputs(document: unknown): Picture {
  if (!isObject(document) || !isObject(document["endpoints"]))
    throw new GraphError("these are no outputs of a pair: endpoints are missing");
  const builder = new PictureBuilder();
  const entries = (key: string): [string, unknown][] => Object.entries(isObject(document[key]) ? document[key] : {});
  const nodes = Object.entries(document["endpoints"]);
  for (const [name, endpoint] of nodes) {
    const address = isObject(endpoint) && typeof endpoint["public4"] === "string" ? endpoint["public4"] : "";
    builder.node(name, undefined, `${name} ${address}`.trim());
  }
  for (const [name, volume] of entries("storage")) {
    const id = builder.thing(`resource:${name}`, "resource", `DRBD ${name}`);
    const mountpoint = isObject(volume) ? volume["mountpoint"] : undefined;
    if (typeof mountpoint === "string") builder.link(builder.thing(`filesystem:${name}`, "filesystem", mountpoint), id);
  }
  for (const [name, address] of entries("addresses"))
    builder.thing(`address:${name}`, "address", `${name} ${shown(address, "address")}`);
  for (const [name] of entries("groups")) builder.thing(`group:${name}`, "group", name);
  return builder.done("stack");
}

const stackOf = (urn: string | undefined): string => urn?.split("::")[0]?.replace("urn:pulumi:", "") ?? "stack";

function build(resources: readonly Resource[], title: string): Picture {
  const builder = new PictureBuilder();
  const texts = resources.map((each) => ({ ...each, text: hostTextOf(each.state) }));
  // Which block devices are replicated is told by DRBD's own files, so those come first.
  for (const { urn, text } of texts) if (text?.role === "drbd") addReplication(builder, text, urn);
  for (const { urn, type, state, text } of texts) {
    if (text !== undefined) addStep(builder, text, urn);
    else addResource(builder, urn, type, state);
  }
  return builder.done(title);
}

function addResource(builder: PictureBuilder, urn: string, type: string, state: State): void {
  const step: Step = {
    op: "same",
    engineOp: "same",
    urn,
    type,
    name: nameOf(urn),
    new: state,
    diffs: [],
    replaces: [],
  };
  const node = nodeOf(step);
  const text = (key: string): string => {
    const value = state.outputs[key] ?? state.inputs[key];
    return value === undefined ? "" : shown(value, key);
  };
  switch (type) {
    case "linode:index/instance:Instance": {
      builder.node(node ?? nameOf(urn), urn, `${node ?? nameOf(urn)} (${text("type")}, ${text("region")})`);
      return;
    }
    case "linode:index/volume:Volume":
      builder.thing(`volume:${text("label")}`, "volume", `volume ${text("label")}, ${text("size")} GiB`, { node, urn });
      return;
    case "linode:index/instanceDisk:InstanceDisk":
      if (text("filesystem") === "raw") {
        builder.thing(`disk:${node ?? ""}:${text("label")}`, "disk", `raw disk ${text("label")}, ${text("size")} MiB`, {
          node,
          urn,
        });
      } else if (node !== undefined) builder.node(node, urn);
      return;
    case "linode:index/instanceConfig:InstanceConfig":
      if (node !== undefined) builder.node(node, urn);
      return;
    case "linode:index/instanceIp:InstanceIp":
      builder.thing(
        `address:${text("address") || nameOf(urn)}`,
        "address",
        `address ${text("address") || nameOf(urn)}`,
        { urn },
      );
      return;
    case "linode:index/ipv6Range:Ipv6Range":
      builder.thing(`address:${text("range") || nameOf(urn)}`, "address", `range ${text("range") || nameOf(urn)}`, {
        urn,
      });
      return;
    case "linode:index/firewall:Firewall":
      builder.thing(`firewall:${nameOf(urn)}`, "other", `firewall ${text("label")}`, { urn });
      return;
    case "linode:index/domainRecord:DomainRecord":
      builder.thing(`record:${nameOf(urn)}`, "address", `DNS ${text("name")} ${text("target")}`, { urn });
      return;
    default:
  }
}

function addReplication(builder: PictureBuilder, { files, variables }: HostText, urn: string): void {
  const name = variables["RESOURCE"] ?? "";
  const id = builder.thing(`resource:${name}`, "resource", `DRBD ${name}, /dev/drbd${variables["MINOR"] ?? ""}`, {
    urn,
  });
  const text = files[`/etc/drbd.d/${name}.res`] ?? "";
  for (const [, node = "", block = ""] of text.matchAll(/^ {2}on (\S+) \{\n([\s\S]*?)^ {2}\}/gm)) {
    const device = /^\s*disk (.+);$/m.exec(block)?.[1] ?? "";
    const label = /scsi-0Linode_Volume_(.+)$/.exec(device)?.[1];
    const below =
      label === undefined
        ? builder.thing(`device:${node}:${device}`, "disk", device, { node })
        : builder.thing(`volume:${label}`, "volume", `volume ${label}`, { node });
    builder.link(id, below);
  }
}

function addStep(builder: PictureBuilder, text: HostText, urn: string): void {
  const { role, variables, node } = text;
  const resource = variables["RESOURCE"] ?? "";
  switch (role) {
    case "base": {
      builder.node(node, urn);
      return;
    }
    case "drbd":
      return;
    case "drbd-activate":
      builder.thing(`resource:${resource}`, "resource", `DRBD ${resource}`, { urn });
      return;
    case "filesystem":
    case "ocfs2": {
      const type = role === "ocfs2" ? "OCFS2" : (variables["TYPE"] ?? "");
      const id = builder.thing(`filesystem:${resource}`, "filesystem", `${type} ${variables["MOUNTPOINT"] ?? ""}`, {
        urn,
      });
      builder.link(id, builder.thing(`resource:${resource}`, "resource", `DRBD ${resource}`));
      return;
    }
    case "fencing":
      builder.thing("fencing", "fencing", "fencing through the API", { urn });
      return;
    case "pacemaker": {
      addGroups(builder, cibGroups(text), urn);
      return;
    }
    case "heartbeat": {
      addGroups(builder, heartbeatGroups(text), urn);
      return;
    }
    case "manual-failover": {
      addGroups(builder, manualGroups(text), urn);
      return;
    }
    case "services-apache":
    case "services-lighttpd":
    case "services-mariadb":
    case "services-postgresql": {
      const id = builder.thing(`service:${variables["UNIT"] ?? role}`, "service", variables["SERVICE"] ?? role, {
        urn,
      });
      builder.link(id, builder.thing(`filesystem:${resource}`, "filesystem", variables["MOUNTPOINT"] ?? ""));
      return;
    }
    default:
  }
}

/** What a group runs, in the words of whoever moves it. */
interface Group {
  readonly name: string;
  readonly units: readonly string[];
  readonly addresses: readonly string[];
  readonly resources: readonly string[];
}

function addGroups(builder: PictureBuilder, groups: readonly Group[], urn: string): void {
  for (const { name, units, addresses, resources } of groups) {
    const id = builder.thing(`group:${name}`, "group", `group ${name}`, { urn });
    for (const unit of units.filter((each) => !/^linode-ha-(links|announce)@/.test(each))) {
      builder.link(id, builder.thing(`service:${unit}`, "service", unit.replace(/^linode-ha-|\.service$/g, "")));
    }
    for (const address of addresses)
      builder.link(builder.thing(`address:${address}`, "address", `address ${address}`), id);
    for (const resource of resources)
      builder.link(id, builder.thing(`resource:${resource}`, "resource", `DRBD ${resource}`));
  }
}

function cibGroups({ files, variables }: HostText): readonly Group[] {
  const cib = files["/etc/linode-ha/pacemaker/cib.xml"] ?? "";
  const drbd = [...cib.matchAll(/<rsc_colocation [^>]*rsc="([^"]+)" with-rsc="drbd-([^"]+)-clone"/g)];
  return [...cib.matchAll(/<group id="([^"]+)">([\s\S]*?)<\/group>/g)].map(([, name = "", body = ""]) => ({
    name,
    units: [...body.matchAll(/class="systemd" type="([^"]+)"/g)].map(([, type = ""]) => unitNamed(type, variables)),
    addresses: [...body.matchAll(/name="ip" value="([^"]+)"/g)].map(([, ip = ""]) => ip),
    resources: drbd.filter(([, group]) => group === name).map(([, , resource = ""]) => resource),
  }));
}

const unitNamed = (type: string, { MANAGED_UNITS = "" }: HostText["variables"]): string =>
  MANAGED_UNITS.split(" ").find((unit) => unit === `${type}.service`) ?? type;

function heartbeatGroups({ files }: HostText): readonly Group[] {
  const text = files["/etc/ha.d/haresources"] ?? "";
  return text
    .split(/^# group /m)
    .slice(1)
    .map((part) => ({
      name: part.split("\n")[0] ?? "",
      units: [...part.matchAll(/linode-ha-unit::(\S+)/g)].map(([, unit = ""]) => unit),
      addresses: [...part.matchAll(/(?:IPaddr2?|IPv6addr|linode-ha-address)::([0-9a-f.:]+)/g)].map(([, ip = ""]) =>
        ip.replace(/:+$/, ""),
      ),
      resources: [...part.matchAll(/drbddisk::(\S+)/g)].map(([, resource = ""]) => resource),
    }));
}

function manualGroups({ files, variables }: HostText): readonly Group[] {
  const name = variables["GROUP"] ?? "";
  const text = files[`/etc/linode-ha/groups/${name}`] ?? "";
  const all = (pattern: RegExp): readonly string[] => [...text.matchAll(pattern)].map(([, found = ""]) => found);
  return [
    {
      name,
      units: all(/^run unit (\S+)/gm),
      addresses: all(/^run address (\S+)/gm),
      resources: all(/^run drbd (\S+)/gm),
    },
  ];
}
