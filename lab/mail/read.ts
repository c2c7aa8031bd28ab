import { existsSync, readFileSync } from "node:fs";
import type { Mail } from "./sink";

/** What a sink has kept, the oldest first. A line that a crash cut short is left out. */
export function readMails(file: string): readonly Mail[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Mail];
      } catch {
        return [];
      }
    });
}

/** What a message is about: its `Subject`, put together where it goes over several lines; empty where it has none. */
export function subjectOf({ message }: Mail): string {
  const [head = ""] = message.split(/\r?\n\r?\n/, 1);
  const unfolded = head.replace(/\r?\n[ \t]+/g, " ");
  return /^subject:[ \t]*(.*)$/im.exec(unfolded)?.[1]?.trim() ?? "";
}
