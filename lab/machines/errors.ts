/** What a person needs beside the message. */
export interface LabErrorDetail {
  /** What to do about it. */
  readonly hint?: string;
  /** What the machine said, shortened. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** An error for people: what went wrong and where in the message, then what was said and what to do. Print it without its stack. */
export class LabError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, { hint, detail, cause }: LabErrorDetail = {}) {
    super([message, detail, hint].filter((part) => part !== undefined && part !== "").join("\n"), { cause });
    this.name = "LabError";
    this.hint = hint;
  }
}
