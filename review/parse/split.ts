/** Where the parts of a large document are, so that they can be read one at a time: a preview's steps repeat their hosts' files. */
export interface Split {
  /** The document with an empty list in place of its steps. */
  readonly rest: Buffer;
  /** Start and end of each step. */
  readonly steps: readonly (readonly [number, number])[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
/** Spaces and commas are less than or equal to it; numbers and words, which are no steps, greater. */
const COMMA = 0x2c;
const STEPS = Buffer.from('"steps"');

/**
 * As {@link splitSteps}, for a document laid out as the engine lays it out: a line break is in no string of JSON, so these lines are what they
 * seem to be. Undefined for any other layout.
 */
export function splitLaidOut(bytes: Buffer): Split | undefined {
  const start = bytes.indexOf('\n    "steps": [\n');
  const open = bytes.indexOf("[", start);
  const end = start === -1 ? -1 : bytes.indexOf("\n    ]", open);
  if (end === -1) return undefined;
  const steps: [number, number][] = [];
  for (let at = open + 1; at < end;) {
    const from = at + "\n        ".length;
    const close = bytes.indexOf("\n        }", from);
    if (bytes[from] !== OPEN_OBJECT || close === -1 || close > end) return undefined;
    const to = close + "\n        }".length;
    steps.push([from, to]);
    at = bytes[to] === COMMA ? to + 1 : to;
  }
  return { rest: Buffer.concat([bytes.subarray(0, open + 1), bytes.subarray(end)]), steps };
}

/** Finds the list `steps` of the outermost object. Undefined where there is none, something in it is no object, or anything does not end. */
export function splitSteps(bytes: Buffer): Split | undefined {
  const steps: [number, number][] = [];
  let depth = 0;
  let listStart = -1;
  let listEnd = -1;
  let stepStart = -1;
  let named = false;
  const inList = (): boolean => depth === 2 && listStart !== -1 && listEnd === -1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (end === -1 || inList()) return undefined;
      // A key of the outermost object; a value of that text would be followed by no list.
      if (depth === 1 && listStart === -1) named = bytes.compare(STEPS, 0, STEPS.length, at, end + 1) === 0;
      at = end;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (byte === OPEN_LIST && depth === 1 && named && listStart === -1) listStart = at;
      else if (byte === OPEN_OBJECT && inList()) stepStart = at;
      else if (inList()) return undefined;
      depth += 1;
      named = false;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth === 2 && stepStart !== -1 && listEnd === -1) {
        steps.push([stepStart, at + 1]);
        stepStart = -1;
      } else if (depth === 1 && listStart !== -1 && listEnd === -1) listEnd = at;
    } else if (byte !== undefined && byte > COMMA && inList()) return undefined;
  }
  if (depth !== 0 || listEnd === -1) return undefined;
  return { rest: Buffer.concat([bytes.subarray(0, listStart + 1), bytes.subarray(listEnd)]), steps };
}

/** The closing quote of a string: one before which the backslashes are even. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}
