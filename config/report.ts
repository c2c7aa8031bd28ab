import type { z } from "zod";
import type { Problem } from "../components/internal/errors";
import { childNames, fieldKey, type FieldHelp } from "./fields";
import { fieldsFor } from "./fieldTables";
import { nearest } from "./nearest";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const LONGEST_GIVEN = 80;
/** Values below these may turn out to be pasted secrets: only their beginning is shown. */
const PRUDENT = "authorizedKeys";
/** Never shown: secrets. */
const SECRETS: ReadonlySet<string> = new Set(["fencingToken", "dnsToken", "siteAdminPassword"]);

/** A path as a user sees it: `pair.nodes[1]`. */
export function showPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** The value at a path of what the user wrote; undefined where there is none. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    document,
  );
}

/** A value, short enough for a report. */
export function showGiven(value: unknown, path: Path): unknown {
  if (SECRETS.has(showPath(path))) return undefined;
  if (showPath(path).includes(PRUDENT) && typeof value === "string") {
    return value.length > 20 ? `${value.slice(0, 20)}…` : value;
  }
  const text = JSON.stringify(value) as string | undefined;
  return text !== undefined && text.length > LONGEST_GIVEN ? `${text.slice(0, LONGEST_GIVEN)}…` : value;
}

/** A problem at a path, with what is known about its field filled in. */
export function problemAt(document: unknown, path: Path, what: string, more: Partial<Problem> = {}): Problem {
  const help = helpOf(document, path);
  const given = valueAt(document, path);
  return {
    path: showPath(path),
    ...(given === undefined ? {} : { given: showGiven(given, path) }),
    what,
    ...(help === undefined ? {} : { allowed: help.allowed }),
    todo: help === undefined ? "see the reference of this stack" : `write, for example: ${help.example}`,
    ...more,
  };
}

/** What zod found in a document, told to its writer. */
export function problemsOf(document: unknown, issues: readonly Issue[], base: Path = []): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(document, issue, [...base, ...issue.path]));
}

function problemsOfIssue(document: unknown, issue: Issue, path: Path): Problem[] {
  const say = (what: string, more?: Partial<Problem>): Problem[] => [problemAt(document, path, what, more)];
  if (valueAt(document, path) === undefined && issue.code !== "invalid_union") {
    return say("is missing", missingHelp(document, path));
  }
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(document, [...path, key]));
    case "invalid_type":
      return say(`has the wrong type: ${nameOf(issue.expected)} is wanted`);
    case "invalid_union":
      return problemsOfUnion(document, issue, path);
    case "invalid_key":
      // The path ends with the name itself, which says more than what stands below it.
      return say(issue.issues[0]?.message ?? "is not a usable name", { given: path.at(-1) });
    case "invalid_value":
      return say(issue.message.startsWith("Invalid") ? "is not one of the choices" : issue.message);
    case "too_small":
    case "too_big":
      return say(issue.message.startsWith("Too ") ? countOf(issue) : issue.message);
    default:
      return say(issue.message);
  }
}

function problemsOfUnion(document: unknown, issue: z.core.$ZodIssueInvalidUnion, path: Path): Problem[] {
  if (issue.errors.length === 0) {
    // Of several kinds, told apart by `kind`, none fits.
    const what = issue.message.startsWith("Invalid") ? "is not one of the choices" : issue.message;
    return [problemAt(document, path, valueAt(document, path) === undefined ? "is missing" : what)];
  }
  const isOther = (nested: readonly Issue[]): boolean =>
    nested.some(({ code, path: below }) => code === "invalid_type" && below.length === 0);
  const meant = issue.errors.find((nested) => !isOther(nested));
  return meant === undefined ? [problemAt(document, path, "has the wrong type")] : problemsOf(document, meant, path);
}

function unknownKey(document: unknown, path: Path): Problem {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const fields = fieldsFor(document);
  const known = childNames(fieldKey(parent, fields) ?? "", fields);
  const kind = valueAt(document, [...parent, "kind"]);
  const [best] = nearest(key, known);
  if (known.includes(key) && typeof kind === "string") {
    return { path: showPath(path), what: `does not belong to kind ${kind}`, todo: "remove it, or choose another kind" };
  }
  return {
    path: showPath(path),
    what: "is not a known key",
    allowed: known.join(", "),
    todo: best === undefined ? "remove it" : `did you mean "${best}"? Otherwise remove it`,
  };
}

function missingHelp(document: unknown, path: Path): Partial<Problem> {
  const help = helpOf(document, path);
  return help === undefined ? {} : { todo: `add, for example: ${help.example}` };
}

/** What is known about the field at a path, or about the nearest one above it. */
function helpOf(document: unknown, path: Path): FieldHelp | undefined {
  const fields = fieldsFor(document);
  for (let length = path.length; length > 0; length--) {
    const key = fieldKey(path.slice(0, length), fields);
    if (key !== undefined) return fields[key];
  }
  return undefined;
}

function nameOf(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    array: "a list",
    tuple: "a list",
    object: "an object",
    record: "an object",
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
  };
  return names[expected] ?? expected;
}

function countOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  return issue.origin === "array"
    ? "has the wrong number of entries"
    : `is too ${issue.code === "too_small" ? "small" : "large"}`;
}
