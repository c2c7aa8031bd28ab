import * as net from "node:net";
import type { NodePair } from "../haNode";
import { claim } from "../internal/hostClaims";
import { type Findings, isMountpoint } from "../internal/rules";
import type { GroupMember, PlannedGroup } from "../serviceGroup";
import type { GroupSettings } from "./planGroups";

const UNIT = /^[A-Za-z0-9][A-Za-z0-9@:_.\\-]*\.service$/;
const INTERFACE = /^[A-Za-z][A-Za-z0-9._-]{0,14}$/;
/** A name that every manager and every host can carry. */
export const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** A group's member of one kind. */
export type MemberOf<K extends GroupMember["kind"]> = Extract<GroupMember, { kind: K }>;

/** Whether a manager may promote the volume. */
export function checkVolume(
  { volume }: MemberOf<"drbd">,
  path: string,
  { nodes }: GroupSettings,
  found: Findings,
): void {
  const { mode, resource } = volume;
  found.require(mode.kind === "single-primary", {
    path,
    given: resource,
    what: "both nodes are Primary: there is nothing to move",
    allowed: 'a volume in mode single-primary with promote "manager"',
    todo: "change the volume's mode, or leave it to its cluster file system",
  });
  found.require(mode.kind !== "single-primary" || mode.promote === "manager", {
    path,
    given: resource,
    what: "the node promotes this volume by itself at boot, and the manager would work against it",
    allowed: 'promote "manager"',
    todo: 'set the volume\'s mode to { kind: "single-primary", preferred, promote: "manager" }',
  });
  const pair = (list: NodePair): string => list.map(({ name }) => name).join(", ");
  found.require(pair(volume.nodes) === pair(nodes), {
    path,
    given: pair(volume.nodes),
    what: `volume "${resource}" is not on the nodes of this manager`,
    allowed: pair(nodes),
    todo: "give manager and volume the same pair, in the same order",
  });
}

/** Whether the file system is on a resource that this group has promoted by then. */
export function checkFilesystem(
  { volume, filesystem }: MemberOf<"filesystem">,
  path: string,
  group: PlannedGroup,
  earlier: readonly GroupMember[],
  all: readonly PlannedGroup[],
  { nodes }: GroupSettings,
  found: Findings,
): void {
  const isOn = (member: GroupMember): boolean => member.kind === "drbd" && member.volume.resource === volume.resource;
  const other = all.find((one) => one !== group && one.runs.some(isOn));
  const inGroup = group.runs.some(isOn);
  found.require(inGroup || other === undefined, {
    path,
    given: volume.resource,
    what: `this file system lives on the resource of group "${other?.name ?? ""}"`,
    todo: `run it in that group, or move the resource "${volume.resource}" to this one`,
  });
  found.require(inGroup || other !== undefined, {
    path,
    given: volume.resource,
    what: "no group promotes the resource that this file system lives on",
    todo: `put drbd(...) of "${volume.resource}" before it`,
  });
  found.require(!inGroup || earlier.some(isOn), {
    path,
    given: volume.resource,
    what: "stands before its resource, and would be mounted before the node is Primary",
    todo: `put drbd(...) of "${volume.resource}" before it`,
  });
  found.requireMountpoint(`${path}.mountpoint`, filesystem.mountpoint, "/srv");
  if (isMountpoint(filesystem.mountpoint)) {
    for (const node of nodes) {
      // The volume that makes the file system claims the mount point too; it is one and the same.
      claim(node, "mount point", filesystem.mountpoint, `DrbdVolume "${volume.resource}"`, `${path}.mountpoint`, found);
    }
  }
}

