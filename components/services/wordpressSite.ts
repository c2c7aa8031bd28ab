import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { AbsolutePath } from "../../hosts/contract";
import { wordpressPackagesRole } from "../../hosts/services/wordpress-packages/render";
import { wordpressRole, wordpressSecrets } from "../../hosts/services/wordpress/render";
import type { HaNode } from "../haNode";
import { UserError } from "../internal/errors";
import { claim } from "../internal/hostClaims";
import { HostStep } from "../internal/hostStep";
import { childName } from "../internal/naming";
import { Findings, isCidr, isDomain } from "../internal/rules";

const DEFAULT_WORKERS = 8;
const DEFAULT_UPLOAD_MIB = 64;
const LEAST_PASSWORD = 12;
/** MariaDB on the node itself, as Debian has it. */
const LOCAL_DATABASE = "localhost:/run/mysqld/mysqld.sock";

/** The database of a {@link WordpressSite}. */
export interface WordpressDatabase {
  readonly name: string;
  readonly user: string;
  readonly password: pulumi.Input<string>;
  /** Where each node finds it, by node name: an address, with a port if it is not 3306. Default: on the node itself, by its socket. */
  readonly hosts?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Whether more than one server is written to. Transients then stay on the node that made them, or they would collide. Default false. */
  readonly multiMaster?: boolean;
}

