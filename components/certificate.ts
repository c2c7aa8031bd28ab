import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { certificatePaths, certificateRole, certificateSecrets } from "../hosts/services/certificate/render";
import type { HaNode, NodePair } from "./haNode";
import { UserError } from "./internal/errors";
import { HostStep } from "./internal/hostStep";
import { childName } from "./internal/naming";
import { Findings, isDomain } from "./internal/rules";
import { sshKeyPairFromSeed } from "./internal/sshKeys";

/** The directory of the authority that most people use. */
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
const DEFAULT_RENEW_DAYS = 30;
/** Letters and digits of the key that the nodes ask each other with: more than 256 bits. */
const SEED_LENGTH = 48;

/** Settings of a {@link Certificate}. */
export interface CertificateArgs {
  /** The first renews in time; the second does when the first did not. */
  readonly nodes: NodePair;
  /** The names it is for, in full; `*.example.org` stands for all just below. At least one, all in the zone. */
  readonly domains: readonly string[];
  /** The domain in the account whose records prove that the names are ours. */
  readonly zone: string;
  /** Mailbox for the authority's warnings. */
  readonly contact: string;
  /** That you agree to the authority's terms. */
  readonly acceptTerms: true;
  /** An API token with `domains:read_write` and nothing else. Ends on both nodes in a file of root's. */
  readonly token: pulumi.Input<string>;
  /** An authority other than Let's Encrypt. */
  readonly authority?: {
    /** Address of its ACME directory. */
    readonly directory: string;
    /** Certificates in PEM form that its own HTTPS must be signed by. Default the system's. */
    readonly certificates?: string;
  };
  /** Days before its end from which on it is renewed, 10 to 60. Default 30. */
  readonly renewDays?: number;
  /** systemd units that are made to read it again when it changed, for example `nginx.service`. */
  readonly reload?: readonly string[];
  /** Address of the API. Default the vendor's own. */
  readonly apiUrl?: string;
  /** Certificates in PEM form that the API's must be signed by. Default the system's. */
  readonly apiCertificates?: string;
  /** What must be done before, for example the zone's being there. */
  readonly after?: readonly pulumi.Resource[];
}

/**
 * A certificate that both nodes have, proven through the zone (ACME, DNS-01), so that it does not matter to which node a name leads. Either
 * node renews it: a timer looks twice a day; the first does it in time, the second five days later, should the first be away. Each takes the
 * other's when that lasts longer. By hand: `ha-certificate renew <name> --force`.
 *
 * @throws UserError before anything is created, with every problem of the arguments in one report.
 */
