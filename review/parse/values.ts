/** What stands for a value that a document must not, or cannot, show. */

/** The key under which the engine marks special values, and what it holds for a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Stands for each secret in a preview. */
export const SECRET_TEXT = "[secret]";

/** How the engine writes what is known only after a change: for booleans, numbers, strings, lists, files, archives and objects. */
const UNKNOWNS = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Stands for a text that is known only after the change. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

type Json = Readonly<Record<string, unknown>>;

/** Whether something is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a secret, however the document marks it. */
export function isSecret(value: unknown): boolean {
  if (typeof value === "string") return value === SECRET_TEXT;
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Whether a value is known only after the change. */
export function isUnknown(value: unknown): boolean {
  return typeof value === "string" && UNKNOWNS.has(value);
}

/** Whether an unknown value is anywhere in it. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return isUnknown(value);
}

/** Names under which a secret may stand unmarked: those are never shown, whatever they hold. */
const SECRET_NAME =
  /pass(word|phrase|wd)?|secret|token|private|credential|userdata|metadatas?$|stdin|(^|[^a-z])key$|authkey|cookie/i;

/** What a secret looks like that somebody put where none belongs. */
const SECRET_SHAPE = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b[0-9a-f]{64}\b|\beyJ[A-Za-z0-9_-]{20,}/;

/** Fields inside a value that may be shown; what is new to this list is not, until somebody has looked at it. */
const SHOWN_FIELDS = new Set(
  (
    "action addresses cpu deviceName devtmpfsAutomount diskId distro id io ipamAddress ipv4s ipv6s label modulesDep network networkIn " +
    "networkOut ports primary protocol purpose subnetId transferQuota updatedbDisabled volumeId vpcId"
  ).split(" "),
);

const LONGEST = 60;
const UNSEEN = "(known after the change)";

/**
 * A value for people, on one line and short. Secrets are never shown: neither marked ones, nor what stands under a secret's name, nor
 * what looks like one.
 */
export function shown(value: unknown, property: string): string {
  if (value === undefined || value === null) return "(none)";
  if (SECRET_NAME.test(property)) return SECRET_TEXT;
  const text = typeof value === "string" && !isSecret(value) ? wordsOf(value) : JSON.stringify(blinded(value));
  if (SECRET_SHAPE.test(text)) return SECRET_TEXT;
  if (text.includes("\n")) return `(${text.split("\n").length} lines)`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Control characters are commands to a terminal, and no part of a value that anybody has to see. */
// eslint-disable-next-line no-control-regex -- those are meant
const visible = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");

const wordsOf = (value: string): string => (isUnknown(value) ? UNSEEN : visible(value));

function blinded(value: unknown): unknown {
  if (isSecret(value)) return SECRET_TEXT;
  if (isUnknown(value)) return UNSEEN;
  if (Array.isArray(value)) return value.map(blinded);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith("__"));
  return Object.fromEntries(entries.map(([key, each]) => [key, SHOWN_FIELDS.has(key) ? blinded(each) : "(not shown)"]));
}

/** A line of a host's file as it may be shown. The product's files name their secrets only; what looks like one all the same is not shown. */
export function shownLine(line: string): string {
  if (SECRET_SHAPE.test(line)) return SECRET_TEXT;
  return visible(line).replace(
    /((?:secret|password|passwd|token|privatekey)\b["']?\s*[:= ]\s*)(?!"?\{\{secret:)\S.*/i,
    `$1${SECRET_TEXT}`,
  );
}

/** Lines of a text that are inside of a private key: each by itself looks like nothing. */
export function keyLines(...texts: readonly string[]): ReadonlySet<string> {
  const blocks = texts.flatMap((text) => [
    ...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$(?![\s\S]))/g),
  ]);
  return new Set(blocks.flatMap(([block]) => block.split("\n").map((line) => line.trim())));
}