/** Settings of a {@link WordpressSite}. */
export interface WordpressSiteArgs {
  /** The web servers, one or more. The first makes the tables, and has the first turn at what WordPress does by itself. */
  readonly nodes: readonly HaNode[];
  /** What all of them have mounted, for example an `Ocfs2Cluster`. The site's files are in `<mount point>/<host>`. */
  readonly share: { readonly mountpoint: string; readonly ready: readonly pulumi.Resource[] };
  /** The site's name, for example `www.example.org`. */
  readonly host: string;
  /** Names that lead to {@link host}. */
  readonly aliases?: readonly string[];
  readonly database: WordpressDatabase;
  /** Used once, when the site is made; WordPress itself changes them later. */
  readonly title: string;
  readonly adminUser: string;
  readonly adminEmail: string;
  /** Of {@link adminUser}, 12 characters at least. */
  readonly adminPassword: pulumi.Input<string>;
  /** The site is served over HTTPS, and everything else sent there. Name `nginx.service` in the certificate's `reload`. */
  readonly certificate?: {
    readonly certificatePath: string;
    readonly keyPath: string;
    readonly ready: readonly pulumi.Resource[];
  };
  /** Proxies before the servers: where they come from, and whether people reach them over HTTPS. */
  readonly proxies?: { readonly cidrs: readonly string[]; readonly https: boolean };
  /** PHP processes a node. Default 8. */
  readonly workers?: number;
  /** The largest file that can be uploaded. Default 64. */
  readonly maxUploadMiB?: number;
  /** What must be done before, for example the database. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * A WordPress site on web servers that share its files: nginx, PHP-FPM and Debian's WordPress on each. Ports 80 and 443; open them in the
 * pair's `publicTcpPorts`. Without the shared file system a node's nginx is stopped, so that browsers and proxies ask another.
 *
 * Keys and salts are the same on all nodes: who logs in through one is known to the others. WordPress's own jobs run on one node at a time.
 * `/ha-health` answers 200 where PHP, database and files work.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class WordpressSite extends pulumi.ComponentResource {
  /** Where people find it. */
  readonly url: string;
  /** The path that tells whether a node can serve the site. */
  readonly healthPath = "/ha-health";
  /** What later steps depend on: the site answers on every node. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: WordpressSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:services:WordpressSite", name, {}, opts);
    check(name, args);
    const { certificate, database, proxies } = args;
    const https = certificate !== undefined || proxies?.https === true;
    const salt = new random.RandomPassword(childName(name, "salt"), { length: 64, special: false }, { parent: this })
      .result;
    const secrets = {
      [wordpressSecrets.database]: pulumi.secret(database.password),
      [wordpressSecrets.salt]: salt,
      [wordpressSecrets.admin]: pulumi.secret(args.adminPassword).apply((given) => strong(name, given)),
    };
    const given = [...args.share.ready, ...(certificate?.ready ?? []), ...(args.after ?? [])];
    // On all nodes at once, for they take minutes, and what follows is one node's turn after the other's. Not before the rest is done: a
    // host installs one thing at a time, and nothing else is to wait for these.
    const packages = args.nodes.map(
      (node) =>
        new HostStep(
          childName(name, node.name, "packages"),
          { role: wordpressPackagesRole, step: `wordpress-packages-${name}`, node, params: {}, after: given },
          { parent: this },
        ),
    );
    const before = [...packages, ...given];
    const steps: pulumi.Resource[] = [];
    for (const [index, node] of args.nodes.entries()) {
      steps.push(
        new HostStep(
          childName(name, node.name, "wordpress"),
          {
            role: wordpressRole,
            step: `wordpress-${name}`,
            node,
            params: pulumi.output(database.hosts?.[node.name] ?? LOCAL_DATABASE).apply((host) => ({
              name,
              host: args.host,
              aliases: args.aliases ?? [],
              first: index === 0,
              mountpoint: args.share.mountpoint as AbsolutePath,
              title: args.title,
              adminUser: args.adminUser,
              adminEmail: args.adminEmail,
              database: { host, name: database.name, user: database.user },
              tls:
                certificate === undefined
                  ? undefined
                  : {
                      certificate: certificate.certificatePath as AbsolutePath,
                      key: certificate.keyPath as AbsolutePath,
                    },
              proxies: proxies?.cidrs ?? [],
              https,
              transients: database.multiMaster === true ? ("local" as const) : ("database" as const),
              workers: args.workers ?? DEFAULT_WORKERS,
              maxUploadMiB: args.maxUploadMiB ?? DEFAULT_UPLOAD_MIB,
            })),
            secrets,
            // The first makes the tables; the others, all at once, find them.
            after: index === 0 ? before : [...before, ...steps.slice(0, 1)],
          },
          { parent: this },
        ),
      );
    }
    this.url = `${https ? "https" : "http"}://${args.host}`;
    this.ready = steps;
    this.registerOutputs({ url: this.url });
  }
}

function weak(password: string): boolean {
  return password.length < LEAST_PASSWORD || /[\0\r\n]/.test(password) || password.trim() !== password;
}

/** What becomes known only now is checked only now. It is never shown. */
function strong(name: string, password: string): string {
  if (!weak(password)) return password;
  throw new UserError(`WordpressSite "${name}" cannot be built:`, [passwordProblem]);
}

const passwordProblem = {
  path: "adminPassword",
  what: "is too weak, or not one line",
  allowed: `${LEAST_PASSWORD} characters or more, without spaces around them`,
  todo: "make one with `openssl rand -base64 18` and give it as a secret of the stack",
};

function check(name: string, args: WordpressSiteArgs): void {
  const found = new Findings();
  const text = (path: string, given: string, ok: boolean, allowed: string, todo: string): void =>
    found.require(ok, { path, given, what: "cannot be used", allowed, todo });
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files and units can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "site"',
  });
  found.require(args.nodes.length > 0, {
    path: "nodes",
    what: "is empty: nobody would serve the site",
    allowed: "one node or more",
    todo: "give the nodes of the pair, or one web server at least",
  });
  found.requireMountpoint("share.mountpoint", args.share.mountpoint, "/srv/www");
  const names = [args.host, ...(args.aliases ?? [])];
  names.forEach((given, index) => {
    found.require(isDomain(given) && names.indexOf(given) === index, {
      path: index === 0 ? "host" : `aliases[${index - 1}]`,
      given,
      what: isDomain(given) ? "is given twice" : "is not a host name",
      allowed: "lower-case labels joined by dots, each once",
      todo: "write it as www.example.org",
    });
  });
  text("title", args.title, /^[^\0\r\n]{1,200}$/.test(args.title), "one line", 'write for example "Our site"');
  const user = "3 to 60 letters, digits, '.', '_', '-' and '@'";
  text("adminUser", args.adminUser, /^[\w.@-]{3,60}$/.test(args.adminUser), user, 'choose a name other than "admin"');
  const mailbox = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(args.adminEmail);
  text("adminEmail", args.adminEmail, mailbox, "an address that somebody reads", "write it as editor@example.org");
  found.require(typeof args.adminPassword !== "string" || !weak(args.adminPassword), passwordProblem);
  for (const [path, given, most] of [
    ["workers", args.workers ?? DEFAULT_WORKERS, 512],
    ["maxUploadMiB", args.maxUploadMiB ?? DEFAULT_UPLOAD_MIB, 4096],
  ] as const) {
    found.require(Number.isInteger(given) && given >= 1 && given <= most, {
      path,
      given,
      what: "is out of range",
      allowed: `whole numbers from 1 to ${most}`,
      todo: "leave it out for the default",
    });
  }
  (args.proxies?.cidrs ?? []).forEach((given, index) => {
    found.require(isCidr(given), {
      path: `proxies.cidrs[${index}]`,
      given,
      what: "is not a network",
      allowed: "for example 10.20.0.0/24",
      todo: "name the network that the proxies come from",
    });
  });
  if (found.problems.length === 0) {
    for (const node of args.nodes) {
      claim(node, "tcp port", 80, `WordpressSite "${name}"`, "nodes", found);
      if (args.certificate !== undefined) claim(node, "tcp port", 443, `WordpressSite "${name}"`, "nodes", found);
    }
  }
  if (found.problems.length > 0) throw new UserError(`WordpressSite "${name}" cannot be built:`, found.problems);
}
