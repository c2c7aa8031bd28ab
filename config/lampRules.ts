import type { Problem } from "../components/internal/errors";
import { ROUTE_SERVER_NUMBERS } from "../components/internal/rules";
import { fencingToken } from "./fencingToken";
import { problemAt, showPath, valueAt } from "./report";
import { taken } from "./rules";
import { siteNames } from "./siteRules";

type Path = readonly PropertyKey[];

/**
 * What must hold between the fields of `lamp-tiers`. Works on what the user wrote, right or wrong in other places, so that one report has
 * everything.
 */
export function lampChecks(document: unknown): Problem[] {
  return [
    ...hostNames(document),
    ...database(document),
    ...needs(document),
    ...siteNames(document),
    ...taken(document, ["hosts", "cidr"], ["hosts", "access", "adminCidrs"]),
    ...routeServer(document),
    ...disaster(document),
    ...fencingToken(document),
  ];
}

const DEFAULT_NAMES: readonly (readonly [string, readonly string[]])[] = [
  ["proxies", ["proxy1", "proxy2"]],
  ["files", ["nfs1", "nfs2"]],
  ["database", ["db1", "db2"]],
];

/** Each host has one name and one job: a backup inside the system would be lost with it. */
function hostNames(document: unknown): Problem[] {
  const count = valueAt(document, ["webServers", "count"]) ?? 2;
  const prefix = valueAt(document, ["webServers", "prefix"]) ?? "web";
  const named = (path: Path, standard: readonly string[]): [Path, unknown][] => {
    const given = valueAt(document, path);
    return (Array.isArray(given) ? given : standard).map((name, index) => [[...path, index], name]);
  };
  const all: [Path, unknown][] = [
    ...DEFAULT_NAMES.flatMap(([tier, names]) => named([tier, "nodes"], names)),
    ...(typeof count === "number" && count <= 5 && typeof prefix === "string"
      ? Array.from({ length: Math.max(0, count) }, (_, index): [Path, unknown] => [
          ["webServers", "prefix"],
          `${prefix}${index + 1}`,
        ])
      : []),
    ...(
      [
        ["backups", "store1"],
        ["disaster", "far1"],
      ] as const
    ).flatMap(([kind, standard]): [Path, unknown][] =>
      valueAt(document, [kind]) === undefined ? [] : [[[kind, "node"], valueAt(document, [kind, "node"]) ?? standard]],
    ),
  ];
  const seen = new Map<unknown, Path>();
  return all.flatMap(([path, name]) => {
    const other = seen.get(name);
    if (other === undefined || typeof name !== "string") {
      seen.set(name, path);
      return [];
    }
    const what =
      path[0] === "backups"
        ? `${name} is one of the hosts that are backed up, and would be lost with them`
        : `${name} is the name of another host already, at ${showPath(other)}`;
    return [problemAt(document, path, what, { given: name, todo: "choose another name" })];
  });
}

function database(document: unknown): Problem[] {
  const given = valueAt(document, ["database", "design"]) ?? "drbd";
  const design = typeof given === "string" ? given : "none";
  const ids = valueAt(document, ["database", "serverIds"]);
  const only = (key: string, designs: readonly string[]): Problem[] =>
    valueAt(document, ["database", key]) === undefined || designs.includes(design)
      ? []
      : [
          problemAt(document, ["database", key], `does not belong to design ${design}`, {
            todo: `remove it, or choose design ${designs.join(" or ")}`,
          }),
        ];
  return [
    ...only("serverIds", ["replica", "multi-master"]),
    ...only("ackSeconds", ["replica"]),
    ...(Array.isArray(ids) && ids.length === 2 && ids[0] === ids[1]
      ? [
          problemAt(
            document,
            ["database", "serverIds"],
            "both servers have the same number, and would not follow each other",
            {
              todo: "leave it out for [1, 2]",
            },
          ),
        ]
      : []),
  ];
}

function needs(document: unknown): Problem[] {
  const has = (key: string): boolean => valueAt(document, [key]) !== undefined;
  const secret = (key: string, variable: string): string =>
    `run \`pulumi config set --secret linode-ha:${key}\`, or put it into ${variable}`;
  return [
    ...(has("certificate") && !has("dns")
      ? [problemAt(document, ["dns"], "is missing: a certificate is proven through the zone")]
      : []),
    ...(has("certificate") && !has("dnsToken")
      ? [
          problemAt(document, ["dnsToken"], "is missing: the proxies answer the authority's challenges in the zone", {
            todo: secret("dnsToken", "LINODE_DNS_TOKEN"),
          }),
        ]
      : []),
    ...(has("site") && !has("siteAdminPassword")
      ? [
          problemAt(document, ["siteAdminPassword"], "is missing: the site's first account needs one", {
            todo: secret("siteAdminPassword", "SITE_ADMIN_PASSWORD"),
          }),
        ]
      : []),
  ];
}

/** A second site in the same region goes with the first, and one that has nothing to follow is none. */
function disaster(document: unknown): Problem[] {
  if (valueAt(document, ["disaster"]) === undefined) return [];
  const region = valueAt(document, ["disaster", "region"]);
  const design = valueAt(document, ["database", "design"]) ?? "drbd";
  return [
    ...(typeof region === "string" && region === valueAt(document, ["hosts", "region"])
      ? [
          problemAt(document, ["disaster", "region"], "is the first site's own region, and would be lost with it", {
            todo: "choose another region",
          }),
        ]
      : []),
    ...(design === "drbd"
      ? [
          problemAt(document, ["database", "design"], "keeps no log that a second site could follow", {
            given: design,
            allowed: "replica or multi-master",
            todo: "choose one of them, or leave disaster out",
          }),
        ]
      : []),
  ];
}

/** The proxies' address is announced to the region's route servers, whose number must be known. */
function routeServer(document: unknown): Problem[] {
  const region = valueAt(document, ["hosts", "region"]);
  if (typeof region !== "string" || region === "" || region in ROUTE_SERVER_NUMBERS) return [];
  if (valueAt(document, ["routeServerNumber"]) !== undefined) return [];
  return [
    problemAt(
      document,
      ["routeServerNumber"],
      `is missing: the number of ${region}'s route servers is not known here`,
      {
        todo: "ask the vendor for the number in 2600:3c0f:<number>:34::1, and write it",
      },
    ),
  ];
}
