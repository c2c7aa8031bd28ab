/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks until `look` answers something, at most for `limitMs`; undefined: the time was over. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  limitMs: number,
  pollMs: number,
): Promise<T | undefined> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() + pollMs > end) return undefined;
    await pause(pollMs);
  }
}
