import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import { dnsWatchRole, dnsWatchSecret, nameLabel } from "../hosts/dns-watch/render";
import type { HaNode, NodePair } from "./haNode";
import { UserError } from "./internal/errors";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { DNS_TTLS, Findings, isDomain, nearestTtls } from "./internal/rules";

const DEFAULT_TTL = 300;
const DEFAULT_DOWN_SECONDS = 10;
const DEFAULT_UP_SECONDS = 20;
/** Relative to the zone: labels joined by dots, or a wildcard before them. */
const RELATIVE = /^(\*|[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*$/;

/** The zone that the records are in. */
export type RoundRobinZone =
  | {
      /** In the account already; everything else in it stays as it is. */
      readonly kind: "existing";
      /** For example `example.org`. */
      readonly domain: string;
    }
  | {
      /** Declared elsewhere in the same program, for example because a certificate needs it before the names lead anywhere. */
      readonly kind: "declared";
      readonly domain: string;
      readonly zone: linode.Domain;
    }
  | {
      /** Made here, and deleted with everything in it when this component is. */
      readonly kind: "new";
      readonly domain: string;
      /** Mailbox of who is responsible for the zone. */
      readonly soaEmail: string;
      readonly tags?: readonly string[];
    };

/** How two nodes watch each other, and take a dead one's records out of the zone. */
export interface DnsHealth {
  /** An API token with `domains:read_write` and nothing else. It is tried on both nodes, and ends on them in a file of root's. */
  readonly token: pulumi.Input<string>;
  /** What each node asks at the other's public IPv4 address, and at its own: any answer below 500 will do. Default HTTPS, port 443, `/`. */
  readonly probe?: { readonly scheme?: "http" | "https"; readonly port?: number; readonly path?: string };
  /** Seconds without an answer after which the peer's records are taken out, 5 to 3600. Default 10. */
  readonly downSeconds?: number;
  /** Seconds of answers after which they are put back, 5 to 3600. Default 20. */
  readonly upSeconds?: number;
  /** Address of the API. Default the vendor's own. */
  readonly apiUrl?: string;
  /** Certificates in PEM form that the API's must be signed by. Default the system's. */
  readonly apiCertificates?: string;
}

/** Settings of a {@link RoundRobinDns}. */
export interface RoundRobinDnsArgs {
  /** Each gets an A and an AAAA record for every name. */
  readonly nodes: readonly HaNode[];
  readonly zone: RoundRobinZone;
  /** Names relative to the zone; an empty text is the zone's own. Default the zone's own and `www`. */
  readonly names?: readonly string[];
  /**
   * Seconds for which resolvers may keep an answer: about as long a dead node is still asked by those who have it from before. One of 0 (the
   * vendor's default, a day), 30, 120, 300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200. Default 300.
   */
  readonly ttlSeconds?: number;
  /**
   * Two nodes take each other's records out of rotation while the other does not answer, never the last of a name: the records are renamed
   * to `parked-…` and back, so that they stay the ones that were declared. Default: the records stay as they are, whatever happens.
   */
  readonly health?: DnsHealth;
  /** What must be there before the names lead to the nodes, for example the site. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Names that lead to every node: for each an A and an AAAA record a node. Resolvers hand them out in turn, and browsers try the next
 * address when one does not answer; with {@link RoundRobinDnsArgs.health} a dead node's records leave the zone as well.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class RoundRobinDns extends pulumi.ComponentResource {
  /** Number of the zone in the account. */
  readonly domainId: pulumi.Output<number>;
  /** The full names. */
  readonly names: readonly string[];
  /** What later steps depend on. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: RoundRobinDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:network:RoundRobinDns", name, {}, opts);
    const { zone, names = ["", "www"], ttlSeconds = DEFAULT_TTL } = args;
    check(name, args, names, ttlSeconds);

    const made = zone.kind === "new" ? madeZone(name, zone, this) : zone.kind === "declared" ? zone.zone : undefined;
    this.domainId = made === undefined ? existingZone(zone.domain, this) : made.id.apply(Number);
    const records = names.flatMap((each) =>
      args.nodes.flatMap((node) =>
        (["A", "AAAA"] as const).map(
          (recordType) =>
            new linode.DomainRecord(
              childName(name, nameLabel(each), node.name, recordType.toLowerCase()),
              {
                domainId: this.domainId,
                recordType,
                // The zone's own name is told by telling none.
                ...(each === "" ? {} : { name: each }),
                target: recordType === "A" ? node.addresses.public4 : node.addresses.public6,
                ttlSec: ttlSeconds,
              },
              {
                parent: this,
                dependsOn: [...(args.after ?? [])],
                ...(made === undefined ? {} : { deletedWith: made }),
                // On the nodes it is the watch's business, which parks records under other names.
                ...(args.health === undefined ? {} : { ignoreChanges: ["name"] }),
              },
            ),
        ),
      ),
    );
    this.names = names.map((each) => fullName(each, zone.domain));
    this.ready = args.health === undefined ? records : watches(name, args, args.health, names, records, this);
    this.registerOutputs({ domainId: this.domainId, names: this.names });
  }
}

function fullName(name: string, domain: string): string {
  return name === "" ? domain : `${name}.${domain}`;
}

function watchedNode(node: HaNode) {
  return pulumi
    .all([node.addresses.public4, node.addresses.public6])
    .apply(([public4, public6]) => ({ name: node.name, public4, public6 }));
}

/** A watch on each node, when the records are there. */
function watches(
  name: string,
  { nodes, zone }: RoundRobinDnsArgs,
  health: DnsHealth,
  names: readonly string[],
  records: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): pulumi.Resource[] {
  const [one, two] = nodes as NodePair;
  const watched = pulumi.all([watchedNode(one), watchedNode(two)]);
  const { scheme = "https", port = scheme === "https" ? 443 : 80, path = "/" } = health.probe ?? {};
  const host = fullName(names.find((each) => !each.startsWith("*")) ?? "", zone.domain);
  return nodes.map(
    (node) =>
      new HostStep(
        childName(name, node.name, "watch"),
        {
          role: dnsWatchRole,
          step: `dns-watch-${name}`,
          node,
          params: watched.apply(([first, second]) => ({
            zone: zone.domain,
            names,
            nodes: [first, second] as const,
            node: node.name,
            probe: { scheme, port, path, host },
            downSeconds: health.downSeconds ?? DEFAULT_DOWN_SECONDS,
            upSeconds: health.upSeconds ?? DEFAULT_UP_SECONDS,
            apiUrl: health.apiUrl,
            apiCertificates: health.apiCertificates,
          })),
          secrets: { [dnsWatchSecret]: health.token },
          after: records,
        },
        { parent },
      ),
  );
}

function madeZone(
  name: string,
  { domain, soaEmail, tags }: Extract<RoundRobinZone, { kind: "new" }>,
  parent: pulumi.Resource,
): linode.Domain {
  return new linode.Domain(
    childName(name, "zone"),
    { domain, type: "master", soaEmail, ...(tags === undefined ? {} : { tags: [...tags] }) },
    { parent },
  );
}

function existingZone(domain: string, parent: pulumi.Resource): pulumi.Output<number> {
  return pulumi.output(
    linode.getDomain({ domain }, { parent }).then(
      ({ id }) => Number(id),
      (error: unknown) => {
        throw new UserError("The records of a domain cannot be made:", [
          {
            path: "zone.domain",
            given: domain,
            what: `could not be found in the account (${error instanceof Error ? error.message : String(error)})`,
            allowed: "a domain of this account",
            todo: 'add it to the account, or let it be made here: kind "new" with soaEmail',
          },
        ]);
      },
    ),
  );
}

function check(name: string, args: RoundRobinDnsArgs, names: readonly string[], ttlSeconds: number): void {
  const found = new Findings();
  const { nodes, zone } = args;
  checkHealth(args, found);
  found.require(nodes.length > 0, {
    path: "nodes",
    what: "is empty: the names would lead nowhere",
    allowed: "one node or more",
    todo: "give the nodes of the pair",
  });
  found.require(isDomain(zone.domain), {
    path: "zone.domain",
    given: zone.domain,
    what: "is not a domain",
    allowed: "lower-case labels joined by dots",
    todo: 'write it as "example.org"',
  });
  found.require(zone.kind !== "new" || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(zone.soaEmail), {
    path: "zone.soaEmail",
    given: zone.kind === "new" ? zone.soaEmail : undefined,
    what: "is not a mailbox",
    allowed: "an address that somebody reads",
    todo: 'write it as "hostmaster@example.org"',
  });
  found.require(names.length > 0 && new Set(names.map(nameLabel)).size === names.length, {
    path: "names",
    given: names,
    what: names.length === 0 ? "is empty" : "has one name twice",
    allowed: 'different names, for example "" and "www"',
    todo: "leave it out for the zone's own name and www",
  });
  names.forEach((given, index) => {
    found.require(given === "" || RELATIVE.test(given), {
      path: `names[${index}]`,
      given,
      what: "is not a name within the zone",
      allowed: 'lower-case labels without the domain, "*" before them, or an empty text for the zone itself',
      todo: 'write "www", not "www.example.org."',
    });
    found.require(given === "" || !`${given}.`.endsWith(`${zone.domain}.`), {
      path: `names[${index}]`,
      given,
      what: "has the zone's name in it, which is added anyway",
      allowed: "names relative to the zone",
      todo: 'write "www" for the name in the zone, and an empty text for the zone itself',
    });
  });
  found.require(DNS_TTLS.includes(ttlSeconds), {
    path: "ttlSeconds",
    given: ttlSeconds,
    what: "is no time that the vendor's name servers know",
    allowed: `nearest: ${nearestTtls(ttlSeconds).join(" or ")}; all: ${DNS_TTLS.join(", ")}`,
    todo: `leave it out for ${DEFAULT_TTL}`,
  });
  if (found.problems.length > 0) throw new UserError(`RoundRobinDns "${name}" cannot be built:`, found.problems);
}

function checkHealth({ nodes, health }: RoundRobinDnsArgs, found: Findings): void {
  if (health === undefined) return;
  found.require(nodes.length === 2, {
    path: "health",
    given: `${nodes.length} nodes`,
    what: "needs two nodes that watch each other",
    allowed: "exactly two nodes",
    todo: "leave health out, or give the two nodes of a pair",
  });
  const { probe = {}, downSeconds = DEFAULT_DOWN_SECONDS, upSeconds = DEFAULT_UP_SECONDS } = health;
  for (const [path, given] of Object.entries({ "health.downSeconds": downSeconds, "health.upSeconds": upSeconds })) {
    found.require(Number.isInteger(given) && given >= 5 && given <= 3600, {
      path,
      given,
      what: "is out of range",
      allowed: "whole seconds from 5 to 3600",
      todo: "leave it out for the default",
    });
  }
  found.requirePort("health.probe.port", probe.port ?? 443, 443);
  found.require(/^\/[\w./-]*$/.test(probe.path ?? "/"), {
    path: "health.probe.path",
    given: probe.path,
    what: "is not a plain path",
    allowed: "a path from the root of letters, digits, '.', '_' and '-'",
    todo: "leave it out for /",
  });
  found.require(typeof health.token !== "string" || health.token.trim() !== "", {
    path: "health.token",
    what: "is empty",
    allowed: "an API token with domains:read_write",
    todo: "make one in the account and give it as a secret of the stack",
  });
}
