import { readFileSync } from "node:fs";
import type { Problem } from "../components/internal/errors";
import { isDomain } from "../components/internal/rules";
import { problemAt, valueAt } from "./report";

type Document = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** What the pair calls the device that the database is on. */
export const DATABASE_DEVICE = "mariadb";
/** Where it is mounted. */
export const DATABASE_MOUNTPOINT = "/srv/mariadb";

const has = (document: unknown, key: string): boolean => valueAt(document, [key]) !== undefined;

/** The document, with what it needs and does not say taken from the environment. */
export function withSiteSecrets(document: Document, environment: Environment): Document {
  const needed: Record<string, unknown> = {};
  const take = (key: string, variable: string, when: boolean): void => {
    const value = environment[variable];
    if (when && document[key] === undefined && value !== undefined && value !== "") needed[key] = value;
  };
  take("dnsToken", "LINODE_DNS_TOKEN", needsToken(document));
  take("siteAdminPassword", "SITE_ADMIN_PASSWORD", has(document, "site"));
  const file = environment["LINODE_ACME_CA_FILE"];
  const certificate = document["certificate"];
  if (file !== undefined && file !== "" && typeof certificate === "object" && certificate !== null) {
    needed["certificate"] = { caCertificates: readAuthority(file), ...certificate };
  }
  return { ...document, ...needed };
}

/** A file that cannot be read is as good as none: the authority is then not trusted, and says so. */
function readAuthority(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** `dns.health` is on where it is not said otherwise. */
function needsToken(document: unknown): boolean {
  const watched = has(document, "dns") && valueAt(document, ["dns", "health"]) !== false;
  return watched || has(document, "certificate");
}

/** What must hold between the site, its database, its names and the rest. */
export function siteChecks(document: unknown): Problem[] {
  return [...needs(document), ...siteNames(document), ...volumes(document), ...ports(document)];
}

function needs(document: unknown): Problem[] {
  const found: Problem[] = [];
  const need = (key: string, what: string, when: boolean, todo?: string): void => {
    if (when && !has(document, key)) {
      found.push(problemAt(document, [key], `is missing: ${what}`, todo === undefined ? {} : { todo }));
    }
  };
  const set = (key: string, variable: string): string =>
    `run \`pulumi config set --secret linode-ha:${key}\`, or put it into ${variable}`;
  need("database", "a site needs one", has(document, "site"));
  need("site", "a certificate and names are those of a site", has(document, "dns") || has(document, "certificate"));
  need("dns", "a certificate is proven through the zone", has(document, "certificate"));
  need("dnsToken", "the nodes change records of the zone", needsToken(document), set("dnsToken", "LINODE_DNS_TOKEN"));
  const password = set("siteAdminPassword", "SITE_ADMIN_PASSWORD");
  need("siteAdminPassword", "the site's first account needs one", has(document, "site"), password);
  return found;
}

/** That the names of a site are in its zone, each once. */
export function siteNames(document: unknown): Problem[] {
  const zone = valueAt(document, ["dns", "zone"]);
  const host = valueAt(document, ["site", "host"]);
  const aliases = valueAt(document, ["site", "aliases"]);
  const all: [readonly PropertyKey[], unknown][] = [
    [["site", "host"], host],
    ...(Array.isArray(aliases)
      ? aliases.map((name, index) => [["site", "aliases", index], name] as [PropertyKey[], unknown])
      : []),
  ];
  const seen = new Set<unknown>();
  return all.flatMap(([path, name]) => {
    if (typeof name !== "string" || !isDomain(name)) return [];
    const problems: Problem[] = [];
    if (seen.has(name))
      problems.push(problemAt(document, path, "is a name of the site already", { todo: "leave it out" }));
    seen.add(name);
    if (typeof zone === "string" && isDomain(zone) && name !== zone && !name.endsWith(`.${zone}`)) {
      const todo = `use ${zone} or a name below it, or the zone that this one is in`;
      problems.push(problemAt(document, path, `is not in the zone ${zone}`, { todo }));
    }
    return problems;
  });
}

function volumes(document: unknown): Problem[] {
  const given = valueAt(document, ["volumes"]);
  const known = typeof given === "object" && given !== null ? Object.keys(given) : [];
  const found: Problem[] = [];
  const chosen = valueAt(document, ["site", "volume"]);
  if (typeof chosen === "string" && !known.includes(chosen)) {
    found.push(problemAt(document, ["site", "volume"], "is not one of the volumes", { allowed: known.join(", ") }));
  }
  if (has(document, "site") && chosen === undefined && known.length > 1) {
    const todo = `write, for example: volume: ${known[0] ?? "www"}`;
    found.push(
      problemAt(document, ["site", "volume"], "is missing: there are several volumes", {
        allowed: known.join(", "),
        todo,
      }),
    );
  }
  if (!has(document, "database")) return found;
  for (const name of known) {
    if (name === DATABASE_DEVICE) {
      found.push(
        problemAt(document, ["volumes", name], "is the name of the database's own device", {
          todo: "choose another name",
        }),
      );
    }
    const path = ["volumes", name, "filesystem", "mountpoint"];
    if (valueAt(document, path) === DATABASE_MOUNTPOINT) {
      found.push(problemAt(document, path, "is where the database's own file system is mounted"));
    }
  }
  return found;
}

function ports(document: unknown): Problem[] {
  if (!has(document, "site")) return [];
  const open = valueAt(document, ["pair", "access", "publicTcpPorts"]);
  const wanted = has(document, "certificate") ? [80, 443] : [80];
  const closed = wanted.filter((port) => !(Array.isArray(open) && open.includes(port)));
  return closed.length === 0
    ? []
    : [
        problemAt(
          document,
          ["pair", "access", "publicTcpPorts"],
          `does not open port ${closed.join(" and ")}: nobody could see the site`,
          {
            todo: `write: publicTcpPorts: [${wanted.join(", ")}]`,
          },
        ),
      ];
}
