/** The lab's `random` plugin: what the programs use of the vendor's 4.18.5. */
import { createHash, randomBytes, randomInt, randomUUID } from "crypto";

import { FunctionType, Plugin, ResourceType, t } from "../runtime/table";
import { Props } from "../runtime/wire";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const NUMERIC = "0123456789";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

type Type = ResourceType<null>;

/** Nothing outlives the state: reading finds what is there, removing forgets it. */
const stateOnly = {
  trust: "program",
  defaultsIn: "state",
  read: async (_ctx: unknown, id: string, state: Props) => ({ id, state }),
  remove: async () => undefined,
} as const;

const keepers = t.map({ replaces: true });
const flag = t.bool({ replaces: true, default: true });
const atLeast = t.int({ replaces: true, default: 0 });
const characterFields = {
  keepers,
  length: t.int({ required: true, replaces: true }),
  lower: flag,
  upper: flag,
  special: flag,
  // `number` is the older name of `numeric`: what the program leaves out follows the other one.
  number: t.bool({ replaces: true, computed: true }),
  numeric: t.bool({ replaces: true, computed: true }),
  minLower: atLeast,
  minUpper: atLeast,
  minNumeric: atLeast,
  minSpecial: atLeast,
  overrideSpecial: t.string({ replaces: true }),
};

/** Random characters of the classes that are wanted, with each class's least number. */
export function characters(news: Props): string {
  const numeric = (news.numeric ?? news.number ?? true) === true;
  const classes: [boolean, string, number][] = [
    [news.special !== false, (news.overrideSpecial as string) || SPECIAL, Number(news.minSpecial ?? 0)],
    [news.lower !== false, LOWER, Number(news.minLower ?? 0)],
    [news.upper !== false, UPPER, Number(news.minUpper ?? 0)],
    [numeric, NUMERIC, Number(news.minNumeric ?? 0)],
  ];
  const all = classes.map(([wanted, set]) => (wanted ? set : "")).join("");
  const picked: string[] = [];
  const pick = (set: string, count: number) => {
    for (let index = 0; index < count; index++) picked.push(set[randomInt(set.length)] as string);
  };
  for (const [, set, count] of classes) pick(set, count);
  pick(all, Number(news.length) - picked.length);
  for (let index = picked.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [picked[index], picked[other]] = [picked[other] as string, picked[index] as string];
  }
  return picked.join("");
}

function checkCharacters(news: Props): { property: string; reason: string }[] {
  const numeric = news.numeric ?? news.number;
  const minima = ["minLower", "minUpper", "minNumeric", "minSpecial"].map((name) => Number(news[name] ?? 0));
  const least = minima.reduce((sum, value) => sum + value, 0);
  if (typeof news.length === "number" && news.length < Math.max(1, least)) {
    return [{ property: "length", reason: `must be at least ${Math.max(1, least)}, got ${news.length}` }];
  }
  if (news.lower === false && news.upper === false && news.special === false && numeric === false) {
    return [{ property: "special", reason: "at least one of lower, upper, numeric, special must be true" }];
  }
  return [];
}

const characterState = (news: Props): Props => {
  const numeric = (news.numeric ?? news.number ?? true) === true;
  return { numeric, number: numeric, result: characters(news) };
};

const password: Type = {
  ...stateOnly,
  token: "random:index/randomPassword:RandomPassword",
  fields: {
    ...characterFields,
    result: t.string({ output: true, secret: true }),
    bcryptHash: t.string({ output: true, secret: true }),
  },
  check: checkCharacters,
  create: async (_ctx, news) => ({ id: "none", state: characterState(news) }),
};

const string: Type = {
  ...stateOnly,
  token: "random:index/randomString:RandomString",
  fields: { ...characterFields, result: t.string({ output: true }) },
  check: checkCharacters,
  create: async (_ctx, news) => {
    const state = characterState(news);
    return { id: String(state.result), state };
  },
};

const bytes: Type = {
  ...stateOnly,
  token: "random:index/randomBytes:RandomBytes",
  withoutId: true,
  fields: {
    keepers,
    length: t.int({ required: true, replaces: true }),
    base64: t.string({ output: true, secret: true }),
    hex: t.string({ output: true, secret: true }),
  },
  create: async (_ctx, news) => {
    const made = randomBytes(Number(news.length));
    // The vendor's plugin takes the base64 text itself as the id, and ids stand in the state unencrypted. A digest does
    // as well for an id and gives nothing away.
    const id = createHash("sha256").update(made).digest("base64");
    return { id, state: { base64: made.toString("base64"), hex: made.toString("hex") } };
  },
};

const id: Type = {
  ...stateOnly,
  token: "random:index/randomId:RandomId",
  fields: {
    keepers,
    byteLength: t.int({ required: true, replaces: true }),
    prefix: t.string({ replaces: true }),
    b64Std: t.string({ output: true }),
    b64Url: t.string({ output: true }),
    dec: t.string({ output: true }),
    hex: t.string({ output: true }),
  },
  create: async (_ctx, news) => {
    const made = randomBytes(Number(news.byteLength));
    const prefix = (news.prefix as string | undefined) ?? "";
    const url = made.toString("base64url");
    const state = {
      b64Std: prefix + made.toString("base64"),
      b64Url: prefix + url,
      hex: prefix + made.toString("hex"),
      dec: prefix + BigInt(`0x${made.toString("hex") || "0"}`).toString(),
    };
    return { id: url, state };
  },
};

const integer: Type = {
  ...stateOnly,
  token: "random:index/randomInteger:RandomInteger",
  fields: {
    keepers,
    min: t.int({ required: true, replaces: true }),
    max: t.int({ required: true, replaces: true }),
    seed: t.string({ replaces: true }),
    result: t.int({ output: true }),
  },
  check: (news) =>
    typeof news.min === "number" && typeof news.max === "number" && news.max < news.min
      ? [{ property: "min", reason: "the minimum value must be smaller than or equal to the maximum value" }]
      : [],
  create: async (_ctx, news) => {
    const [min, max] = [Number(news.min), Number(news.max)];
    // With a seed the same number must come out each time; which one differs from the vendor's generator.
    const digest = news.seed && createHash("sha256").update(String(news.seed)).digest();
    const result = digest ? min + Number(digest.readBigUInt64BE() % BigInt(max - min + 1)) : randomInt(min, max + 1);
    return { id: String(result), state: { result } };
  },
};

const uuid: Type = {
  ...stateOnly,
  token: "random:index/randomUuid:RandomUuid",
  fields: { keepers, result: t.string({ output: true }) },
  create: async () => {
    const result = randomUUID();
    return { id: result, state: { result } };
  },
};

const functions: FunctionType<null>[] = [];

/** The plugin that the engine loads as `random`. */
export const plugin: Plugin<null> = {
  name: "random",
  version: "4.18.5",
  resources: [password, string, bytes, id, integer, uuid],
  functions,
  secretConfig: [],
  configure: async () => null,
};
