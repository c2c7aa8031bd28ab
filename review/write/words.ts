import type { Finding } from "../review";

/** Bytes as a person reads them: `10.0 GiB`. */
export function inBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** What is copied afterwards. */
export function resyncWords({ resync }: Finding): string {
  if (resync === undefined) return "none";
  return resync.bytes === undefined ? resync.words : `${resync.words}, ${inBytes(resync.bytes)}`;
}

/** Where it is, and what is known of that node. */
export function placeWords({ nodes, duty }: Finding): string {
  if (nodes.length === 0) return "";
  const words = { active: "active", standby: "standby", either: "either may be active" };
  const known = duty === undefined || (duty === "either" && nodes.length > 1) ? "" : ` (${words[duty]})`;
  return `${nodes.join(", ")}${known}`;
}

/** How many of each operation, for the foot. */
export function countWords(counts: Readonly<Record<string, number>>): string {
  const told = Object.entries(counts).filter(([op]) => op !== "same");
  return told.length === 0 ? "no resource changes" : told.map(([op, count]) => `${count} ${op}`).join(", ");
}
