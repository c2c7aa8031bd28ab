import type { Step } from "../parse";
import { linodeMeanings } from "./linode";
import { componentMeaning, otherMeanings, providerMeaning } from "./others";
import type { Meaning } from "./types";

export { roleMeanings } from "./roles";
export type { HostJudge, RoleMeaning } from "./roleTypes";
export * from "./types";

/** The one table of what each type of resource means. To add a type, add its entry to one of these. */
const TYPES: Readonly<Record<string, Meaning>> = { ...linodeMeanings, ...otherMeanings };

/** The resource types that are understood. */
export const knownTypes: readonly string[] = Object.keys(TYPES);

/** What a resource means, or undefined where nobody has said it. A step on a host has a table of its own: its role's. */
export function meaningOf(step: Step): Meaning | undefined {
  const found = TYPES[step.type];
  if (found !== undefined) return found;
  if (/^pulumi:providers:(linode|random|command)$/.test(step.type)) return providerMeaning;
  const state = step.new ?? step.old;
  return state !== undefined && !state.custom && step.type.startsWith("linode-ha:") ? componentMeaning : undefined;
}
