import { asset } from "./assets";
import type { AbsolutePath, HostFile } from "./contract";
import type { LocalFilesystem } from "./filesystem/render";

/** How a floating address gets its traffic to the node that has it. */
export type AddressMethod =
  /** The node has it on the interface and says so by gratuitous ARP or an unsolicited neighbour advertisement. */
  | { readonly kind: "arp" }
  /** The node has it on `lo`; the systemd unit announces it to the routers for as long as it runs. */
  | { readonly kind: "bgp"; readonly unit: string }
  /** The systemd unit alone puts it there and takes it away; a manager only starts and stops the unit. */
  | { readonly kind: "owned"; readonly unit: string };

/** A path that points into the replicated file system on the active node, and is the node's own elsewhere. */
export interface GroupLink {
  readonly path: AbsolutePath;
  readonly target: AbsolutePath;
}

/** One thing that a group runs, as plain values. */
export type ManagedMember =
  | { readonly kind: "drbd"; readonly resource: string; readonly minor: number }
  | {
      readonly kind: "filesystem";
      readonly resource: string;
      readonly minor: number;
      readonly type: LocalFilesystem;
      readonly mountpoint: AbsolutePath;
      readonly options: readonly string[];
    }
  | {
      readonly kind: "address";
      /** Unique within the pair, for example `db`. */
      readonly name: string;
      readonly address: string;
      readonly prefixLength: number;
      readonly interface: string;
      readonly method: AddressMethod;
    }
  | { readonly kind: "service"; readonly unit: string }
  | { readonly kind: "links"; readonly links: readonly GroupLink[] }
  | { readonly kind: "mail"; readonly to: string };

/** What must run together on one node, in order, as plain values: what every manager is rendered from. */
export interface ManagedGroup {
  readonly name: string;
  /** In the order of starting; stopped the other way round. */
  readonly runs: readonly ManagedMember[];
  readonly preferred: string;
  readonly scores: { readonly preferred: number; readonly other: number };
  /** Whether it goes back by itself when its preferred node is back. */
  readonly failback: boolean;
  /** Seconds between looks at each member. */
  readonly monitorSeconds: number;
  /** Failures on a node after which it moves; 0: never. */
  readonly migrationThreshold: number;
  /** Seconds after which failures are forgotten; 0: never. */
  readonly failureTimeoutSeconds: number;
}

/** The name of a member within its group, by what it is: the same whatever stands before or after it. */
export function memberName(member: ManagedMember): string {
  switch (member.kind) {
    case "drbd":
      return `drbd-${member.resource}`;
    case "filesystem":
      return `fs-${member.resource}`;
    case "address":
      return `ip-${member.name}`;
    case "service":
      return `svc-${unitWord(member.unit)}`;
    case "links":
      return "links";
    case "mail":
      return "mail";
  }
}

/** The systemd unit that makes a group's links appear while it runs. */
export function linksUnit(group: string): string {
  return `linode-ha-links@${group}.service`;
}

/** A unit's name without its type, in the characters that every manager takes. */
export function unitWord(unit: string): string {
  return unit.replace(/\.service$/, "").replace(/[^A-Za-z0-9_-]/g, "-");
}

/** The members of one kind, in order. */
export function membersOf<K extends ManagedMember["kind"]>(
  group: ManagedGroup,
  kind: K,
): readonly Extract<ManagedMember, { kind: K }>[] {
  return group.runs.filter((member): member is Extract<ManagedMember, { kind: K }> => member.kind === kind);
}

/** Every systemd unit that the groups start, sorted: none of them may be started at boot by anything else. */
export function managedUnits(groups: readonly ManagedGroup[]): readonly string[] {
  const units = groups.flatMap((group) => [
    ...membersOf(group, "service").map(({ unit }) => unit),
    ...membersOf(group, "address").flatMap(({ method }) => (method.kind === "arp" ? [] : [method.unit])),
    ...membersOf(group, "links").map(() => linksUnit(group.name)),
  ]);
  return [...new Set(units)].sort();
}

/** The files by which links appear and disappear; none where no group has links. */
export function linkFiles(groups: readonly ManagedGroup[]): Record<AbsolutePath, HostFile> {
  const lists = groups
    .filter((group) => membersOf(group, "links").length > 0)
    .map((group): [AbsolutePath, HostFile] => [
      `/etc/linode-ha/links/${group.name}`,
      {
        mode: "0644",
        content: membersOf(group, "links")
          .flatMap(({ links }) => links.map(({ path, target }) => `${path} ${target}\n`))
          .join(""),
      },
    ]);
  if (lists.length === 0) {
    return {};
  }
  return {
    ...Object.fromEntries(lists),
    "/usr/local/lib/linode-ha/ha-links": { mode: "0755", content: asset("manual-failover/ha-links.sh") },
    "/etc/systemd/system/linode-ha-links@.service": {
      mode: "0644",
      content: asset("manual-failover/linode-ha-links@.service"),
    },
    "/etc/systemd/system/linode-ha-links-reset.service": {
      mode: "0644",
      content: asset("manual-failover/linode-ha-links-reset.service"),
    },
  };
}

/** An IPv6 address with all of its eight parts, for formats in which `::` means something else; IPv4 unchanged. */
export function expandAddress(address: string): string {
  if (!address.includes(":")) {
    return address;
  }
  const [head = "", tail] = address.split("::");
  const words = (text: string): string[] => (text === "" ? [] : text.split(":"));
  if (tail === undefined) {
    return address;
  }
  const [before, after] = [words(head), words(tail)];
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].join(":");
}
