import { FIELDS, type FieldHelp } from "./fields";
import { LAMP_FIELDS } from "./lampFields";
import { FAILOVER_SYSTEMS, failoverFields } from "./failoverFields";

/** The fields of every system whose guide has a table of them, by the guide's name in docs/stacks. */
export const GUIDES: ReadonlyMap<string, Readonly<Record<string, FieldHelp>>> = new Map([
  ["dual-primary", FIELDS],
  ["lamp-tiers", LAMP_FIELDS],
  ...FAILOVER_SYSTEMS.map((system): [string, Readonly<Record<string, FieldHelp>>] => [system, failoverFields(system)]),
]);
