import { worst, type Rank } from "../ranks";

/** What a thing of the picture is. */
export type ThingKind =
  "address" | "group" | "service" | "filesystem" | "resource" | "volume" | "disk" | "fencing" | "other";

/** A box of the picture. */
export interface Thing {
  /** Unique in the picture. */
  readonly id: string;
  readonly kind: ThingKind;
  readonly label: string;
  /** The node it is on; undefined for what is the pair's. */
  readonly node?: string;
  /** Resources of the program that it is made of, by URN. */
  readonly urns: readonly string[];
}

/** A line between two boxes: what stands above needs what stands below. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

/** A stack as nodes, what is on them, and what is the pair's. */
export interface Picture {
  readonly title: string;
  /** By name, with the URNs of what is the node's own: its Linode, profile, boot disk, basics. */
  readonly nodes: readonly { readonly name: string; readonly label: string; readonly urns: readonly string[] }[];
  readonly things: readonly Thing[];
  readonly links: readonly Link[];
}

/** What a change touches, by URN. */
export type Touched = ReadonlyMap<string, Rank>;

/** The worst rank of some resources, or undefined where nothing touches them. */
export function touchOf(urns: readonly string[], touched: Touched): Rank | undefined {
  const ranks = urns.flatMap((urn) => touched.get(urn) ?? []);
  return ranks.length === 0 ? undefined : worst(ranks);
}

/** Boxes and lines that are put together piece by piece; what comes twice is one. */
export class PictureBuilder {
  private readonly nodes = new Map<string, { label: string; urns: Set<string> }>();
  private readonly things = new Map<string, { kind: ThingKind; label: string; node?: string; urns: Set<string> }>();
  private readonly links = new Map<string, Link>();

  node(name: string, urn?: string, label = name): void {
    const known = this.nodes.get(name) ?? { label, urns: new Set<string>() };
    if (urn !== undefined) known.urns.add(urn);
    this.nodes.set(name, label === name ? known : { ...known, label });
  }

  thing(
    id: string,
    kind: ThingKind,
    label: string,
    place: { readonly node?: string; readonly urn?: string } = {},
  ): string {
    const known = this.things.get(id) ?? { kind, label, node: place.node, urns: new Set<string>() };
    if (place.urn !== undefined) known.urns.add(place.urn);
    this.things.set(id, { ...known, label: label.length > known.label.length ? label : known.label });
    return id;
  }

  link(from: string, to: string): void {
    if (from !== to) this.links.set(`${from}\n${to}`, { from, to });
  }

  done(title: string): Picture {
    for (const { node } of this.things.values()) if (node !== undefined && !this.nodes.has(node)) this.node(node);
    const byId = (one: { readonly id: string }, other: { readonly id: string }): number => (one.id < other.id ? -1 : 1);
    const sorted = (urns: Set<string>): readonly string[] => [...urns].sort();
    return {
      title,
      nodes: [...this.nodes]
        .map(([name, { label, urns }]) => ({ name, label, urns: sorted(urns) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
      things: [...this.things].map(([id, { urns, ...rest }]) => ({ id, ...rest, urns: sorted(urns) })).sort(byId),
      links: [...this.links.values()]
        .filter(({ from, to }) => this.things.has(from) && this.things.has(to))
        .sort((one, other) => (one.from + one.to < other.from + other.to ? -1 : 1)),
    };
  }
}
