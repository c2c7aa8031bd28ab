import { barsOf, parseResults, quantile, renderPicture, renderTable } from "../../bench/failoverPicture";

const lines = [
  { stack: "crossed-pair", fault: "fault 1: power cut", outage: { db: 9_000, file: 400 } },
  { stack: "crossed-pair", fault: "fault 1: power cut", outage: { db: 5_000, file: 300 } },
  { stack: "crossed-pair", fault: "fault 1: power cut", outage: { db: 7_000, file: 200 } },
];
const text = lines.map((line) => JSON.stringify(line)).join("\n");

test("runs of one fault are put together, by the kind of write", () => {
  expect(barsOf(parseResults(text))).toEqual([
    { stack: "crossed-pair", fault: "fault 1: power cut", kind: "db", seconds: [5, 7, 9] },
    { stack: "crossed-pair", fault: "fault 1: power cut", kind: "file", seconds: [0.2, 0.3, 0.4] },
  ]);
});

test("a line that is no JSON is named", () => {
  expect(() => parseResults(`${text}\nfault 1`)).toThrow("line 4 of the results is no JSON: fault 1");
});

test.each([
  [0.5, 2],
  [0.95, 4],
  [0.25, 1],
])("the %p quantile of 1 to 4 is %p", (share, value) => {
  expect(quantile([1, 2, 3, 4], share)).toBe(value);
});

test("the table has the median and the worst run", () => {
  expect(renderTable(barsOf(parseResults(text)))).toContain(
    "| crossed-pair | fault 1: power cut | db | 3 | 7.0 s | 9.0 s |",
  );
});

test("the picture is drawn to one scale, and escapes what it is given", () => {
  const picture = renderPicture([{ stack: "a<b", fault: "f", kind: "db", seconds: [5, 10] }]);
  const widths = [...picture.matchAll(/<rect x="\d+"[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([420, 210]);
  expect(picture).toContain("a&lt;b");
  expect(picture).not.toContain("a<b");
});
