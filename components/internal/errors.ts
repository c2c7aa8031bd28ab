/** One thing that is wrong, told so that its reader can act on it. */
export interface Problem {
  /** Where: the path of the value as its writer sees it, for example `pair.nodes[1]`. */
  readonly path: string;
  /** What was given. Never a secret. */
  readonly given?: unknown;
  /** What is wrong with it. */
  readonly what: string;
  /** What is allowed. */
  readonly allowed?: string;
  /** What to do about it. */
  readonly todo: string;
}

function describe(problem: Problem): string {
  const given = problem.given === undefined ? "" : ` (given: ${JSON.stringify(problem.given)})`;
  const allowed = problem.allowed === undefined ? "" : `\n      allowed: ${problem.allowed}`;
  return `  - ${problem.path}: ${problem.what}${given}${allowed}\n      to do:   ${problem.todo}`;
}

/**
 * The one error for people: what is wrong, where, and what to do, all problems in one report. It carries no stack trace,
 * because a user's mistake has none.
 */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(summary: string, problems: readonly Problem[]) {
    super([summary, ...problems.map(describe)].join("\n"));
    this.name = "UserError";
    this.problems = problems;
    // Pulumi and Node print the stack where there is one.
    this.stack = this.message;
    // How Pulumi knows errors that it shows as they are (`pulumi.RunError`), without loading Pulumi here.
    Object.defineProperty(this, "__pulumiRunError", { value: true });
  }

  override toString(): string {
    return this.message;
  }
}
