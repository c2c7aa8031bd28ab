import { Applied, record } from "./applied";
import { CHANGES, type Change } from "./changes";
import { underrated } from "./results";
import type { Scene } from "./scene";

/**
 * What happens after a change: it stays, as far as it was not refused; it stays and made nodes or data anew; it is put back, or what a
 * refusal left of it; or nothing is left to come back to.
 */
export type Then = "stays" | "anew" | "back" | "end";

/** REVIEW_KEEP=1 leaves the stack for another run. */
const KEEP = process.env["REVIEW_KEEP"] === "1";

/** Changes of one update, and what happens after it. */
export type Turn = readonly [ids: string, then: Then];

/**
 * Tests that apply changes to a scene, in this order. Several of one turn, by their names with spaces between, share an update: only such
 * as nobody is to feel.
 */
export function appliedTests(scene: Scene, order: readonly Turn[]): void {
  const applied = new Applied(scene);
  let healthy = true;

  beforeAll(() => applied.build(), 2_400_000);

  afterAll(async () => {
    if (!KEEP) await scene.project.remove();
  }, 900_000);

  test.each(order)("%s: what is felt is no worse than what the review says", async (ids, then) => {
    const changes = ids.split(" ").map(changeNamed);
    if (!healthy) await applied.settle(true);
    healthy = false;
    const result = await applied.apply(changes);
    const each = changes.map(({ id, predicted }) => ({
      ...result,
      id,
      ...(changes.length === 1
        ? {}
        : { predicted, together: changes.map((change) => change.id).filter((other) => other !== id) }),
    }));
    each.forEach(record);
    if (then === "back") await applied.back();
    else if (then !== "end") await applied.settle(then === "anew");
    healthy = true;
    const refusal = changes.some(({ refused }) => refused === true);
    expect({ said: result.predicted, refusal: result.refusal }).toEqual({
      said: Math.min(...changes.map(({ predicted }) => predicted)),
      refusal,
    });
    expect({ ...result, underrated: each.some((one) => underrated(one.predicted, one.felt)) }).toMatchObject({
      underrated: false,
      refused: refusal,
    });
  });
}

function changeNamed(id: string): Change {
  const change = CHANGES.find((each) => each.id === id);
  if (change === undefined) throw new Error(`there is no change "${id}"`);
  return change;
}
