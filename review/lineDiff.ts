/** One line of a difference. */
export interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** Beyond this many pairs of lines the middle is told as taken out and put in, without looking for what stayed. */
const MOST_PAIRS = 1_000_000;

/** The lines that differ, with some of those around them; a gap between two places is a line `…`. */
export function lineDiff(old: string, now: string, context = 1): readonly DiffLine[] {
  const before = old === "" ? [] : old.split("\n");
  const after = now === "" ? [] : now.split("\n");
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const all: readonly DiffLine[] = [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
  return around(all, context);
}

const same = (text: string): DiffLine => ({ sign: " ", text });
const gone = (text: string): DiffLine => ({ sign: "-", text });
const come = (text: string): DiffLine => ({ sign: "+", text });

/** The longest common lines of both, by the textbook's table. */
function middle(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const rows = before.length + 1;
  const columns = after.length + 1;
  if (rows * columns > MOST_PAIRS) return [...before.map(gone), ...after.map(come)];
  const length = new Uint16Array(rows * columns);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const at = i * columns + j;
      length[at] =
        before[i] === after[j]
          ? (length[at + columns + 1] ?? 0) + 1
          : Math.max(length[at + columns] ?? 0, length[at + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const at = i * columns + j;
    if (before[i] === after[j]) {
      lines.push(same(before[i] ?? ""));
      i += 1;
      j += 1;
    } else if ((length[at + columns] ?? 0) >= (length[at + 1] ?? 0)) {
      lines.push(gone(before[i++] ?? ""));
    } else {
      lines.push(come(after[j++] ?? ""));
    }
  }
  return [...lines, ...before.slice(i).map(gone), ...after.slice(j).map(come)];
}

function around(all: readonly DiffLine[], context: number): readonly DiffLine[] {
  const kept = new Set<number>();
  all.forEach(({ sign }, at) => {
    if (sign === " ") return;
    for (let near = at - context; near <= at + context; near += 1) kept.add(near);
  });
  const lines: DiffLine[] = [];
  let last = -1;
  all.forEach((line, at) => {
    if (!kept.has(at)) return;
    if (last !== -1 && at > last + 1) lines.push(same("…"));
    lines.push(line);
    last = at;
  });
  return lines;
}
