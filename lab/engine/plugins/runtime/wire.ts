/**
 * Values as the engine sends them: plain JSON in which a secret is an object under a signature key and a value that is
 * not known during a preview is a fixed string. Everything above this file works on plain values and sets of keys.
 */

/** Any value that crosses the wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A resource's properties by name. */
export type Props = Record<string, Json | undefined>;

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What stands for a value that only the deployment will know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Wraps a value so that the engine encrypts it in the state and masks it on screen. */
export function secret(value: Json): Json {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** Whether this very value is a secret. */
export function isSecret(value: unknown): value is { value: Json } {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Whether the value or anything in it is a secret. */
export function hasSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  return isObject(value) && Object.values(value).some(hasSecret);
}

/** Whether the value or anything in it is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** The value without secret wrappers, at any depth. */
export function plain(value: Json | undefined): Json {
  if (value === undefined) return null;
  if (isSecret(value)) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return value;
}

/** The properties without secret wrappers. */
export function plainProps(props: Props): Props {
  return Object.fromEntries(Object.entries(props).map(([key, value]) => [key, plain(value)]));
}

/** Names of the properties in which a secret is found. */
export function secretKeys(...sources: Props[]): Set<string> {
  const keys = new Set<string>();
  for (const props of sources) {
    for (const [key, value] of Object.entries(props)) if (hasSecret(value)) keys.add(key);
  }
  return keys;
}

/** Whether the value is an object with keys (neither null nor a list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
