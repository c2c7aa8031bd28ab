import * as net from "node:net";
import type { Problem } from "../components/internal/errors";
import { hostInNetwork4, isCidr, JFS_LOSES, overlaps4, ROUTE_SERVER_NUMBERS } from "../components/internal/rules";
import { fencingToken } from "./fencingToken";
import { nearest } from "./nearest";
import { problemAt, valueAt } from "./report";

type Path = readonly PropertyKey[];

const DEFAULT_VLAN = "10.20.0.0/24";
const SERVICE_PORTS: Readonly<Record<string, number>> = { mariadb: 3306, postgresql: 5432, lighttpd: 80, apache: 80 };

/**
 * What must hold between the fields of a system in which services move. Works on what the user wrote, right or wrong in other
 * places, so that one report has everything.
 */
export function failoverChecks(document: unknown): Problem[] {
  return [
    ...groupNodes(document),
    ...scores(document),
    ...(["volumes", "addresses", "services"] as const).flatMap((kind) => membership(document, kind)),
    ...placement(document),
    ...nestedMountpoints(document),
    ...journals(document),
    ...servicePorts(document),
    ...vlanAddresses(document),
    ...addressNames(document),
    ...routeServers(document),
    ...links(document),
    ...fencingToken(document),
  ];
}

function keysAt(document: unknown, path: Path): string[] {
  const value = valueAt(document, path);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function listAt(document: unknown, path: Path): readonly unknown[] {
  const value = valueAt(document, path);
  return Array.isArray(value) ? value : [];
}

const groupsOf = (document: unknown): string[] => keysAt(document, ["groups"]);

function groupNodes(document: unknown): Problem[] {
  const nodes = listAt(document, ["pair", "nodes"]);
  const names = groupsOf(document);
  const empty =
    typeof valueAt(document, ["groups"]) === "object" && names.length === 0
      ? [problemAt(document, ["groups"], "is empty: nothing would run")]
      : [];
  return [
    ...empty,
    ...names.flatMap((name) => {
      const path = ["groups", name, "preferred"];
      const preferred = valueAt(document, path);
      return typeof preferred !== "string" || nodes.length === 0 || nodes.includes(preferred)
        ? []
        : [
            problemAt(document, path, "is not a node of this pair", {
              allowed: nodes.join(" or "),
              todo: "name one of them",
            }),
          ];
    }),
  ];
}

function scores(document: unknown): Problem[] {
  return groupsOf(document).flatMap((name) => {
    const path = ["groups", name, "scores"];
    const [preferred, other] = ["preferred", "other"].map((key) => valueAt(document, [...path, key]));
    if (typeof preferred !== "number" || typeof other !== "number" || preferred > other) return [];
    return [
      problemAt(
        document,
        path,
        preferred === other
          ? "the scores tie: nothing would say where the group runs"
          : "the other node is wanted more than the preferred one",
      ),
    ];
  });
}

/** That groups name only what is declared, each thing is in one group, and nothing is declared in vain. */
function membership(document: unknown, kind: "volumes" | "addresses" | "services"): Problem[] {
  const declared = keysAt(document, [kind]);
  const holders = new Map<string, string>();
  const wrong = groupsOf(document).flatMap((group) =>
    listAt(document, ["groups", group, kind]).flatMap((name, index) => {
      if (typeof name !== "string") return [];
      const path = ["groups", group, kind, index];
      if (!declared.includes(name)) {
        const [best] = nearest(name, declared);
        return [
          problemAt(document, path, `is not among ${kind}`, {
            allowed: declared.join(", ") || `none: ${kind} is empty`,
            todo: best === undefined ? `declare it in ${kind}, or take it out` : `did you mean "${best}"?`,
          }),
        ];
      }
      const holder = holders.get(name);
      holders.set(name, holder ?? group);
      return holder === undefined
        ? []
        : [problemAt(document, path, `runs in group ${holder} already: a thing runs in one group, once`)];
    }),
  );
  const idle = declared
    .filter((name) => !holders.has(name) && groupsOf(document).length > 0)
    .map((name) =>
      problemAt(document, [kind, name], "is in no group, and would never be used", {
        todo: `add it to a group's ${kind}, or remove it`,
      }),
    );
  return [...wrong, ...idle];
}

/** That a service's volume and address move with it. */
function placement(document: unknown): Problem[] {
  return groupsOf(document).flatMap((group) =>
    listAt(document, ["groups", group, "services"]).flatMap((service) =>
      (
        [
          ["volume", "volumes"],
          ["address", "addresses"],
        ] as const
      ).flatMap(([field, kind]) => {
        if (typeof service !== "string") return [];
        const path = ["services", service, field];
        const wanted = valueAt(document, path);
        const here = listAt(document, ["groups", group, kind]);
        if (typeof wanted !== "string" || here.includes(wanted)) return [];
        return [
          problemAt(document, path, `does not move with the service: it is not among groups.${group}.${kind}`, {
            allowed: here.join(", ") || "none: that group has none",
            todo: `add ${wanted} to groups.${group}.${kind}, or name another`,
          }),
        ];
      }),
    ),
  );
}

function nestedMountpoints(document: unknown): Problem[] {
  const all = keysAt(document, ["volumes"]).flatMap((name) => {
    const path = ["volumes", name, "filesystem", "mountpoint"];
    const mountpoint = valueAt(document, path);
    return typeof mountpoint === "string" ? [{ name, path, mountpoint }] : [];
  });
  return all.flatMap(({ name, path, mountpoint }) =>
    all
      .filter((other) => other.name !== name && mountpoint.startsWith(`${other.mountpoint}/`))
      .map((other) =>
        problemAt(document, path, `is within that of volume ${other.name}: one would hide or hold the other`),
      ),
  );
}

/** That the hosts files have one address a name. */
function addressNames(document: unknown): Problem[] {
  const nodes = listAt(document, ["pair", "nodes"]);
  return keysAt(document, ["addresses"])
    .filter((name) => name === "localhost" || nodes.includes(name))
    .map((name) =>
      problemAt(
        document,
        ["addresses", name],
        `is ${name === "localhost" ? "every host's own name" : "a node's name"}`,
        {
          todo: "choose another: both nodes know the address by it",
        },
      ),
    );
}

/** That nobody loses data by the choice of a file system without having said so. */
function journals(document: unknown): Problem[] {
  return keysAt(document, ["volumes"])
    .map((name) => ["volumes", name, "filesystem"])
    .filter(
      (path) =>
        valueAt(document, [...path, "type"]) === "jfs" && valueAt(document, [...path, "acceptJournalLoss"]) !== true,
    )
    .map((path) =>
      problemAt(document, [...path, "type"], JFS_LOSES, {
        allowed: "ext4, xfs or btrfs",
        todo: "use xfs or ext4, or set acceptJournalLoss: true beside it if what was just written may be lost",
      }),
    );
}

/** That no two services, and no service and a replication, want one port. */
function servicePorts(document: unknown): Problem[] {
  const seen = new Map<number, string>([[22, "SSH"]]);
  for (const name of keysAt(document, ["volumes"])) {
    const value = valueAt(document, ["volumes", name, "port"]) ?? 7788;
    if (typeof value === "number") seen.set(value, `volumes.${name}.port`);
  }
  return keysAt(document, ["services"]).flatMap((name) => {
    const path = ["services", name, "port"];
    const value = valueAt(document, path) ?? SERVICE_PORTS[name];
    if (typeof value !== "number") return [];
    const other = seen.get(value);
    seen.set(value, other ?? path.join("."));
    return other === undefined
      ? []
      : [problemAt(document, path, `uses port ${value}, which is taken by ${other}`, { todo: "choose another port" })];
  });
}

function vlanAddresses(document: unknown): Problem[] {
  const kind = valueAt(document, ["pair", "interconnect", "kind"]) ?? "vlan";
  const cidr = valueAt(document, ["pair", "interconnect", "cidr"]) ?? DEFAULT_VLAN;
  const seen = new Map<string, string>();
  return keysAt(document, ["addresses"]).flatMap((name) => {
    if (valueAt(document, ["addresses", name, "kind"]) !== "vlan") return [];
    const path = ["addresses", name, "address"];
    const address = valueAt(document, path);
    if (kind !== "vlan") {
      return [
        problemAt(document, ["addresses", name, "kind"], "there is no VLAN: pair.interconnect is of another kind"),
      ];
    }
    if (typeof address !== "string" || !net.isIPv4(address) || typeof cidr !== "string" || !isCidr(cidr)) return [];
    if (!overlaps4(`${address}/32`, cidr)) return [problemAt(document, path, `is not in the VLAN's network ${cidr}`)];
    const [network = "", first, second] = [0, 1, 2].map((position) => hostInNetwork4(cidr, position).split("/")[0]);
    if ([network, first, second].includes(address)) {
      return [problemAt(document, path, "is the network's own or one of the nodes'")];
    }
    const other = seen.get(address);
    seen.set(address, other ?? name);
    return other === undefined ? [] : [problemAt(document, path, `is that of ${other} already`)];
  });
}

/** That a public address can be announced: the route servers' number is in no answer of the API. */
function routeServers(document: unknown): Problem[] {
  const region = valueAt(document, ["pair", "region"]);
  const announced = keysAt(document, ["addresses"]).filter((name) =>
    ["public4", "public6"].includes(String(valueAt(document, ["addresses", name, "kind"]))),
  );
  if (announced.length === 0 || typeof region !== "string" || region in ROUTE_SERVER_NUMBERS) return [];
  if (valueAt(document, ["routeServerNumber"]) !== undefined) return [];
  return [
    problemAt(
      document,
      ["pair", "region"],
      `the number of this region's route servers is not known, and ${announced.join(", ")} could not be announced`,
      {
        allowed: Object.keys(ROUTE_SERVER_NUMBERS).join(", "),
        todo: "take the number from the vendor's guide on configuring failover and give it as routeServerNumber",
      },
    ),
  ];
}

function links(document: unknown): Problem[] {
  return groupsOf(document).flatMap((group) => {
    const mountpoints = listAt(document, ["groups", group, "volumes"])
      .map((volume) => valueAt(document, ["volumes", String(volume), "filesystem", "mountpoint"]))
      .filter((mountpoint) => typeof mountpoint === "string");
    return keysAt(document, ["groups", group, "links"]).flatMap((link) => {
      const path = ["groups", group, "links", link];
      const target = valueAt(document, path);
      const below = (inner: string): boolean => mountpoints.some((outer) => inner.startsWith(`${outer}/`));
      return [
        ...(typeof target === "string" && !below(target)
          ? [problemAt(document, path, "is on no volume of this group: on the other node it would point at nothing")]
          : []),
        ...(below(link)
          ? [problemAt(document, path, "the link itself is on a replicated volume", { given: link })]
          : []),
      ];
    });
  });
}
