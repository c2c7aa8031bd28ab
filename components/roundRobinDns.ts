import * as linode from "@pulumi/linode";
import * as pulumi from "@pulumi/pulumi";
import type { HaNode } from "./haNode";
import { UserError } from "./internal/errors";
import { childName } from "./internal/naming";
import { Findings, isDomain } from "./internal/rules";

/** Seconds that the vendor's name servers know; any other is rounded up in silence. 0 is their default, a day. */
const ALLOWED_TTLS = [
  0, 30, 120, 300, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_419_200,
];
const DEFAULT_TTL = 300;
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
      /** Made here, and deleted with everything in it when this component is. */
      readonly kind: "new";
      readonly domain: string;
      /** Mailbox of who is responsible for the zone. */
      readonly soaEmail: string;
      readonly tags?: readonly string[];
    };

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
  /** What must be there before the names lead to the nodes, for example the site. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * Names that lead to every node: for each an A and an AAAA record a node. Resolvers hand them out in turn, and browsers try the next
 * address when one does not answer; nothing here looks whether a node is alive.
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

    const made = zone.kind === "new" ? madeZone(name, zone, this) : undefined;
    this.domainId = made === undefined ? existingZone(zone.domain, this) : made.id.apply(Number);
    this.ready = names.flatMap((each) =>
      args.nodes.flatMap((node) =>
        (["A", "AAAA"] as const).map(
          (recordType) =>
            new linode.DomainRecord(
              childName(name, labelOf(each), node.name, recordType.toLowerCase()),
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
              },
            ),
        ),
      ),
    );
    this.names = names.map((each) => (each === "" ? zone.domain : `${each}.${zone.domain}`));
    this.registerOutputs({ domainId: this.domainId, names: this.names });
  }
}

function labelOf(name: string): string {
  if (name === "") return "apex";
  return name.replace(/\./g, "-").replace("*", "wildcard");
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

function check(name: string, { nodes, zone }: RoundRobinDnsArgs, names: readonly string[], ttlSeconds: number): void {
  const found = new Findings();
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
  found.require(zone.kind === "existing" || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(zone.soaEmail), {
    path: "zone.soaEmail",
    given: zone.kind === "new" ? zone.soaEmail : undefined,
    what: "is not a mailbox",
    allowed: "an address that somebody reads",
    todo: 'write it as "hostmaster@example.org"',
  });
  found.require(names.length > 0 && new Set(names.map(labelOf)).size === names.length, {
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
  found.require(ALLOWED_TTLS.includes(ttlSeconds), {
    path: "ttlSeconds",
    given: ttlSeconds,
    what: "is no time that the vendor's name servers know",
    allowed: `nearest: ${nearest(ttlSeconds).join(" or ")}; all: ${ALLOWED_TTLS.join(", ")}`,
    todo: `leave it out for ${DEFAULT_TTL}`,
  });
  if (found.problems.length > 0) throw new UserError(`RoundRobinDns "${name}" cannot be built:`, found.problems);
}

/** The allowed times around one that is not. 0 is none: it means a day. */
function nearest(seconds: number): number[] {
  const times = ALLOWED_TTLS.filter((each) => each > 0);
  const below = times.filter((each) => each < seconds).slice(-1);
  const above = times.filter((each) => each > seconds).slice(0, 1);
  return [...below, ...above];
}
