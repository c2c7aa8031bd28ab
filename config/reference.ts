import { FIELDS, type FieldHelp } from "./fields";

/** The reference of a stack's configuration as a Markdown table, written from the fields that errors are written from. */
export function renderReference(fields: Readonly<Record<string, FieldHelp>> = FIELDS): string {
  const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/([*<])/g, "\\$1");
  const rows = Object.entries(fields)
    // What a list holds is said where the list is.
    .filter(([key]) => !key.endsWith("[]"))
    .map(([key, { meaning, allowed, default: fallback }]) => {
      const path = key.replace(/\.\*/g, ".<name>");
      return `| \`${path}\` | ${cell(meaning)} | ${cell(allowed)} | ${fallback === undefined ? "required" : cell(fallback)} |`;
    });
  return ["| key | meaning | allowed | default |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