export class Certificate extends pulumi.ComponentResource {
  /** On both nodes: the certificate with its chain. */
  readonly certificatePath: string;
  /** On both nodes: its key, which only root reads. */
  readonly keyPath: string;
  readonly domains: readonly string[];
  /** What later steps depend on: both nodes have it. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("linode-ha:network:Certificate", name, {}, opts);
    check(name, args);
    const seed = new random.RandomPassword(
      childName(name, "peer-key"),
      { length: SEED_LENGTH, special: false },
      { parent: this },
    ).result;
    const keys = seed.apply((text) => sshKeyPairFromSeed(text, `certificate-${name}`));
    const members = pulumi.all([memberOf(args.nodes[0]), memberOf(args.nodes[1])]);
    const peerKey = pulumi.unsecret(keys.apply(({ publicKey }) => publicKey));
    const stepOf = (node: HaNode, after: readonly pulumi.Resource[]): pulumi.Resource =>
      new HostStep(
        childName(name, node.name, "certificate"),
        {
          role: certificateRole,
          step: `certificate-${name}`,
          node,
          params: pulumi.all([members, peerKey]).apply(([both, key]) => ({
            name,
            members: both,
            node: node.name,
            domains: args.domains,
            zone: args.zone,
            contact: args.contact,
            directory: args.authority?.directory ?? LETS_ENCRYPT,
            authorityCertificates: args.authority?.certificates,
            renewDays: args.renewDays ?? DEFAULT_RENEW_DAYS,
            reload: args.reload ?? [],
            peerKey: key,
            apiUrl: args.apiUrl,
            apiCertificates: args.apiCertificates,
          })),
          secrets: {
            [certificateSecrets.token]: args.token,
            [certificateSecrets.peerKey]: pulumi.secret(keys.apply(({ privateKey }) => privateKey.trimEnd())),
          },
          after,
        },
        { parent: this },
      );
    const first = stepOf(args.nodes[0], args.after ?? []);
    // One is enough for both: the second asks the first for it.
    const second = stepOf(args.nodes[1], [first, ...(args.after ?? [])]);
    const paths = certificatePaths(name);
    this.certificatePath = paths.certificate;
    this.keyPath = paths.key;
    this.domains = args.domains;
    this.ready = [first, second];
    this.registerOutputs({ certificatePath: this.certificatePath, keyPath: this.keyPath });
  }
}

function memberOf(node: HaNode) {
  return pulumi
    .all([node.addresses.interconnect.address, pulumi.unsecret(node.connection.apply(({ hostKey }) => hostKey))])
    .apply(([address, hostKey]) => ({ name: node.name, address, hostKey }));
}

function check(name: string, args: CertificateArgs): void {
  const found = new Findings();
  found.require(/^[a-z][a-z0-9-]{0,31}$/.test(name), {
    path: "name",
    given: name,
    what: "is not a name that files and units can carry",
    allowed: "up to 32 of a-z, 0-9 and '-', starting with a letter",
    todo: 'choose a short name such as "site"',
  });
  found.require(isDomain(args.zone), {
    path: "zone",
    given: args.zone,
    what: "is not a domain",
    allowed: "lower-case labels joined by dots",
    todo: 'write it as "example.org"',
  });
  found.require(args.domains.length > 0 && new Set(args.domains).size === args.domains.length, {
    path: "domains",
    given: args.domains,
    what: args.domains.length === 0 ? "is empty" : "has one name twice",
    allowed: "different names, at least one",
    todo: `write for example ["${args.zone}", "www.${args.zone}"]`,
  });
  args.domains.forEach((given, index) => {
    const bare = given.replace(/^\*\./, "");
    found.require(isDomain(bare) && (bare === args.zone || bare.endsWith(`.${args.zone}`)), {
      path: `domains[${index}]`,
      given,
      what: "is not a name in the zone",
      allowed: `${args.zone}, names below it, and *. before them`,
      todo: "leave it out, or make another certificate for another zone",
    });
  });
  found.require(/^[^\s@']+@[^\s@']+\.[^\s@']+$/.test(args.contact), {
    path: "contact",
    given: args.contact,
    what: "is not a mailbox",
    allowed: "an address that somebody reads",
    todo: `write it as "hostmaster@${args.zone}"`,
  });
  found.require((args.acceptTerms as unknown) === true, {
    path: "acceptTerms",
    given: args.acceptTerms,
    what: "must be true: no authority gives a certificate to who does not agree to its terms",
    todo: "read them, then write true",
  });
  const directory = args.authority?.directory ?? LETS_ENCRYPT;
  found.require(/^https:\/\/[A-Za-z0-9.:[\]_/-]+$/.test(directory), {
    path: "authority.directory",
    given: directory,
    what: "is not an https address",
    allowed: "the address of an ACME directory",
    todo: "leave authority out for Let's Encrypt",
  });
  const { renewDays = DEFAULT_RENEW_DAYS } = args;
  found.require(Number.isInteger(renewDays) && renewDays >= 10 && renewDays <= 60, {
    path: "renewDays",
    given: renewDays,
    what: "is out of range",
    allowed: "whole days from 10 to 60",
    todo: `leave it out for ${DEFAULT_RENEW_DAYS}`,
  });
  (args.reload ?? []).forEach((given, index) => {
    found.require(/^[\w@.-]+\.service$/.test(given), {
      path: `reload[${index}]`,
      given,
      what: "is not a service unit",
      allowed: "names as systemd has them",
      todo: 'write for example "nginx.service"',
    });
  });
  found.require(typeof args.token !== "string" || args.token.trim() !== "", {
    path: "token",
    what: "is empty",
    allowed: "an API token with domains:read_write",
    todo: "make one in the account and give it as a secret of the stack",
  });
  if (found.problems.length > 0) throw new UserError(`Certificate "${name}" cannot be built:`, found.problems);
}
