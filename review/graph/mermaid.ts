import { rankInfo, type Rank } from "../ranks";
import { touchOf, type Picture, type Thing, type Touched } from "./model";

/** Fill and border of each rank, from the worst on; what nobody feels is green, what no change touches has no colour. */
export const COLORS: readonly (readonly [fill: string, stroke: string])[] = [
  ["#e9d5ff", "#7e22ce"],
  ["#fecaca", "#b91c1c"],
  ["#fecaca", "#b91c1c"],
  ["#fed7aa", "#c2410c"],
  ["#fef3c7", "#b45309"],
  ["#dbeafe", "#1d4ed8"],
  ["#dcfce7", "#15803d"],
];

/** The picture as a Mermaid flow chart, which code hosts draw in comments and pages. */
export function writeMermaid(picture: Picture, touched: Touched = new Map()): string {
  const ids = new Map(picture.things.map(({ id }, index) => [id, `t${index}`]));
  const used = new Map<Rank, string[]>();
  const mark = (id: string, urns: readonly string[]): void => {
    const rank = touchOf(urns, touched);
    if (rank !== undefined) used.set(rank, [...(used.get(rank) ?? []), id]);
  };
  const box = (thing: Thing): string => {
    const id = ids.get(thing.id) ?? "";
    mark(id, thing.urns);
    const [open, close] = SHAPES[thing.kind];
    return `${id}${open}"${escaped(thing.label)}"${close}`;
  };
  const inside = picture.nodes.flatMap(({ name, label, urns }, index) => {
    mark(`n${index}`, urns);
    const own = picture.things.filter(({ node }) => node === name).map((thing) => `    ${box(thing)}`);
    return [
      `  subgraph n${index}["${escaped(label)}"]`,
      ...(own.length === 0 ? [`    n${index}e[" "]`] : own),
      "  end",
    ];
  });
  const names = new Set(picture.nodes.map(({ name }) => name));
  const shared = picture.things
    .filter(({ node }) => node === undefined || !names.has(node))
    .map((thing) => `  ${box(thing)}`);
  const links = picture.links.map(({ from, to }) => `  ${ids.get(from) ?? ""} --> ${ids.get(to) ?? ""}`);
  const classes = [...used]
    .sort(([one], [other]) => one - other)
    .flatMap(([rank, marked]) => {
      const [fill = "", stroke = ""] = COLORS[rank] ?? [];
      const name = `r${rank}_${rankInfo(rank).name.replace(/-/g, "_")}`;
      return [`  classDef ${name} fill:${fill},stroke:${stroke},color:#111`, `  class ${marked.join(",")} ${name}`];
    });
  return ["flowchart TB", ...shared, ...inside, ...links, ...classes, ""].join("\n");
}

const SHAPES: Readonly<Record<Thing["kind"], readonly [string, string]>> = {
  address: ["([", "])"],
  group: ["{{", "}}"],
  service: ["[", "]"],
  filesystem: ["[/", "/]"],
  resource: ["[[", "]]"],
  volume: ["[(", ")]"],
  disk: ["[(", ")]"],
  fencing: ["[", "]"],
  other: ["[", "]"],
};

/** Mermaid reads quotes and angle brackets as its own. */
const escaped = (text: string): string =>
  text
    .replace(/&/g, "#amp;")
    .replace(/"/g, "#quot;")
    .replace(/</g, "#lt;")
    .replace(/>/g, "#gt;")
    .replace(/[\n`]/g, " ");
