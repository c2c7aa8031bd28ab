import { rankInfo } from "../ranks";
import { COLORS } from "./mermaid";
import { touchOf, type Picture, type Thing, type ThingKind, type Touched } from "./model";

const BOX = { width: 210, height: 34 };
const GAP = { x: 24, y: 46 };
const MARGIN = 24;
/** What stands above what: each kind has a row of its own. */
const ROWS: readonly (readonly ThingKind[])[] = [
  ["other", "fencing"],
  ["address"],
  ["group"],
  ["service"],
  ["filesystem"],
  ["resource"],
];

interface Placed {
  readonly x: number;
  readonly y: number;
}

/** The picture as SVG: what is the pair's above, the nodes with what is theirs below. The same picture gives the same text. */
export function writeSvg(picture: Picture, touched: Touched = new Map()): string {
  const names = new Set(picture.nodes.map(({ name }) => name));
  const shared = picture.things.filter(({ node }) => node === undefined || !names.has(node));
  const rows = below(
    ROWS.map((kinds) => shared.filter(({ kind }) => kinds.includes(kind))).filter((row) => row.length > 0),
    picture,
  );
  const stray = shared.filter(({ kind }) => !ROWS.flat().includes(kind));
  if (stray.length > 0) rows.push(stray);
  const inner = rows.map((row) => row.length * (BOX.width + GAP.x) - GAP.x);
  const nodeWidth = BOX.width + 2 * MARGIN;
  const nodesWidth = picture.nodes.length * (nodeWidth + GAP.x) - GAP.x;
  const width = Math.max(320, nodesWidth, ...inner) + 2 * MARGIN;
  const places = new Map<string, Placed>();
  let y = MARGIN + 34;
  rows.forEach((row, at) => {
    const left = (width - (inner[at] ?? 0)) / 2;
    row.forEach(({ id }, index) => places.set(id, { x: left + index * (BOX.width + GAP.x), y }));
    y += BOX.height + GAP.y;
  });
  const own = picture.nodes.map(({ name }) => picture.things.filter(({ node }) => node === name));
  const nodeHeight = 40 + Math.max(0, ...own.map(({ length }) => length)) * (BOX.height + 12) + 6;
  const nodesLeft = (width - nodesWidth) / 2;
  own.forEach((things, at) => {
    const x = nodesLeft + at * (nodeWidth + GAP.x) + MARGIN;
    things.forEach(({ id }, index) => places.set(id, { x, y: y + 40 + index * (BOX.height + 12) }));
  });
  const height = y + (picture.nodes.length > 0 ? nodeHeight : 0) + MARGIN + 22;
  const title = `Stack ${picture.title}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 4}" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...picture.nodes.map(({ label, urns }, at) => {
      const x = nodesLeft + at * (nodeWidth + GAP.x);
      const [fill, stroke] = colorOf(urns, touched, "#f8fafc");
      return [
        `<rect x="${x}" y="${y}" width="${nodeWidth}" height="${nodeHeight}" rx="8" fill="${fill}" stroke="${stroke}"/>`,
        `<text x="${x + 12}" y="${y + 22}" font-weight="bold">${escaped(fitted(label, 34))}</text>`,
      ].join("\n");
    }),
    ...picture.links.map(({ from, to }) => line(places.get(from), places.get(to))),
    ...picture.things.map((thing) => box(thing, places.get(thing.id), touched)),
    ...legend(picture, touched, height),
    "</svg>",
    "",
  ].join("\n");
}

/** Each row in the order of what stands above it, so that lines cross as little as can be. */
function below(rows: readonly (readonly Thing[])[], { links }: Picture): (readonly Thing[])[] {
  const seats = new Map<string, number>();
  return rows.map((row) => {
    const seatOf = ({ id }: Thing, own: number): number => {
      const above = links.flatMap(({ from, to }) => (to === id ? (seats.get(from) ?? []) : []));
      return above.length === 0 ? own : above.reduce((sum, seat) => sum + seat, 0) / above.length;
    };
    const wanted = new Map(row.map((thing, own) => [thing.id, seatOf(thing, own)]));
    const sorted = [...row].sort((one, other) => (wanted.get(one.id) ?? 0) - (wanted.get(other.id) ?? 0));
    sorted.forEach(({ id }, seat) => seats.set(id, seat));
    return sorted;
  });
}

function colorOf(urns: readonly string[], touched: Touched, plain: string): readonly [string, string] {
  const rank = touchOf(urns, touched);
  return (rank === undefined ? undefined : COLORS[rank]) ?? [plain, "#64748b"];
}

function box({ label, urns, kind }: Thing, place: Placed | undefined, touched: Touched): string {
  if (place === undefined) return "";
  const [fill, stroke] = colorOf(urns, touched, "#ffffff");
  const round = kind === "address" || kind === "group" ? 16 : 4;
  return [
    `<rect x="${place.x}" y="${place.y}" width="${BOX.width}" height="${BOX.height}" rx="${round}" fill="${fill}" stroke="${stroke}"/>`,
    `<text x="${place.x + BOX.width / 2}" y="${place.y + 21}" text-anchor="middle">${escaped(fitted(label, 32))}</text>`,
  ].join("\n");
}

function line(from: Placed | undefined, to: Placed | undefined): string {
  if (from === undefined || to === undefined) return "";
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + BOX.height, to.x + BOX.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `<path d="M ${x1} ${y1} C ${x1} ${middle}, ${x2} ${middle}, ${x2} ${y2}" fill="none" stroke="#94a3b8"/>`;
}

/** Only the colours that are there. */
function legend(picture: Picture, touched: Touched, height: number): readonly string[] {
  const all = [...picture.nodes, ...picture.things].flatMap(({ urns }) => touchOf(urns, touched) ?? []);
  return [...new Set(all)].sort().map((rank, index) => {
    const [fill = "", stroke = ""] = COLORS[rank] ?? [];
    const x = MARGIN + index * 120;
    return `<rect x="${x}" y="${height - 26}" width="12" height="12" fill="${fill}" stroke="${stroke}"/><text x="${x + 17}" y="${height - 16}">${rankInfo(rank).name}</text>`;
  });
}

const fitted = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
