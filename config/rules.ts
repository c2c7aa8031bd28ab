import * as net from "node:net";
import type { Problem } from "../components/internal/errors";
import { isCidr, overlaps4 } from "../components/internal/rules";
import { problemAt, showPath, valueAt } from "./report";

const SSH_PORT = 22;
const DEFAULT_DRBD_PORT = 7788;
const DEFAULT_OCFS2_PORT = 7777;
const DEFAULT_VLAN = "10.20.0.0/24";

/** Networks that a Linode has already, or that no host may use. */
const TAKEN_NETWORKS: readonly (readonly [string, string])[] = [
  ["192.168.128.0/17", "the vendor's private network"],
  ["169.254.0.0/16", "the link-local network of the metadata service"],
  ["127.0.0.0/8", "the loopback network"],
  ["224.0.0.0/3", "multicast and reserved addresses"],
];

type Path = readonly PropertyKey[];

/**
 * What must hold between fields. Works on what the user wrote, right or wrong in other places, so that one report has
 * everything: a field that is unusable itself is left to the schema.
 */
export function crossChecks(document: unknown): Problem[] {
  return [
    ...nodeNames(document),
    ...images(document),
    ...sides(document),
    ...ports(document),
    ...once(document, ["minor"], 0, "the same device number"),
    ...once(document, ["filesystem", "mountpoint"], undefined, "the same mount point"),
    ...once(document, ["backing", "path"], undefined, "the same device"),
    ...networks(document),
  ];
}

function nodeNames(document: unknown): Problem[] {
  const nodes = valueAt(document, ["pair", "nodes"]);
  return Array.isArray(nodes) && nodes.length === 2 && nodes[0] === nodes[1]
    ? [problemAt(document, ["pair", "nodes"], "both nodes have the same name")]
    : [];
}

function volumeNames(document: unknown): string[] {
  const volumes = valueAt(document, ["volumes"]);
  return typeof volumes === "object" && volumes !== null ? Object.keys(volumes) : [];
}

function images(document: unknown): Problem[] {
  const [nodes, image] = ["nodes", "image"].map((key) => valueAt(document, ["pair", key]));
  if (!Array.isArray(nodes) || typeof image !== "object" || image === null) return [];
  return doesNotNameBoth(Object.keys(image), nodes)
    ? [
        problemAt(document, ["pair", "image"], "does not name the two nodes", {
          allowed: `one image, or one for each of ${nodes.join(" and ")}`,
          todo: "write, for example: image: linode/debian13",
        }),
      ]
    : [];
}

function doesNotNameBoth(names: readonly string[], nodes: readonly unknown[]): boolean {
  return names.length !== 2 || names.some((name) => !nodes.includes(name));
}

/** A size may be given for each node, as users with an existing pair do; DRBD wants both the same. */
function sides(document: unknown): Problem[] {
  const nodes = valueAt(document, ["pair", "nodes"]);
  return volumeNames(document).flatMap((name) =>
    ["sizeGiB", "sizeMiB"].flatMap((unit) => {
      const path = ["volumes", name, "backing", unit];
      const given = valueAt(document, path);
      if (typeof given !== "object" || given === null) return [];
      const found: Problem[] = [];
      if (Array.isArray(nodes) && doesNotNameBoth(Object.keys(given), nodes)) {
        found.push(
          problemAt(document, path, "does not name the two nodes", {
            allowed: `one number, or one for each of ${nodes.join(" and ")}`,
            todo: `write, for example: ${unit}: 10`,
          }),
        );
      }
      if (new Set(Object.values(given)).size > 1) {
        found.push(
          problemAt(document, path, "the two sides are of different size", {
            allowed: "the same size on both nodes",
            todo: `write one number for both, for example: ${unit}: ${Math.max(10, ...Object.values(given as Record<string, number>))}`,
          }),
        );
      }
      return found;
    }),
  );
}

interface PortUse {
  readonly path: Path;
  readonly port: number;
}

function ports(document: unknown): Problem[] {
  const use = (path: Path, fallback?: number): PortUse[] => {
    const value = valueAt(document, path) ?? fallback;
    return typeof value === "number" ? [{ path, port: value }] : [];
  };
  const open = valueAt(document, ["pair", "access", "publicTcpPorts"]);
  const uses = [
    ...(valueAt(document, ["system"]) === "dual-primary" ? use(["ocfs2", "port"], DEFAULT_OCFS2_PORT) : []),
    ...volumeNames(document).flatMap((name) => use(["volumes", name, "port"], DEFAULT_DRBD_PORT)),
    ...(Array.isArray(open) ? open.flatMap((_, index) => use(["pair", "access", "publicTcpPorts", index])) : []),
  ];
  const seen = new Map<number, string>([[SSH_PORT, "SSH"]]);
  return uses.flatMap(({ path, port }) => {
    const other = seen.get(port);
    if (other === undefined) {
      seen.set(port, showPath(path));
      return [];
    }
    return [
      problemAt(document, path, `uses port ${port}, which is taken by ${other}`, { todo: "choose another port" }),
    ];
  });
}

/** That no two volumes have the same value in a field. */
function once(document: unknown, field: Path, fallback: unknown, what: string): Problem[] {
  const seen = new Map<unknown, string>();
  return volumeNames(document).flatMap((name) => {
    const path = ["volumes", name, ...field];
    const value = valueAt(document, path) ?? fallback;
    const other = seen.get(value);
    if (value !== undefined && other !== undefined) {
      return [
        problemAt(
          document,
          path,
          `is ${what} as that of volume ${other}${valueAt(document, path) === undefined ? ` (the default, ${String(fallback)})` : ""}`,
        ),
      ];
    }
    seen.set(value, name);
    return [];
  });
}

function networks(document: unknown): Problem[] {
  const kind = valueAt(document, ["pair", "interconnect", "kind"]) ?? "vlan";
  return kind === "vlan" ? taken(document, ["pair", "interconnect", "cidr"], ["pair", "access", "adminCidrs"]) : [];
}

/** That the VLAN's network, at `path`, is none that is there already. */
export function taken(document: unknown, path: Path, adminCidrs: Path): Problem[] {
  const cidr = valueAt(document, path) ?? DEFAULT_VLAN;
  if (!isNetwork4(cidr)) return [];
  const admins = valueAt(document, adminCidrs);
  const others = [
    ...TAKEN_NETWORKS,
    ...(Array.isArray(admins) ? admins : [])
      .filter(isNetwork4)
      // "Everyone" is no network of its own.
      .filter((network) => !network.endsWith("/0"))
      .map((network) => [network, `${showPath(adminCidrs)}: answers to it would go into the VLAN`] as const),
  ];
  return others
    .filter(([network]) => overlaps4(cidr, network))
    .map(([network, whose]) =>
      problemAt(document, path, `the VLAN's network ${cidr} overlaps ${network}, ${whose}`, {
        todo: "choose a private network that nothing else uses, for example cidr: 10.99.0.0/24",
      }),
    );
}

function isNetwork4(value: unknown): value is string {
  return typeof value === "string" && isCidr(value) && net.isIPv4(value.split("/")[0] ?? "");
}
