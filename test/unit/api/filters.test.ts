import * as fc from "fast-check";

import { applyFilter, parseFilter } from "../../../lab/api/filters";

interface Item {
  readonly id: number;
  readonly label: string;
  readonly tags: readonly string[];
  readonly entity: { readonly id: number } | null;
}

const KEYS = ["id", "label", "tags", "entity.id"];
const word = fc.constantFrom("a", "b", "ab", "ba", "abc");
const small = fc.integer({ min: 0, max: 5 });
const items: fc.Arbitrary<Item[]> = fc.array(
  fc.record({
    id: small,
    label: word,
    tags: fc.array(word, { maxLength: 2 }),
    entity: fc.option(fc.record({ id: small })),
  }),
  { maxLength: 12 },
);

const parse = (filter: object) => parseFilter(JSON.stringify(filter), KEYS);
const apply = (list: readonly Item[], filter: object): Item[] => applyFilter(list, parse(filter));

describe("filters", () => {
  it("agree with a plain loop, operator by operator", () => {
    const operators: Record<string, (value: number, operand: number) => boolean> = {
      "+gt": (value, operand) => value > operand,
      "+gte": (value, operand) => value >= operand,
      "+lt": (value, operand) => value < operand,
      "+lte": (value, operand) => value <= operand,
      "+neq": (value, operand) => value !== operand,
    };
    fc.assert(
      fc.property(items, fc.constantFrom(...Object.keys(operators)), small, (list, operator, operand) => {
        const expected = list.filter((item) => operators[operator]!(item.id, operand));
        expect(apply(list, { id: { [operator]: operand } })).toEqual(expected);
      }),
    );
  });

  it("combine: several keys and +and mean all, +or means any, and they nest", () => {
    fc.assert(
      fc.property(items, small, word, small, (list, id, label, entity) => {
        const isId = (item: Item): boolean => item.id === id;
        const isLabel = (item: Item): boolean => item.label === label;
        const isEntity = (item: Item): boolean => item.entity?.id === entity;
        expect(apply(list, { id, label })).toEqual(list.filter((item) => isId(item) && isLabel(item)));
        expect(apply(list, { "+and": [{ id }, { label }] })).toEqual(apply(list, { id, label }));
        expect(apply(list, { "+or": [{ id }, { "+and": [{ label }, { "entity.id": entity }] }] })).toEqual(
          list.filter((item) => isId(item) || (isLabel(item) && isEntity(item))),
        );
      }),
    );
  });

  it("look into lists, and contain regardless of case", () => {
    fc.assert(
      fc.property(items, word, (list, text) => {
        expect(apply(list, { tags: text })).toEqual(list.filter((item) => item.tags.includes(text)));
        expect(apply(list, { label: { "+contains": text.toUpperCase() } })).toEqual(
          list.filter((item) => item.label.includes(text)),
        );
      }),
    );
  });

  it("order without losing anything, and the newest first among equals when descending", () => {
    fc.assert(
      fc.property(items, fc.constantFrom("id", "label", "entity.id"), (list, key) => {
        const up = apply(list, { "+order_by": key });
        const down = apply(list, { "+order_by": key, "+order": "desc" });
        expect([...down].reverse()).toEqual(up);
        expect([...up].sort((a, b) => list.indexOf(a) - list.indexOf(b))).toEqual(list);
        const values = up.map((item) =>
          key === "id" ? item.id : key === "label" ? item.label : (item.entity?.id ?? -1),
        );
        values.forEach((value, index) => {
          if (index > 0) expect(value >= values[index - 1]!).toBe(true);
        });
      }),
    );
  });

  it("never accept a key or operator that the list does not have", () => {
    fc.assert(
      fc.property(
        fc.string().filter((key) => !KEYS.includes(key) && !key.startsWith("+")),
        (key) => {
          const filter = Object.fromEntries([[key, 1]]);
          expect(() => parseFilter(JSON.stringify(filter), KEYS)).toThrow(`Cannot filter on ${key}`);
        },
      ),
    );
    expect(() => parse({ id: { "+like": 1 } })).toThrow("Unknown filter operator +like");
    expect(() => parse({ "+not": [] })).toThrow("Unknown filter operator +not");
  });
});
