import { FIELDS, type FieldHelp } from "./fields";
import { LAMP_FIELDS } from "./lampFields";
import { FAILOVER_SYSTEMS, failoverFields, type FailoverSystem } from "./failoverFields";

const TABLES: ReadonlyMap<unknown, Readonly<Record<string, FieldHelp>>> = new Map<
  unknown,
  Readonly<Record<string, FieldHelp>>
>([
  ...FAILOVER_SYSTEMS.map((system: FailoverSystem) => [system, failoverFields(system)] as const),
  ["lamp-tiers", LAMP_FIELDS] as const,
]);

/** The fields of the system that a document names; those of `dual-primary` where it names none that has its own. */
export function fieldsFor(document: unknown): Readonly<Record<string, FieldHelp>> {
  const system =
    typeof document === "object" && document !== null ? (document as Record<string, unknown>)["system"] : undefined;
  return TABLES.get(system) ?? FIELDS;
}