/** Whether the address is one, and both nodes may use it. */
export function checkAddress(
  { floating }: MemberOf<"address">,
  path: string,
  { nodes }: GroupSettings,
  found: Findings,
): void {
  const { name, address, prefixLength, method } = floating;
  const missing = nodes.filter((node) => !floating.nodes.includes(node.name)).map((node) => node.name);
  found.require(floating.nodes.length > 0, {
    path,
    given: name,
    what: "this address belongs to nobody",
    allowed: "an address that is assigned to one node of the pair and shared with the other",
    todo: "declare it as a floating address of the pair",
  });
  found.require(floating.nodes.length === 0 || missing.length === 0, {
    path,
    given: name,
    what: `${missing.join(" and ")} may not use this address: the network would drop it there`,
    allowed: nodes.map((node) => node.name).join(" and "),
    todo: "share the address with both nodes",
  });
  found.require(NAME.test(name), {
    path,
    given: name,
    what: "is not a name for an address",
    allowed: 'up to 32 of a-z, 0-9 and "-", starting with a letter',
    todo: 'choose a short one such as "db"',
  });
  const family = typeof address === "string" ? net.isIP(address) : undefined;
  found.require(family !== 0, {
    path,
    given: address,
    what: "is not an IP address",
    allowed: "IPv4 or IPv6 without prefix length",
    todo: 'write it as "192.0.2.10" or "2001:db8::10", and the prefix length in its own field',
  });
  found.require(Number.isInteger(prefixLength) && prefixLength >= 1 && prefixLength <= (family === 4 ? 32 : 128), {
    path,
    given: prefixLength,
    what: "is not a prefix length",
    allowed: family === 4 ? "1 to 32" : "1 to 128",
    todo: "give that of the network that the address is in",
  });
  found.require(INTERFACE.test(floating.interface), {
    path,
    given: floating.interface,
    what: "is not a network interface",
    allowed: 'a name such as "eth1"',
    todo: "see `ip link` on a node",
  });
  if (method.kind !== "arp") {
    checkUnit(method.unit, path, found);
  }
}

function checkUnit(unit: string, path: string, found: Findings): void {
  found.require(UNIT.test(unit), {
    path,
    given: unit,
    what: "is not the name of a systemd service",
    allowed: 'a name such as "mariadb" or "mariadb.service"',
    todo: "see `systemctl list-unit-files --type=service` on a node",
  });
}

/** Whether the service is one that the nodes have. */
export function checkService(unit: string, path: string, { knownServices }: GroupSettings, found: Findings): void {
  checkUnit(unit, path, found);
  const known = knownServices?.map((name) => (name.endsWith(".service") ? name : `${name}.service`));
  found.require(known?.includes(unit) ?? true, {
    path,
    given: unit,
    what: "no such service is on the nodes' image or made by this stack",
    allowed: known?.join(", "),
    todo: "correct the name, or add the component that installs it",
  });
}

/** Whether the links point into what this group has mounted by then. */
export function checkLinks(
  { links }: MemberOf<"links">,
  path: string,
  earlier: readonly GroupMember[],
  found: Findings,
): void {
  const mountpoints = earlier.flatMap((member) => (member.kind === "filesystem" ? [member.filesystem.mountpoint] : []));
  const isBelow = (inner: string, outer: string): boolean => inner.startsWith(`${outer}/`);
  found.require(links.length > 0, { path, what: "no links are given", todo: "leave it out, or name a path" });
  for (const link of links) {
    for (const given of [link.path, link.target]) {
      found.require(isMountpoint(given), {
        path,
        given,
        what: "is not an absolute path",
        allowed: "a path from the root, without spaces",
        todo: "write it as /etc/apache2",
      });
    }
    found.require(
      mountpoints.some((mountpoint) => isBelow(link.target, mountpoint)),
      {
        path,
        given: link.target,
        what: "is on no file system that this group has mounted by then: the link would point at nothing on the other node",
        allowed:
          mountpoints.length === 0 ? "a path below an earlier mount(...)" : `a path below ${mountpoints.join(", ")}`,
        todo: "put the links after their file system, and their targets on it",
      },
    );
    found.require(!mountpoints.some((mountpoint) => link.path === mountpoint || isBelow(link.path, mountpoint)), {
      path,
      given: link.path,
      what: "is itself on a replicated file system",
      todo: "link a path of the node's own file system",
    });
  }
}
