/** A failure that the person at the keyboard can do something about: what, where, what to do. */
export class EngineError extends Error {
  constructor(
    message: string,
    /** What to do about it. */
    readonly hint: string,
  ) {
    super(`${message}\n  ${hint}`);
    this.name = "EngineError";
  }
}
