/** A text that says something: clients send an empty one, or null, for what they leave out. */
export function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === "" ? undefined : text;
}
