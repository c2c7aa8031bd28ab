import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parsePreview, review } from "../../review";
import { FENCING_TOKEN, Guestless } from "../support/guestless/guestless";
import { projectRoot } from "../support/lab";
import { CHANGES, type Base } from "../support/review/changes";
import { kept, Previews } from "../support/review/previews";

/** UPDATE_PREVIEWS=1 writes the fixtures of the unit tests anew. */
const UPDATE = process.env["UPDATE_PREVIEWS"] === "1";
const folder = join(projectRoot, "test", "unit", "review", "previews");

const accounts: Guestless[] = [];
const previews = new Previews(async () => {
  const account = new Guestless();
  accounts.push(account);
  await account.start();
  return account;
});

afterAll(() => Promise.all(accounts.map((account) => account.stop())));

const bases = [...new Set(CHANGES.map(({ base }) => base))];

describe.each(bases)("changes of %s, previewed by the real engine without guests", (base: Base) => {
  it.each(CHANGES.filter((change) => change.base === base).map((change) => [change.id, change] as const))(
    "%s is ranked as predicted",
    async (id, change) => {
      const text = await previews.preview(change);
      expect(text).not.toContain(FENCING_TOKEN);
      if (UPDATE) writeFileSync(join(folder, `${id}.json.gz`), gzipSync(kept(text), { level: 9 }));
      const { rank, findings } = review(parsePreview(text));
      expect({ rank, worst: findings[0]?.why }).toMatchObject({ rank: change.predicted });
    },
  );
});
