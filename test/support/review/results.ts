import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Rank } from "../../../review";
import { projectRoot } from "../lab";
import type { AppliedChange } from "./applied";

/** Where the measured effects are kept, a line for each change that was applied. */
export const RESULTS = join(projectRoot, "docs", "results", "review.jsonl");

/** The worst that was felt of each change, of however many runs. @throws Error that names the line that is no JSON. */
export function worstOfRuns(text: string): ReadonlyMap<string, AppliedChange> {
  const found = new Map<string, AppliedChange>();
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    let run: AppliedChange;
    try {
      run = JSON.parse(line) as AppliedChange;
    } catch {
      throw new Error(`line ${index + 1} of the results is no JSON: ${line.slice(0, 80)}`);
    }
    const before = found.get(run.id);
    if (before === undefined || run.felt < before.felt || (run.felt === before.felt && run.outage > before.outage))
      found.set(run.id, run);
  });
  return found;
}

/** What is kept in `docs/results/review.jsonl`. */
export const keptResults = (): ReadonlyMap<string, AppliedChange> => worstOfRuns(readFileSync(RESULTS, "utf8"));

/** How a rank feels: a client cannot tell a reload from nothing. */
const feel = (rank: Rank): Rank => (rank === 5 ? 6 : rank);

/** What was felt is worse than what was said. */
export const underrated = (said: Rank, felt: Rank): boolean => feel(felt) < feel(said);

/** What was said is worse than what was felt; of what was said to be refused, that is nothing as long as it was. */
export const overrated = (said: Rank, run: Pick<AppliedChange, "felt" | "refusal" | "refused">): boolean =>
  feel(said) < feel(run.felt) && !(run.refusal && run.refused);
