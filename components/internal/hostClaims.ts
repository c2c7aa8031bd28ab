import type { HaNode } from "../haNode";
import type { Findings } from "./rules";

/** What only one thing on a host can have. */
type Claim = "tcp port" | "drbd minor" | "mount point" | "device" | "service";

const claims = new WeakMap<HaNode, Map<string, string>>();

/**
 * Notes who uses a port, a minor, a mount point, a device or a service of a host, so that the second one is refused while the
 * program is still being read, not when the host trips over it.
 *
 * @param owner how a reader knows the claimant; the same owner may claim a thing twice.
 * @param path the argument that a reader should change.
 */
export function claim(
  node: HaNode,
  kind: Claim,
  value: string | number,
  owner: string,
  path: string,
  found: Findings,
): void {
  const taken = claims.get(node) ?? new Map<string, string>();
  claims.set(node, taken);
  const key = `${kind} ${value}`;
  const holder = taken.get(key) ?? owner;
  found.require(holder === owner, {
    path,
    given: value,
    what: `this ${kind} of ${node.name} is already used by ${holder}`,
    todo: "choose another",
  });
  taken.set(key, holder);
}
