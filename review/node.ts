import { hostTextOf, nameOf, type Step } from "./parse";

const PAIR = "linode-ha:pair:HaPair";

/** What the names of a node's own resources end with, after `<pair>-<node>`. */
const PARTS = /-(disk-.+|volume-.+|config|firewall|shared|hostkey|root|base)$/;

/** The node that a resource belongs to, told by what the product calls things; undefined where it is the pair's. */
export function nodeOf(step: Step): string | undefined {
  const named = hostTextOf(step.new)?.node ?? hostTextOf(step.old)?.node;
  if (named !== undefined) return named;
  const state = step.new ?? step.old;
  const pair = state?.parent?.includes(PAIR) === true ? nameOf(state.parent) : undefined;
  if (step.type === "linode:index/instance:Instance") {
    const label = step.old?.inputs["label"] ?? step.new?.inputs["label"];
    return typeof label === "string" ? label : within(step.name, pair);
  }
  if (PARTS.test(step.name) && step.urn.includes(PAIR)) return within(step.name.replace(PARTS, ""), pair);
  const owner = step.old?.deletedWith ?? step.new?.deletedWith;
  return owner === undefined ? undefined : within(nameOf(owner), pair ?? /^([^-]+)-/.exec(nameOf(owner))?.[1]);
}

/** A pair's children are called `<pair>-<node>…`. */
function within(name: string, pair: string | undefined): string {
  return pair !== undefined && name.startsWith(`${pair}-`) ? name.slice(pair.length + 1) : name;
}
