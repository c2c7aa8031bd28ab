import type { HaNode, NodePair } from "../haNode";
import type { Findings } from "../internal/rules";

const managers = new WeakMap<HaNode, string>();

/** Notes who manages these nodes, so that a second manager is refused: two would move the same things against each other. */
export function claimManager(nodes: NodePair, owner: string, found: Findings): void {
  for (const node of nodes) {
    const holder = managers.get(node) ?? owner;
    found.require(holder === owner, {
      path: "nodes",
      given: node.name,
      what: `this node already has a manager, ${holder}: two would work against each other`,
      todo: "give all groups of a pair to one manager",
    });
    managers.set(node, holder);
  }
}
