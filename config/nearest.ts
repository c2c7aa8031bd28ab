/** How many letters must be added, removed or changed to turn one word into the other. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(one).entries()) {
    const next = [i + 1];
    for (const [j, candidate] of Array.from(other).entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === candidate ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The candidates that a person may have meant, nearest first; none when all are far away. */
export function nearest(word: string, candidates: readonly string[], limit = 3): string[] {
  const wanted = word.toLowerCase();
  return candidates
    .map((candidate) => {
      const name = candidate.toLowerCase();
      const contained = wanted.length >= 3 && (name.includes(wanted) || wanted.includes(name));
      return { candidate, far: distance(wanted, name), contained };
    })
    .filter(({ far, contained }) => contained || far <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
