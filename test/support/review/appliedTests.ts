import { Applied } from "./applied";
import { CHANGES } from "./changes";
import { underrated } from "./results";
import type { Scene } from "./scene";

/** What happens after a change: it stays; it stays and made nodes or data anew; it is put back; or nothing is left to come back to. */
export type Then = "stays" | "anew" | "back" | "end";

/** REVIEW_KEEP=1 leaves the stack for another run. */
const KEEP = process.env["REVIEW_KEEP"] === "1";

/** Tests that apply changes to a scene, in this order. */
export function appliedTests(scene: Scene, order: readonly (readonly [id: string, then: Then])[]): void {
  const applied = new Applied(scene);
  let healthy = true;

  beforeAll(() => applied.build(), 2_400_000);

  afterAll(async () => {
    if (!KEEP) await scene.project.remove();
  }, 900_000);

  test.each(order)("%s: what is felt is no worse than what the review says", async (id, then) => {
    const change = CHANGES.find((each) => each.id === id);
    if (change === undefined) throw new Error(`there is no change "${id}"`);
    if (!healthy) await applied.settle(true);
    healthy = false;
    const result = await applied.apply(change);
    if (then === "back" || (result.refused && then !== "end")) await applied.back();
    else if (then !== "end") await applied.settle(then === "anew");
    healthy = true;
    expect({ said: result.predicted, refusal: result.refusal }).toEqual({
      said: change.predicted,
      refusal: change.refused === true,
    });
    expect({ ...result, underrated: underrated(result.predicted, result.felt) }).toMatchObject({
      underrated: false,
      refused: change.refused === true,
    });
  });
}
