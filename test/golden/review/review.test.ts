import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DRAWINGS, readPicture, touchedBy, WRITERS } from "../../../review";
import { projectRoot } from "../../support/lab";
import { previewOf, reviewOf } from "../../support/review/fixtures";
import { CHANGES } from "../../support/review/changes";
import { keptResults } from "../../support/review/results";
import { changesTable, countsOf } from "../../support/review/table";

const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const folder = join(__dirname, "expected");

function expectGolden(path: string, text: string): void {
  if (UPDATE) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path)).toBe(true);
  expect(text).toBe(readFileSync(path, "utf8"));
}

test.each(["tag", "replication-port", "region", "image-one", "crossed-unfenced", "port-closed"])(
  "the review of %s reads as expected (UPDATE_GOLDEN=1 writes anew)",
  (id) => {
    expectGolden(join(folder, `${id}.txt`), WRITERS.terminal(reviewOf(id)));
  },
);

test("a comment reads as expected", () => {
  expectGolden(join(folder, "region.golden.md"), WRITERS.markdown(reviewOf("region")));
});

test("findings for a code host are as expected", () => {
  expectGolden(join(folder, "port-closed.sarif"), WRITERS.sarif(reviewOf("port-closed")));
});

test("a picture is drawn as expected", () => {
  const picture = readPicture(previewOf("crossed-unfenced"));
  const touched = touchedBy(previewOf("crossed-unfenced"));
  expectGolden(join(folder, "crossed-unfenced.svg"), DRAWINGS.svg(picture, touched));
  expectGolden(join(folder, "crossed-unfenced.mmd"), DRAWINGS.mermaid(picture, touched));
});

test("docs/results/review.md has what the reviews of the forty say, and what was felt of them", () => {
  const path = join(projectRoot, "docs", "results", "review.md");
  const [head = ""] = readFileSync(path, "utf8").split("<!-- table: begin -->");
  expectGolden(path, `${head}<!-- table: begin -->\n\n${changesTable((id) => reviewOf(id), keptResults())}`);
});

test("of the forty none felt worse than its review says, and at most one in ten was taken for worse than it felt", () => {
  const { underrated, overrated } = countsOf((id) => reviewOf(id), keptResults());
  expect(underrated).toEqual([]);
  expect(overrated.length).toBeLessThanOrEqual(CHANGES.length / 10);
});
